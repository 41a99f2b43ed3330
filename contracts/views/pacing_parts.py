"""Words, tags, figures and drawings of a pace. A rating is a shape, a colour's name and a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.urls import reverse

from trafford_sv.core.charts import Chart, Series, line_chart
from trafford_sv.core.charts.lines import LOCAL, PLANNED, PROVEN, SAID
from trafford_sv.core.money import percentage, readable
from trafford_sv.core.parts import Figure, State, Table, Tag, Tone
from trafford_sv.core.periods import Quarter

from ..counting import quantity_words, reading_words
from ..licensing import may_show_value
from ..models import Commitment
from ..pacing import AMBER, GREEN, NOT_YET, RED, Pace, Rating
from ..selectors.pacing import AgreementPace, CommitmentPace, QuarterState

TAGS = {
    RED: Tag("▲ Red: behind", Tone.BAD),
    AMBER: Tag("◆ Amber: at risk", Tone.WARNING),
    GREEN: Tag("● Green: on pace", Tone.GOOD),
    NOT_YET: Tag("○ Nothing to judge yet", Tone.NEUTRAL),
}
WORDS = {RED: "Red", AMBER: "Amber", GREEN: "Green", NOT_YET: "Not judged yet"}


def rating_tag(rating: Rating | str) -> Tag:
    return TAGS[Rating(rating)]


def amount(quantity: Decimal | None, unit: str) -> str:
    """12.5 hours; "" for what is not known. Rounded for reading; pounds are whole."""
    if quantity is None:
        return ""
    if unit.strip().casefold() in ("%", "per cent"):
        return f"{_reading(quantity, unit)}%"
    return f"{_reading(quantity, unit)} {unit}"


def _reading(quantity: Decimal, unit: str) -> str:
    if unit.strip().casefold() in ("pounds", "pound", "£"):
        return quantity_words(quantity.quantize(Decimal(1), ROUND_HALF_UP))
    return reading_words(quantity)


def promised_amount(quantity: Decimal, unit: str) -> str:
    """As it was agreed: nothing is rounded."""
    words = quantity_words(quantity)
    return f"{words}%" if unit == "%" else f"{words} {unit}"


@dataclass(frozen=True)
class PaceRow:
    """One commitment as a row or a page shows it; "" is not known."""

    pk: int
    url: str
    name: str
    measure: str
    supplier: str
    tag: Tag
    reported_tag: Tag | None
    delivered: str
    expected: str
    share: str
    reported: str
    promised: str
    end: str
    each_quarter: str
    remaining: int
    reasons: tuple[str, ...]
    recovery: Any
    is_percentage: bool
    may_need_recovery: bool


def pace_row(found: CommitmentPace) -> PaceRow:
    commitment, pace = found.commitment, found.verified
    unit = "%" if found.is_percentage else commitment.measure.unit
    differs = found.reported.rating != pace.rating
    ratings = {found.reported.rating, pace.rating}
    return PaceRow(
        pk=commitment.pk,
        url=reverse("commitment-pacing", kwargs={"pk": commitment.pk}),
        name=name_of(commitment),
        measure=f"{commitment.measure.code} {commitment.measure.title}",
        supplier=commitment.supplier.name,
        tag=rating_tag(pace.rating),
        reported_tag=rating_tag(found.reported.rating) if differs else None,
        delivered=amount(pace.delivered, unit),
        expected=amount(pace.expected_reported, unit),
        share=percentage(pace.ratio) if pace.ratio is not None else "",
        reported=amount(found.reported.delivered, unit),
        promised=promised_amount(commitment.promised_quantity, unit),
        end=ending(pace, unit),
        each_quarter=amount(pace.per_remaining_quarter, unit),
        remaining=pace.remaining_quarters,
        reasons=pace.reasons,
        recovery=found.recovery,
        is_percentage=found.is_percentage,
        may_need_recovery=RED in ratings or AMBER in ratings,
    )


def name_of(commitment: Commitment) -> str:
    return commitment.title or commitment.measure.title


def ending(pace: Pace, unit: str) -> str:
    """Where it ends at this pace, as one quantity or a range; "" where it cannot be said."""
    low, high = pace.expected_end_low, pace.expected_end
    if low is None or high is None:
        return ""
    lowest, highest = _reading(low, unit), amount(high, unit)
    return highest if lowest == _reading(high, unit) else f"{lowest} to {highest}"


def agreement_figures(found: AgreementPace, completeness: Any, quarter: Quarter) -> list[Figure]:
    overall = found.overall
    counts = [f"{overall.counts[one]} {WORDS[one].lower()}" for one in (RED, AMBER, GREEN, NOT_YET)]
    total = len(found.rows)
    return [
        Figure(
            "Pace",
            None if overall.rating == NOT_YET else TAGS[overall.rating].text,
            of_what=f"{total} commitment{'' if total == 1 else 's'}: {', '.join(counts)}",
            missing="Nothing to judge yet",
        ),
        Figure(
            "Verified of what the profiles expect",
            None if overall.ratio is None else percentage(overall.ratio),
            state=State.VERIFIED,
            of_what="Weighed by committed pounds; none counts above 100%",
            completeness=f"{completeness.received} of {completeness.expected} returns for "
            f"{quarter.short} are in"
            if completeness.expected
            else "No return was due yet",
            missing="Not available",
        ),
    ]


def quantity_chart(found: CommitmentPace) -> Chart | None:
    """Profile, verified and reported, added up over the quarters; percentages as they stand."""
    lines = found.quarters
    if not lines:
        return None
    unit = "%" if found.is_percentage else found.commitment.measure.unit
    proven = LOCAL if found.commitment.measure.kind == "local_economic" else PROVEN
    pick = _as_they_stand if found.is_percentage else _added_up
    verified = pick([_known(line.verified, line.state) for line in lines])
    reported = pick([line.reported for line in lines])
    return line_chart(
        key=f"pace-{found.commitment.pk}",
        title=_answer(found),
        subtitle=f"{unit[0].upper()}{unit[1:]}, {'by quarter' if found.is_percentage else 'added up by quarter'}",
        points=[line.quarter.short for line in lines],
        series=[
            Series("Profile", pick([line.due for line in lines]), PLANNED),
            Series("Reported", reported, SAID),
            Series("Verified", verified, proven),
        ],
        text=reading_words,
        heading="Quarter",
        note=GAP_NOTE,
        missing="Not known",
    )


GAP_NOTE = (
    "A gap is a quarter that is not known: to come, missing, blank or, for verified, not decided "
    "yet. What is reported is the supplier’s word; what is verified was accepted on evidence."
)


def _known(value: Decimal | None, state: QuarterState) -> Decimal | None:
    return value if state == QuarterState.VERIFIED else None


def _answer(found: CommitmentPace) -> str:
    pace = found.verified
    if pace.delivered is None:
        return "Nothing is verified yet"
    if pace.delivered >= pace.promised:
        return "The whole promise is verified"
    if pace.ratio is None:
        return "Nothing was due yet"
    share = percentage(pace.ratio)
    return f"{share} of what was due is verified"


def _added_up(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    total, found = Decimal(0), []
    for value in values:
        total += value or Decimal(0)
        found.append(None if value is None else total)
    return found


def _as_they_stand(values: Sequence[Decimal | None]) -> list[Decimal | None]:
    return list(values)


def pounds_charts(rows: Sequence[CommitmentPace], may_see_licensed: bool) -> list[Chart]:
    """A whole agreement in pounds, one chart for each kind of value: they are never added.

    Left out where the licence of an edition in it keeps its values from the reader.
    """
    charts = []
    for kind, words in (("social", "Social value"), ("local_economic", "Local economic value")):
        priced = [
            row
            for row in rows
            if row.commitment.committed_pounds
            and row.commitment.measure.kind == kind
            and not row.is_percentage
        ]
        may_show = all(
            may_show_value(
                row.commitment.measure.edition.values_may_be_published,
                may_see_licensed=may_see_licensed,
                outward=False,
            )
            for row in priced
        )
        if priced and may_show:
            charts.append(_pounds_chart(kind, words, priced))
    return charts


def _pounds_chart(kind: str, words: str, rows: Sequence[CommitmentPace]) -> Chart:
    quarters = sorted({line.quarter for row in rows for line in row.quarters})
    profile: dict[Quarter, Decimal] = dict.fromkeys(quarters, Decimal(0))
    verified: dict[Quarter, Decimal | None] = dict.fromkeys(quarters)
    reported: dict[Quarter, Decimal | None] = dict.fromkeys(quarters)
    for row in rows:
        pounds = row.commitment.committed_pounds or Decimal(0)
        for line in row.quarters:
            profile[line.quarter] += pounds * line.due / row.commitment.promised_quantity
            if line.verified_pounds is not None:
                verified[line.quarter] = (verified[line.quarter] or 0) + line.verified_pounds
            if line.reported_pounds is not None:
                reported[line.quarter] = (reported[line.quarter] or 0) + line.reported_pounds
    return line_chart(
        key=f"pace-{kind}",
        title=_pounds_answer(rows, words),
        subtitle=f"{words} in pounds, added up by quarter",
        points=[quarter.short for quarter in quarters],
        series=[
            Series("Profile", _added_up([profile[one] for one in quarters]), PLANNED),
            Series("Reported", _added_up([reported[one] for one in quarters]), SAID),
            Series(
                "Verified",
                _added_up([verified[one] for one in quarters]),
                LOCAL if kind == "local_economic" else PROVEN,
            ),
        ],
        text=readable,
        heading="Quarter",
        note=GAP_NOTE,
        missing="Not known",
    )


def _pounds_answer(rows: Sequence[CommitmentPace], words: str) -> str:
    red = sum(row.rating == RED for row in rows)
    total = f"{len(rows)} commitment{'' if len(rows) == 1 else 's'}"
    if red:
        return f"{words}: {red} of {total} {'is' if red == 1 else 'are'} behind"
    if any(row.rating == AMBER for row in rows):
        return f"{words}: nothing is behind, and something is at risk"
    if all(row.rating == NOT_YET for row in rows):
        return f"{words}: nothing to judge yet"
    return f"{words}: delivery keeps to the profile"


def quarter_table(found: CommitmentPace) -> Table:
    unit = "%" if found.is_percentage else found.commitment.measure.unit
    rows = [
        (
            line.quarter.short,
            _reading(line.due, unit),
            "Not known" if line.reported is None else _reading(line.reported, unit),
            "Not known" if line.verified is None else _reading(line.verified, unit),
            line.state.words,
        )
        for line in found.quarters
    ]
    return Table(
        f"Quarter by quarter, in {unit}",
        ("Quarter", "Due", "Reported", "Verified", "What is known"),
        rows,
        numeric=frozenset({1, 2, 3}),
    )
