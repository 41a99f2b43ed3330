"""The public list of needs, one need's page, and where businesses should focus."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.charts import Bar, Chart, bar_chart
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, Sort
from trafford_sv.core.navigation import url_of
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.views_base import PublicView

from ..filters import NeedFilter
from ..models import Need
from ..sections import need_sections
from ..selectors.needs import (
    Focus,
    NeedDetail,
    need_detail,
    need_rows,
    needs_to_answer,
    number_words,
    wanted_words,
    where_to_focus,
)

TONES = {
    Need.State.OPEN: Tone.WARNING,
    Need.State.MATCHED: Tone.INFO,
    Need.State.PART_MET: Tone.INFO,
    Need.State.MET: Tone.GOOD,
    Need.State.WITHDRAWN: Tone.NEUTRAL,
}


def state_tag(need: Need, today: datetime.date) -> Tag:
    if need.merged_into_id:
        return Tag("Merged", Tone.NEUTRAL)
    if need.state == Need.State.OPEN and need.closes and need.closes < today:
        return Tag("Closed without help", Tone.NEUTRAL)
    return Tag(need.get_state_display(), TONES[Need.State(need.state)])


class NeedsHome(PublicView):
    """What communities need most, in a minute: for anyone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        focus = where_to_focus(self.today)
        newest = needs_to_answer(self.today, most=6)
        wanting = sum(row.wanting for row in focus)
        context = {
            "title": "What communities need",
            "focus": focus,
            "chart": focus_chart(focus) if wanting else None,
            "newest": newest,
            "wanting": wanting,
            "under_way": sum(row.under_way for row in focus),
            "met": sum(row.met for row in focus),
            "may_change": can(request.user, "change_needs"),
            "may_raise": can(request.user, "raise_needs"),
            "links": [
                Link(text, url)
                for text, name in (
                    ("Get an e-mail when there is something new", "bulletin-follow"),
                    ("Follow the feed", "needs-feed"),
                    ("Print the bulletin", "bulletin-pdf"),
                    ("Where needs are met, by ward and priority", "coverage"),
                    ("What happens near you, by postcode", "near-me"),
                    ("What was heard in each round", "round-list"),
                    ("The hubs and the wards they serve", "hub-list"),
                )
                if (url := url_of(name))
            ],
        }
        return render(request, "community_needs/needs_home.html", context)


def focus_chart(focus: Sequence[Focus]) -> Chart:
    most = focus[0].wanting
    first = [row.name for row in focus if row.wanting == most]
    needs = "need is" if most == 1 else "needs are"
    names = first[0] if len(first) == 1 else f"{', '.join(first[:-1])} and {first[-1]}"
    return bar_chart(
        key="focus",
        title=f"{names}: {most} {needs} waiting for help{' in each' if len(first) > 1 else ''}",
        subtitle="Open needs that nobody answers yet, by priority",
        bars=[
            Bar(
                row.name,
                Decimal(row.wanting),
                f"{row.wanting:,}",
                url=f"{reverse('need-list')}?priority={row.key}&wanting=yes",
            )
            for row in focus
        ],
        headings=("Priority", "Open needs"),
    )


