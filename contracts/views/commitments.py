"""The list of commitments, and one commitment's page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from trafford_sv.core.access import can, reach
from trafford_sv.core.charts import Bar, Chart, column_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.money import exact, readable
from trafford_sv.core.parts import (
    EmptyState,
    Figure,
    Link,
    State,
    SummaryRow,
    Tag,
    Tone,
)
from trafford_sv.core.selectors.history import History, history_of
from trafford_sv.core.views_base import PermissionView

from ..agreement_words import words_for
from ..counting import CountingRule, quantity_words, reading_words
from ..filters_commitments import CommitmentFilter
from ..licensing import TEXT_WITHHELD, WITHHELD, may_show_text
from ..models import Commitment, Measure, ReturnLine
from ..selectors.commitments import (
    CommitmentDetail,
    commitment_detail,
    commitment_rows,
    reported_of,
    shows_pounds,
    sortable_pounds,
    verified_of,
)
from ..services.commitments import SENT_BACK
from ..thresholds import day_words

TONES = {
    Commitment.State.DRAFT: Tone.NEUTRAL,
    Commitment.State.PROPOSED: Tone.WARNING,
    Commitment.State.AGREED: Tone.GOOD,
    Commitment.State.WITHDRAWN: Tone.NEUTRAL,
}


def state_tag(commitment: Commitment) -> Tag:
    return Tag(commitment.get_state_display(), TONES[Commitment.State(commitment.state)])


def name_of(commitment: Commitment) -> str:
    return commitment.title or commitment.measure.title


def amount_of(quantity: Decimal | None, measure: Measure) -> str:
    """A quantity with its unit; empty where there is none."""
    if quantity is None:
        return ""
    if measure.counting == CountingRule.PERCENTAGE:
        return f"{quantity_words(quantity)}%"
    return f"{quantity_words(quantity)} {measure.unit}"


def whole_words(line: ReturnLine, measure: Measure) -> str:
    """Of a shared activity: what the share is taken of. Empty for what is not shared."""
    if line.attribution_share == 1 or measure.counting == CountingRule.PERCENTAGE:
        return ""
    if line.reported_quantity is None:
        return ""
    part = quantity_words(line.attribution_share * 100)
    return f"{part}% of {amount_of(line.reported_quantity, measure)}"


def _text(row: Commitment, value: str) -> str:
    """A measure's words in a file, as the licence allows."""
    allowed = may_show_text(
        row.measure.edition.text_may_be_published, is_public=False, outward=True
    )
    return value if allowed else TEXT_WITHHELD


def _amount(row: Commitment, value: Decimal | None) -> Any:
    """Pounds of one commitment in a file: the licence alone decides."""
    return value if row.measure.edition.values_may_be_published else (WITHHELD if value else None)


def with_sorted_pounds(rows: QuerySet[Any], user: Any) -> QuerySet[Any]:
    """`sorted_pounds`, by which the lists of commitments can be sorted."""
    return rows.annotate(
        sorted_pounds=sortable_pounds(user, "committed_pounds", "measure__edition")
    )


