"""The public register of adopters, one adopter's page, its badge and its certificate."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListMixin, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Link, SummaryRow, Tag, Tone
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.views.drawn import DrawnPdf, Wanted, wanted_document
from trafford_sv.core.views_base import PublicView

from ..filters import AdoptionFilter, RequestFilter
from ..models import Adoption, AdoptionRequest
from ..sections import adoption_sections
from ..selectors.adoptions import adoption_rows, request_rows
from ..services.affirmations import is_in_doubt
from ..uptake import affirm_by

REQUEST_TONES = {
    AdoptionRequest.State.WAITING: Tone.WARNING,
    AdoptionRequest.State.CONFIRMED: Tone.GOOD,
    AdoptionRequest.State.DECLINED: Tone.NEUTRAL,
}


def standing_tag(row: Adoption) -> Tag:
    if row.withdrawn_on is not None:
        return Tag("Withdrawn", Tone.NEUTRAL)
    return Tag("Stands by the charter", Tone.GOOD)


class AdoptionList(ListMixin, PublicView):
    title = "Who has adopted the charter"
    caption = "Adopters of the charter"
    noun = "adoption"
    introduction = (
        "Organisations that have formally adopted the Social Value Charter. Each is asked once a "
        "year whether it still stands by it."
    )
    filterset_class = AdoptionFilter
    row_template = "charter/_adoption_rows.html"
    columns = (
        Column("Organisation", sort="name"),
        Column("State"),
        Column("Adopted on", sort="adopted"),
        Column("Last said so", sort="said"),
        Column("Takes the lead in"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "name": Sort("Organisation", ("organisation__name",)),
        "adopted": Sort("Adopted on", ("adopted_on",), "earliest first", "latest first"),
        "said": Sort("Last said so", ("last_said_on",), "longest ago first", "latest first"),
    }
    default_sort = "name"
    export_name = "adopters"
    export_columns = (
        ExportColumn("Organisation", "organisation.name"),
        ExportColumn("Version", "charter_version.number"),
        ExportColumn("Adopted on", "adopted_on"),
        ExportColumn("Signed in the role of", "signed_by_role"),
        ExportColumn("Takes the lead in", "lead_words"),
        ExportColumn("Last affirmed on", "reaffirmed_on"),
        ExportColumn("Withdrawn on", "withdrawn_on"),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "Nobody has adopted the charter here yet",
        "When an organisation adopts it, it will be listed here with the day and what it takes "
        "the lead in.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return adoption_rows(self.request.user)

    def get_main_action(self) -> Link | None:
        return Link("Adopt the charter", reverse("adoption-ask"))

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = standing_tag(row)
        keeps = can(self.request.user, "keep_adoptions")
        reads = can(self.request.user, "view_charter")
        links = []
        if reads:
            links.append(Link("Requests to adopt", reverse("adoption-request-list")))
        if keeps:
            links.append(Link("Record an adoption", reverse("adoption-create")))
        return {"officer_links": links, "breadcrumbs": [("The charter", reverse("charter")), ("Adopters", None)]}  # fmt: skip

    template_name = "charter/register_list.html"


class AdoptionPage(PublicView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = adoption_of(request, pk)
        keeps = can(request.user, "keep_adoptions")
        reads = can(request.user, "view_charter")
        context = {
            "title": row.organisation.name,
            "adoption": row,
            "tag": standing_tag(row),
            "facts": fact_rows(row, reads),
            "affirmations": list(row.reaffirmations.select_related("charter_version")),
            "sections": adoption_sections(row, request.user, self.today),
            "stands": row.withdrawn_on is None,
            "may_keep": keeps,
            "reminders": [
                (one, keeps and is_in_doubt(one, self.now)) for one in row.reminders.all()[:5]
            ]
            if reads
            else [],
            "history": history_of(row, limit=20) if reads else None,
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Adopters", reverse("adoption-list")),
                (row.organisation.name, None),
            ],
        }
        return render(request, "charter/adoption_detail.html", context)


def adoption_of(request: HttpRequest, pk: int) -> Adoption:
    try:
        return get_object_or_404(adoption_rows(request.user), pk=pk)
    except OverflowError:
        raise Http404 from None


def fact_rows(row: Adoption, reads: bool) -> list[SummaryRow]:
    rows = [
        SummaryRow("Adopted on", _day(row.adopted_on), note=f"Version {row.charter_version.number} of the charter"),
        SummaryRow("Signed by", row.signed_by_role),
        SummaryRow("Takes the lead in", row.lead_words, missing="Nothing in particular"),
    ]  # fmt: skip
    if row.withdrawn_on is None:
        rows.append(
            SummaryRow(
                "Stood by it last on",
                _day(row.last_said),
                note=f"It is asked again for {_day(affirm_by(row.last_said))}",
            )
        )
    else:
        rows.append(SummaryRow("Withdrawn on", _day(row.withdrawn_on)))
    if reads:
        rows.append(SummaryRow("Name of who signed", row.signed_by_name, note="Officers only"))
        rows.append(SummaryRow("Address for the yearly question", row.contact_email, missing="None, so nobody is asked", note="Officers only"))  # fmt: skip
        if row.withdrawn_reason:
            rows.append(SummaryRow("Why it was withdrawn", row.withdrawn_reason))
    return rows


def _day(day: Any) -> str:
    return f"{day.day} {day:%B %Y}"


class AdoptionBadge(PublicView):
    """A drawing for the adopter's own site. It is gone when the adoption is withdrawn."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = _standing(request, pk)
        body = render_to_string("charter/badge.svg", {"adoption": row, "year": row.adopted_on.year})
        answer = HttpResponse(body, content_type="image/svg+xml; charset=utf-8")
        answer["Content-Disposition"] = 'inline; filename="social-value-charter.svg"'
        answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Cache-Control"] = "public, max-age=3600"
        return answer