class NeedList(ListMixin, PublicView):
    title = "Needs"
    noun = "need"
    introduction = (
        "What communities asked for, where and for whom. A need is matched when a hub has accepted "
        "an offer, and met when the hub has said that it arrived."
    )
    filterset_class = NeedFilter
    row_template = "community_needs/_need_rows.html"
    columns = (
        Column("Need", sort="title"),
        Column("Priority", sort="priority"),
        Column("Wards"),
        Column("Wanted"),
        Column("Until", sort="closes"),
        Column("State", sort="state"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "raised": Sort("Raised", ("raised_at",), "oldest first", "newest first"),
        "title": Sort("Name", ("title",)),
        "priority": Sort("Priority", ("priority__position", "title")),
        "closes": Sort("Until", ("closes",), "soonest first", "latest first"),
        "state": Sort("State", ("state", "title")),
    }
    default_sort = "-raised"
    export_name = "needs"
    export_columns = (
        ExportColumn("Need", "title"),
        ExportColumn("Priority", "priority.name"),
        ExportColumn("What is needed", "words"),
        ExportColumn("Who it is for", "for_whom"),
        ExportColumn("Wards", lambda row: "; ".join(ward.name for ward in row.wards.all())),
        ExportColumn("Ward codes (2023)", lambda row: "; ".join(w.code for w in row.wards.all())),
        ExportColumn("How many", "needed_quantity"),
        ExportColumn("Unit", "unit"),
        ExportColumn("Accepted", "accepted_quantity"),
        ExportColumn("Confirmed", "confirmed_quantity"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Needed from", "open_from"),
        ExportColumn("Needed until", "closes"),
        ExportColumn("Hub", "hub.name"),
        ExportColumn("Invented", lambda row: "yes" if row.is_demo else "no"),
    )
    empty_state = EmptyState(
        "No needs yet",
        "What hubs and residents ask for will be listed here, with the wards it is for.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return need_rows(self.request.user)

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "change_needs"):
            return Link("Raise a need", reverse("need-create"))
        return None

    def get_context(self) -> dict[str, Any]:
        rows = list(self.page.object_list)
        for row in rows:
            row.tag = state_tag(row, self.today)
            row.wanted = wanted_words(row)
            row.place = wards_words([ward.name for ward in row.wards.all()])
        return {
            "rows": rows,
            "breadcrumbs": [("What communities need", reverse("needs-home")), (self.title, None)],
        }


def wards_words(names: Sequence[str]) -> str:
    """Up to three by name; more as a count."""
    if len(names) <= 3:
        return ", ".join(names)
    return f"{', '.join(names[:2])} and {len(names) - 2} more wards"


class NeedPage(PublicView):
    """One need. Officers see the answers behind it and what may be done; anyone sees counts."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        need = get_object_or_404(
            Need.objects.visible_to(request.user).select_related(
                "priority", "hub", "round", "merged_into", "principle"
            ),
            pk=pk,
        )
        may_change = can(request.user, "change_needs")
        is_officer = can(request.user, "view_rounds") and can(request.user, "view_needs", on=need)
        is_officer = is_officer and can(request.user, "view_organisations")
        detail = need_detail(need, with_responses=is_officer)
        is_own = can(request.user, "raise_needs", on=need)
        stands = need.state != Need.State.WITHDRAWN
        context = {
            "title": need.title,
            "need": need,
            "detail": detail,
            "tag": state_tag(need, self.today),
            "facts": facts(detail, is_officer),
            "progress": progress_rows(need),
            "wanted": wanted_words(need),
            "may_change": may_change and stands,
            "is_own": is_own and stands,
            "is_officer": is_officer,
            "sections": need_sections(need, request.user, self.today),
            "history": history_of(need) if is_officer else (),
            "breadcrumbs": [
                ("What communities need", reverse("needs-home")),
                ("Needs", reverse("need-list")),
                (need.title, None),
            ],
        }
        return render(request, "community_needs/need_detail.html", context)


def facts(detail: NeedDetail, is_officer: bool) -> list[SummaryRow]:
    need = detail.need
    behind = "; ".join(
        f"{source.count if is_officer else source.shown} "
        f"{'answer' if source.count == 1 and is_officer else 'answers'} to {source.round_name}"
        for source in detail.sources
    )
    if not behind:
        hub = need.hub.name if need.hub else "a hub"
        behind = (
            f"Raised by {hub}"
            if need.raised_from == Need.RaisedFrom.HUB
            else "Raised by an officer"
        )
    return [
        SummaryRow("Priority", need.priority.name, note=need.priority.summary),
        SummaryRow("Who it is for", need.for_whom, missing="Not said"),
        SummaryRow("Wards", ", ".join(ward.name for ward in detail.wards)),
        SummaryRow("Hub", need.hub.name if need.hub else "", missing="No hub answers for it"),
        SummaryRow("Where it comes from", behind),
        *(
            [SummaryRow("Charter principle", need.principle.title)]
            if need.principle is not None
            else []
        ),
    ]


def progress_rows(need: Need) -> list[SummaryRow]:
    """How far it has come. What is not counted is said in offers."""
    if need.needed_quantity is None:
        rows = [
            SummaryRow("Offers accepted", f"{need.accepted_offers:,}"),
            SummaryRow("Of these, confirmed", f"{need.confirmed_offers:,}"),
        ]
        return rows
    unit = need.unit
    left = need.still_wanted_quantity or Decimal(0)
    return [
        SummaryRow("Needed", f"{number_words(need.needed_quantity)} {unit}"),
        SummaryRow("Accepted by the hub", f"{number_words(need.accepted_quantity)} {unit}"),
        SummaryRow("Confirmed as arrived", f"{number_words(need.confirmed_quantity)} {unit}"),
        SummaryRow("Still wanted", f"{number_words(left)} {unit}"),
    ]
