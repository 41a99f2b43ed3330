"""Gathers the pack of a meeting from every app, once; who renders it makes no query."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from action_plan.models import Action, ArisingAction, Meeting
from action_plan.progress import Status
from action_plan.selectors.changes import ActionChange, changes_since
from action_plan.selectors.maturity import Awaiting, awaiting_agreement, standing
from action_plan.selectors.meetings import (
    ItemLine,
    Reader,
    arising_for,
    meeting_before,
    meeting_items,
)
from action_plan.selectors.standing import with_standing
from action_plan.words import day_words
from community_needs.models import Need
from contracts.four_figures import ValueState
from contracts.pacing import Rating
from contracts.selectors.pacing_rows import count_of, paced_rows
from contracts.selectors.position import Scope
from contracts.selectors.position_report import portfolio_report
from contracts.valuation import Kind
from trafford_sv.core.access import can
from trafford_sv.core.parts import State
from trafford_sv.core.periods import Quarter

from ..steering_pack import (
    FIRST_LOOK_DAYS,
    PackFigure,
    PackItem,
    PackMeasures,
    PackNeeds,
    PackPlan,
    Part,
    SteeringPack,
)

STATES = (ValueState.OFFERED, ValueState.COMMITTED, ValueState.REPORTED, ValueState.VERIFIED)


def gather_steering_pack(
    meeting: Meeting, *, user: Any, reader: Reader, now: datetime.datetime
) -> SteeringPack:
    """For one reader. The same number of queries for a month and for a year without meetings.

    `meeting` with `series`, `minutes` and `chaired_by` joined. Whoever does not work with the
    Group gets the public version: no confidential item, no figure that is not published.
    """
    today = timezone.localtime(now).date()
    as_of = min(today, meeting.day)
    before = meeting_before(meeting)
    back_to = before.day if before else as_of - datetime.timedelta(days=FIRST_LOOK_DAYS)
    until = min(now, _end_of(meeting.day))
    since = min(_end_of(back_to), until)
    arising, closed = _arising(reader, since, today) if reader.works else ((), ())
    return SteeringPack(
        day=meeting.day,
        time=meeting.starts_at,
        place=meeting.place,
        address=meeting.get_absolute_url(),
        is_public=not reader.works,
        prepared_at=now,
        since=before.day if before else None,
        looks_back_to=back_to,
        items=tuple(_item(item) for item in meeting_items(meeting, reader, with_arising=False)),
        plan=_plan(user, reader, since, until, as_of),
        maturity=_maturity(as_of) if reader.works else (),
        arising=tuple(_arising_part(one, today) for one in arising),
        arising_overdue=sum(one.is_overdue(today) for one in arising),
        closed=tuple(
            Part(one.words, str(one.owner), one.get_absolute_url(), one.outcome) for one in closed
        ),
        measures=_measures(user, as_of) if reader.works and can(user, "see_dashboard") else None,
        needs=_needs(user),
    )


def _end_of(day: datetime.date) -> datetime.datetime:
    """The last moment of the day, by the clock on the wall."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))


def _item(item: ItemLine) -> PackItem:
    return PackItem(
        position=item.position,
        title=item.title,
        purpose=item.purpose_words,
        words=item.words,
        presented_by=item.presented_by,
        is_confidential=item.is_confidential,
        is_hidden=item.is_hidden,
        is_for_decision=item.purpose == "decision",
        carried_from=item.carried_from,
        address=reverse("agenda-item-detail", args=[item.pk]),
        papers=tuple(
            Part(paper.title, paper.original_name, reverse("paper-file", args=[paper.key]))
            for paper in item.papers
        ),
        chair_decided=tuple(
            Part(one.words, f"{one.reference}, {day_words(one.decided_on)}", note=one.reasons)
            for one in item.decisions
            if one.by_chair
        ),
    )


def _plan(
    user: Any,
    reader: Reader,
    since: datetime.datetime,
    until: datetime.datetime,
    as_of: datetime.date,
) -> PackPlan:
    changes = changes_since(user, since, until, public_only=not reader.works)
    rows = Action.objects.visible_to(user) if reader.works else Action.objects.public()  # type: ignore[attr-defined]
    live = list(
        with_standing(rows.live(), as_of=as_of).select_related("theme", "lead_organisation")
    )
    added, ended = (
        changes.of_kind("added"),
        (
            *changes.of_kind("completed"),
            *changes.of_kind("cancelled"),
        ),
    )
    told = {one.pk for one in (*changes.moved, *added, *ended)}
    return PackPlan(
        live=len(live),
        moved=tuple(_change(one) for one in changes.moved if one.kind == "changed"),
        added=tuple(_change(one) for one in added),
        ended=tuple(_change(one) for one in ended),
        other_changes=sum(one.pk not in told for one in changes.actions),
        stale=tuple(_action(one) for one in live if one.is_stale),
        overdue=tuple(
            _action(one, f"was due {day_words(one.due)}") for one in live if one.is_overdue
        ),
    )