class CommitmentList(ListPage):
    permission = "view_commitments"
    title = "Commitments"
    noun = "commitment"
    introduction = (
        "What was promised, by whom and by when. A commitment counts once both sides have "
        "accepted it, at the value of a unit on that day."
    )
    filterset_class = CommitmentFilter
    row_template = "contracts/_commitment_rows.html"
    columns: Sequence[Column] = (
        Column("Promise", sort="contract"),
        Column("Promised by"),
        Column("State", sort="state"),
        Column("Due", sort="due"),
        Column("Promised"),
        Column("Committed", sort="pounds", numeric=True),
    )
    sorts: ClassVar[dict[str, Sort]] = {
        "contract": Sort("Agreement", ("contract__reference", "number")),
        "state": Sort("State", ("state", "due"), "agreed first", "withdrawn first"),
        "due": Sort(
            "Due date", ("due", "contract__reference", "number"), "soonest first", "latest first"
        ),
        "pounds": Sort(
            "Committed",
            ("sorted_pounds", "contract__reference"),
            "smallest first",
            "largest first",
        ),
    }
    default_sort = "due"
    export_name = "commitments"
    export_columns = (
        ExportColumn("Agreement", "contract.reference"),
        ExportColumn("Kind of agreement", lambda row: row.contract.get_kind_display()),
        ExportColumn("Agreement’s title", "contract.title"),
        ExportColumn("Number", "number"),
        ExportColumn("Directorate", "contract.directorate.name"),
        ExportColumn("Promised by", "supplier.name"),
        ExportColumn("Promise", "title"),
        ExportColumn("Edition", "measure.edition.name"),
        ExportColumn("Measure", "measure.code"),
        ExportColumn("Measure’s title", lambda row: _text(row, row.measure.title)),
        ExportColumn("Theme", lambda row: _text(row, row.measure.outcome.theme.title)),
        ExportColumn("Kind of value", lambda row: row.measure.get_kind_display()),
        ExportColumn("Unit", lambda row: _text(row, row.measure.unit)),
        ExportColumn("Promised quantity", "promised_quantity"),
        ExportColumn(
            "Value of one unit in pounds",
            lambda row: _amount(row, row.value.value_pounds if row.value else None),
        ),
        ExportColumn("Committed pounds", lambda row: _amount(row, row.committed_pounds)),
        ExportColumn(
            "Counted of it in the total asked for, pounds",
            lambda row: _amount(row, getattr(row, "counted_pounds", None)),
        ),
        ExportColumn("State", lambda row: row.get_state_display()),
        ExportColumn("Starts", "starts"),
        ExportColumn("Due", "due"),
        ExportColumn("Agreed on", "agreed_on"),
        ExportColumn("Who answers for it", "owner_name"),
        ExportColumn("What will prove it", "evidence_rule"),
        ExportColumn("Partner", "partner.name"),
        ExportColumn("Wards", lambda row: "; ".join(ward.name for ward in row.wards.all())),
        ExportColumn("Demo", "is_demo"),
    )
    empty_state = EmptyState(
        "No commitments yet",
        "When an agreement’s promises are drawn up they will be listed here: what, how much, by "
        "when, and whether both sides have accepted. Draw one up on the agreement’s page "
        "“Mobilisation”.",
    )

    def get_queryset(self) -> QuerySet[Any]:
        return with_sorted_pounds(commitment_rows(self.request.user), self.request.user)

    def get_export_queryset(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related(
            "contract__directorate", "supplier", "measure__edition", "measure__outcome__theme",
            "value", "partner",
        ).prefetch_related("wards")  # fmt: skip

    def get_context(self) -> dict[str, Any]:
        self.show(self.page.object_list)
        return {}

    def show(self, rows: Any) -> None:
        for row in rows:
            row.name = name_of(row)
            row.tag = state_tag(row)
            row.amount = amount_of(row.promised_quantity, row.measure)
            row.pounds_shown = shows_pounds(row, self.request.user, outward=False)
            # Asked for as a total counts it, a promise that no longer stands is in it with a part.
            row.listed_pounds = getattr(row, "counted_pounds", row.committed_pounds)
            row.is_part = row.listed_pounds != row.committed_pounds


class CommitmentPage(PermissionView):
    permission = "view_commitments"

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            shown = commitment_detail(pk, request.user)
        except (Commitment.DoesNotExist, OverflowError):
            raise Http404 from None
        row = shown.row
        counting = row.measure.counting
        officer = is_officer_for(request.user, row)
        may_change = can(request.user, "change_commitments", on=row)
        may_accept = can(request.user, "accept_commitments", on=row)
        pounds = shows_pounds(row, request.user, outward=False)
        # What colleagues noted is not for the supplier's eyes.
        history = history_of(row, limit=20) if officer else None
        return render(
            request,
            "contracts/commitment_detail.html",
            {
                "title": name_of(row),
                "breadcrumbs": [
                    ("Commitments", reverse("commitment-list")),
                    (f"{row.contract.reference}/{row.number}", None),
                ],
                "commitment": row,
                "words": words_for(row.contract.kind),
                "tag": state_tag(row),
                "figures": figures_of(shown, pounds),
                "terms": term_rows(shown, pounds),
                "shown": shown,
                "chart": profile_chart(row),
                "quarters": [
                    {
                        "label": line.quarter.label,
                        "due": amount_of(line.due, row.measure),
                        "reported": amount_of(line.reported, row.measure),
                        "verified": amount_of(line.verified, row.measure),
                        "is_to_come": line.quarter.end >= self.today,
                    }
                    for line in shown.quarters
                ],
                "lines": [
                    {
                        "line": line,
                        "reported": amount_of(reported_of(counting, line), row.measure),
                        "verified": amount_of(verified_of(counting, line), row.measure),
                        "whole": whole_words(line, row.measure),
                    }
                    for line in shown.lines or ()
                ],
                "may_read_returns": shown.lines is not None,
                "main_action": next_step(shown, may_change=may_change, may_accept=may_accept),
                "may_change": may_change,
                "acceptances": acceptances(row),
                "history": history,
                "sent_back": sent_back(row, history),
            },
        )


def sent_back(row: Commitment, history: History | None) -> str:
    """Why a side did not accept it, while it is being drawn up again."""
    if row.state != Commitment.State.DRAFT or history is None:
        return ""
    said = (entry.reason for entry in history.entries if entry.reason.startswith(SENT_BACK))
    return next(said, "")


def is_officer_for(user: Any, commitment: Commitment) -> bool:
    everything, own = reach(user, "view_commitments")
    return everything or ("contract_manager", commitment.contract.directorate_id) in own


def figures_of(shown: CommitmentDetail, pounds: bool) -> list[Figure]:
    row = shown.row
    measure = row.measure
    agreed = row.state == Commitment.State.AGREED
    figures = [
        Figure(
            "Promised" if agreed else "To be promised",
            quantity_words(row.promised_quantity),
            of_what="per cent" if measure.counting == CountingRule.PERCENTAGE else measure.unit,
            state=State.COMMITTED if agreed else State.PLAIN,
        ),
        _delivered("Reported", shown.reported, State.REPORTED, measure),
        _delivered("Verified", shown.verified, State.VERIFIED, measure),
    ]
    if measure.kind == Measure.Kind.RECORD_ONLY:
        return figures
    local = measure.kind == Measure.Kind.LOCAL_ECONOMIC
    label = "Local economic value committed" if local else "Social value committed"
    missing = "Not agreed yet"
    if row.agreed_on is not None:
        missing = "No value in this edition"
    if not pounds:
        missing = "Withheld by the licence"
    amount = row.committed_pounds if pounds else None
    figures.insert(
        1,
        Figure(
            label,
            readable(amount) if amount is not None else None,
            exact=exact(amount) if amount is not None else "",
            state=State.COMMITTED,
            local_economic=local,
            missing=missing,
        ),
    )
    return figures


def _delivered(label: str, quantity: Decimal | None, state: State, measure: Measure) -> Figure:
    return Figure(
        label,
        quantity_words(quantity) if quantity is not None else None,
        of_what="per cent" if measure.counting == CountingRule.PERCENTAGE else measure.unit,
        state=state,
        missing="Not reported" if state is State.REPORTED else "Nothing verified yet",
    )


def value_words(row: Commitment, pounds: bool) -> tuple[str, str]:
    """The value of a unit, and where it comes from."""
    if row.measure.kind == Measure.Kind.RECORD_ONLY:
        return "Counted, not priced", ""
    if not pounds:
        return WITHHELD, ""
    value = row.value
    if value is None:
        if row.agreed_on is not None:
            return "No value in this edition", "It is counted and not priced."
        return "Pinned on the day both sides have accepted", ""
    source = f"In force from {day_words(value.valid_from)}. Source: {value.source_title}."
    if row.offer_id:
        source += " Taken from the tender that it was offered in."
    if row.agreed_on is not None:
        source += f" Pinned on {day_words(row.agreed_on)}: later values do not change it."
    return f"£{value.value_pounds.normalize():,f} for one", source


def term_rows(shown: CommitmentDetail, pounds: bool) -> list[SummaryRow]:
    row = shown.row
    unit_value, source = value_words(row, pounds)
    partner = str(row.partner) if row.partner else ""
    rows = [
        SummaryRow(
            "Measure",
            f"{row.measure.code} {row.measure.title}",
            note=f"{row.measure.get_kind_display()} · {row.measure.edition.name}",
        ),
        SummaryRow("Counted as", row.measure.get_counting_display(), note=row.measure.unit),
        SummaryRow("Value of one unit", unit_value, note=source),
        SummaryRow("Delivery starts", _day(row.starts), missing="Not recorded"),
        SummaryRow("Due by", _day(row.due), missing="Not recorded"),
        SummaryRow("Who answers for it", row.owner_name, missing="Nobody yet"),
        SummaryRow("What will prove it", row.evidence_rule, missing="Not written down"),
        SummaryRow(
            "Community partner",
            partner,
            missing=f"{row.partner_named}, not registered yet" if row.partner_named else "None",
        ),
        SummaryRow("Wards", ", ".join(ward.name for ward in shown.wards), missing="None recorded"),
        SummaryRow(
            "Charter principle",
            str(row.principle) if row.principle else "",
            missing="None recorded",
        ),
        SummaryRow(
            "Needs that it answers",
            ", ".join(need.title for need in row.needs.all() if need.is_public),
            missing="None yet",
        ),
    ]
    if row.offer is not None and row.offer.offered_quantity is not None:
        rows.insert(
            1, SummaryRow("Offered in the bid", amount_of(row.offer.offered_quantity, row.measure))
        )
    if row.exclusion_reason:
        rows.append(SummaryRow("Beside a measure that it excludes", row.exclusion_reason))
    if row.withdrawn_reason:
        rows.append(SummaryRow("Why it was withdrawn", row.withdrawn_reason))
    return rows


def _day(value: Any) -> str:
    return day_words(value) if value else ""


def profile_chart(row: Commitment) -> Chart | None:
    """The quarters as they were agreed; None where there are fewer than two."""
    parts = list(row.profile.all())
    if len(parts) < 2:
        return None
    most = max(parts, key=lambda part: part.due_quantity)
    # As it is read: an even spread leaves a ten-thousandth over in the last quarter.
    said = [reading_words(part.due_quantity) for part in parts]
    even = len(set(said)) == 1
    as_much = said.count(reading_words(most.due_quantity))
    answer = f"Most is due in {most.period.label}"
    if even:
        answer = "Every quarter brings the same"
    elif as_much > 1:
        answer = f"At most {reading_words(most.due_quantity)} is due in a quarter"
    total = CountingRule(row.measure.counting) != CountingRule.PERCENTAGE
    return column_chart(
        key="profile",
        title=answer,
        subtitle=f"Promised by quarter, in {row.measure.unit if total else 'per cent'}",
        bars=[
            Bar(
                f"Q{part.quarter} {part.period.year.label}",
                part.due_quantity,
                words,
                paint=Paint.LOCAL_COMMITTED
                if row.measure.kind == Measure.Kind.LOCAL_ECONOMIC
                else Paint.COMMITTED,
            )
            for part, words in zip(parts, said, strict=True)
        ],
        headings=("Quarter", "Promised"),
    )


def acceptances(row: Commitment) -> list[SummaryRow]:
    party = words_for(row.contract.kind).party
    return [
        SummaryRow(
            "The council",
            row.council_accepted_by_name,
            missing="Not accepted yet",
            note=_day(row.council_accepted_at and row.council_accepted_at.date()),
        ),
        SummaryRow(
            f"The {party}",
            row.supplier_accepted_by_name,
            missing="Not accepted yet",
            note=_day(row.supplier_accepted_at and row.supplier_accepted_at.date()),
        ),
    ]


def next_step(shown: CommitmentDetail, *, may_change: bool, may_accept: bool) -> Link | None:
    """The one thing that this person can do next."""
    row = shown.row
    if may_accept and row.state == row.State.PROPOSED and row.supplier_accepted_at is None:
        return Link("Read and accept", reverse("supplier-commitment-accept", kwargs={"pk": row.pk}))
    if not may_change:
        return None
    if row.state in (row.State.DRAFT, row.State.PROPOSED) and shown.gaps:
        name = "commitment-profile" if shown.gaps[0].key == "profile" else "commitment-edit"
        return Link("Complete it", reverse(name, kwargs={"pk": row.pk}))
    if row.state == row.State.DRAFT:
        return Link("Propose it", reverse("commitment-propose", kwargs={"pk": row.pk}))
    if row.state == row.State.PROPOSED and row.council_accepted_at is None:
        return Link("Accept for the council", reverse("commitment-accept", kwargs={"pk": row.pk}))
    return None