class AdoptionCertificate(DrawnPdf, PublicView):
    def wanted(self, request: HttpRequest, pk: int) -> Wanted:
        row = _standing(request, pk)
        return wanted_document(
            template="charter/pdf/certificate.html", context=certificate(row),
            name=f"Charter certificate {row.organisation.name}",
            back=(row.organisation.name, row.get_absolute_url()),
        )  # fmt: skip


def certificate(row: Adoption) -> dict[str, Any]:
    """All that the document needs; nothing in it asks the database."""
    return {
        "title": "Certificate of adoption",
        "organisation": row.organisation.name,
        "charter": row.charter_version.title,
        "version": row.charter_version.number,
        "adopted_on": row.adopted_on,
        "role": row.signed_by_role,
        "affirmed_on": row.reaffirmed_on,
        "is_demo": row.is_demo,
        "principles": list(
            row.charter_version.principles.order_by("number").values_list("words", flat=True)
        ),
    }


def _standing(request: HttpRequest, pk: int) -> Adoption:
    row = adoption_of(request, pk)
    if row.withdrawn_on is not None:
        raise Http404("The adoption is withdrawn.")
    return row


class RequestList(ListPage):
    permission = "view_charter"
    title = "Requests to adopt the charter"
    noun = "request"
    introduction = (
        "Sent through the public form. Ask the organisation whether the request is theirs, then "
        "confirm it. Nothing is in the register before that."
    )
    filterset_class = RequestFilter
    row_template = "charter/_request_rows.html"
    columns = (
        Column("Organisation", sort="name"),
        Column("State"),
        Column("Asked on", sort="asked"),
        Column("Signed by"),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "asked": Sort("Asked on", ("asked_at",), "oldest first", "newest first"),
        "name": Sort("Organisation", ("organisation_name",)),
    }
    default_sort = "-asked"
    export_name = "requests-to-adopt"
    export_columns = (
        ExportColumn("Organisation", "organisation_name"),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Asked at", "asked_at"),
        ExportColumn("Signed in the role of", "signed_by_role"),
        ExportColumn("Would take the lead in", "lead_words"),
        ExportColumn("Decided by", "decided_by_name"),
        ExportColumn("Reason", "decided_reason"),
    )
    empty_state = EmptyState(
        "Nobody has asked yet",
        "When an organisation sends the public form “Adopt the charter”, its request will be here "
        "for you to confirm.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return request_rows(self.request.user)

    def get_context(self) -> dict[str, Any]:
        for row in self.page.object_list:
            row.tag = Tag(row.get_state_display(), REQUEST_TONES[row.state])
        return {
            "breadcrumbs": [
                ("The charter", reverse("charter")),
                ("Adopters", reverse("adoption-list")),
                ("Requests", None),
            ]
        }