def _change(one: ActionChange) -> Part:
    said = [update.narrative for update in one.updates if update.narrative]
    words = one.status.label
    if one.has_moved and one.status_before is not None:
        words = f"{one.status.label}, before that {one.status_before.label.lower()}"
    return Part(
        f"{one.reference} {one.title}",
        f"{one.theme}: {words}",
        _action_address(one.pk),
        said[0] if said else "",
    )


def _action(one: Any, words: str = "") -> Part:
    lead = str(one.lead_organisation) if one.lead_organisation else "No lead organisation"
    status = Status(one.status).label.lower()
    return Part(
        f"{one.reference} {one.title}",
        f"{one.theme.name}: {words or status}",
        _action_address(one.pk),
        lead,
    )


def _maturity(as_of: datetime.date) -> tuple[Part, ...]:
    """Stages that moderation proposes and nobody has agreed yet, with what still blocks them."""
    return tuple(
        Part(
            one.result.theme.name,
            _stage_words(one),
            one.result.get_absolute_url(),
            one.result.reasons,
        )
        for one in awaiting_agreement(found=standing(as_of=as_of))
    )


def _stage_words(one: Awaiting) -> str:
    before = f"now {one.before.label}" if one.before else "no stage agreed so far"
    words = f"Proposed: {one.result.get_stage_display()}, {before}"  # type: ignore[attr-defined]
    if one.blocked:
        words += f". It cannot be agreed before there is proof for {', '.join(one.blocked)}"
    return words


def _arising(
    reader: Reader, since: datetime.datetime, today: datetime.date
) -> tuple[list[ArisingAction], list[ArisingAction]]:
    """Open ones, soonest due first, and those closed since the last meeting. 1 query."""
    rows = arising_for(confidential=reader.confidential)
    open_ones, closed = [], []
    for one in rows.order_by("due", "pk"):
        if one.state == ArisingAction.State.OPEN:
            open_ones.append(one)
        elif one.closed_at is not None and one.closed_at > since:
            closed.append(one)
    return open_ones, closed


def _arising_part(one: ArisingAction, today: datetime.date) -> Part:
    late = ", past its date" if one.is_overdue(today) else ""
    return Part(one.words, f"{one.owner}, by {day_words(one.due)}{late}", one.get_absolute_url())


def _measures(user: Any, as_of: datetime.date) -> PackMeasures:
    quarter = Quarter.of(as_of).previous
    # A pack is mailed, printed and kept for others, so it tells what may leave the product.
    report = portfolio_report(user, Scope(), first=None, last=quarter, outward=True)
    figures = report.position.figures
    ratings = count_of(paced_rows(user, as_of=as_of))
    return PackMeasures(
        quarter=quarter.label,
        figures=tuple(
            PackFigure(
                state.value.capitalize(),
                State(state.value).sentence,
                figures.pounds(state, Kind.SOCIAL),
                figures.pounds(state, Kind.LOCAL_ECONOMIC),
                tuple(kind.value for kind in Kind if figures.is_withheld(state, kind)),
            )
            for state in STATES
        ),
        completeness=report.completeness.sentence,
        behind=ratings[Rating.RED.value],
        at_risk=ratings[Rating.AMBER.value],
        address=reverse("portfolio"),
        behind_address=reverse("pacing-list"),
    )


def _needs(user: Any) -> PackNeeds | None:
    found = dict(
        Need.objects.visible_to(user)  # type: ignore[attr-defined]
        .order_by()
        .values_list("state")
        .annotate(number=Count("pk"))
    )
    if not found:
        return None
    return PackNeeds(
        found.get("open", 0), found.get("matched", 0), found.get("part_met", 0), found.get("met", 0)
    )


def _action_address(pk: int) -> str:
    """ "" where the plan has no page of its own yet."""
    try:
        return reverse("action-detail", args=[pk])
    except NoReverseMatch:
        return ""
