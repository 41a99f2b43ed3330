"""Commitments as lists and pages read them, limited to what the person may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, DecimalField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Concat, Substr

from trafford_sv.core.access import can
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Area, Organisation

from ..counting import CountingRule, aggregate, claimed
from ..licensing import may_show_value
from ..models import Commitment, CpvCode, Measure, MeasureTheme, ReturnLine
from ..valuation import plus
from .mobilisation import Gap, awarded_suppliers, gaps, standing_briefly, unexplained
from .position import EVERYWHERE

_TEXT = CharField()


@dataclass(frozen=True)
class QuarterLine:
    """What a quarter was to bring and what was counted in it. None: nothing reported."""

    quarter: Quarter
    due: Decimal | None
    reported: Decimal | None
    verified: Decimal | None


@dataclass(frozen=True)
class CommitmentDetail:
    """Everything on a commitment's page. `lines` is None for a person who may not read returns."""

    row: Commitment
    wards: tuple[Area, ...]
    quarters: tuple[QuarterLine, ...]
    lines: tuple[ReturnLine, ...] | None
    reported: Decimal | None
    verified: Decimal | None
    reported_pounds: Decimal | None
    verified_pounds: Decimal | None
    gaps: tuple[Gap, ...]
    replaced_by: Commitment | None
    variation: Commitment | None


def commitment_rows(user: Any) -> QuerySet[Commitment]:
    """What a list, an export and the API start from."""
    rows: QuerySet[Commitment] = Commitment.objects.visible_to(user).select_related(
        "contract__directorate", "supplier", "measure__edition", "value"
    )
    return rows


def sees_licensed(user: Any) -> bool:
    return can(user, "see_licensed_values")


def sortable_pounds(user: Any, name: str, edition: str) -> Any:
    """What a list is sorted by: the order of withheld pounds among others would give them away.

    `name`: a column of pounds; `edition`: the way to the edition that prices it.
    """
    if sees_licensed(user):
        return F(name)
    return Case(
        When(**{f"{edition}__values_may_be_published": True}, then=F(name)),
        default=None,
        output_field=DecimalField(max_digits=16, decimal_places=2, null=True),
    )


def shows_pounds(commitment: Commitment, user: Any, *, outward: bool) -> bool:
    """Whether this person may see the value of a unit and the pounds of this one commitment."""
    return may_show_value(
        commitment.measure.edition.values_may_be_published,
        may_see_licensed=sees_licensed(user),
        outward=outward,
    )


def commitment_choices(user: Any) -> dict[str, list[tuple[str, str]]]:
    """What the commitments this person may see can be narrowed by, and all wards. One query."""
    themes = MeasureTheme.objects.all()
    seen: Any
    if user is EVERYWHERE:  # the public's page: no words that a licence keeps in
        seen = Commitment.objects.exclude(state=Commitment.State.DRAFT).order_by()
        themes = themes.filter(edition__text_may_be_published=True)
    else:
        seen = Commitment.objects.visible_to(user).order_by()

    def branch(kind: str, rows: Any, key: Any, label: Any) -> Any:
        return (
            rows.order_by()
            .annotate(
                choice_kind=Value(kind, _TEXT),
                choice_key=Cast(key, _TEXT),
                choice_label=Cast(label, _TEXT),
            )
            .values_list("choice_kind", "choice_key", "choice_label")
        )

    organisations = Organisation.objects.all()
    division = Concat(Substr("contract__category__code", 1, 2), Value("000000"))
    rows = branch(
        "directorate",
        organisations.filter(pk__in=seen.values("contract__directorate")),
        F("pk"),
        F("name"),
    ).union(
        branch(
            "supplier", organisations.filter(pk__in=seen.values("supplier")), F("pk"), F("name")
        ),
        branch(
            "theme",
            themes.filter(outcomes__measures__in=seen.values("measure")),
            F("title"),
            F("title"),
        ),
        branch(
            "measure", Measure.objects.filter(pk__in=seen.values("measure")), F("code"), F("title")
        ),
        branch("ward", Area.objects.wards(2023), F("code"), F("name")),
        branch(
            "division",
            CpvCode.objects.filter(code__in=seen.values(whole=division)),
            Substr("code", 1, 2),
            F("name"),
        ),
    )
    held: dict[str, dict[str, str]] = defaultdict(dict)
    for kind, key, label in rows:
        held[kind][key] = f"{key} {label}" if kind == "measure" else label
    return {
        kind: sorted(held[kind].items(), key=lambda option: option[1].casefold())
        for kind in ("directorate", "division", "supplier", "theme", "measure", "ward")
    }


def commitment_detail(pk: int, user: Any) -> CommitmentDetail:
    """Raises Commitment.DoesNotExist for one that is not there or not this person's to see.

    Lines that a supplier has not submitted yet are not in it.
    """
    rows: Any = commitment_rows(user)
    row: Commitment = (
        rows.select_related(
            "partner",
            "principle",
            "replaces",
            "replaced_by",
            "offer__requested",
            "measure__outcome__theme",
        )
        .prefetch_related("wards", "profile", "needs")
        .get(pk=pk)
    )
    lines = list(
        ReturnLine.objects.filter(commitment=row, is_counted=True)
        .select_related("delivery_return")
        .order_by("delivery_return__financial_year", "delivery_return__quarter", "number")
    )
    rule = CountingRule(row.measure.counting)
    later = getattr(row, "replaced_by", None)
    return CommitmentDetail(
        row=row,
        wards=tuple(row.wards.all()),
        quarters=_quarters(row, lines, rule),
        lines=tuple(lines) if can(user, "view_returns") else None,
        reported=aggregate(rule, (reported_of(rule, line) for line in lines)),
        verified=aggregate(rule, (verified_of(rule, line) for line in lines)),
        reported_pounds=_sum(line.reported_pounds for line in lines),
        verified_pounds=_sum(line.verified_pounds for line in lines),
        gaps=_gaps(row),
        replaced_by=later if row.state == Commitment.State.WITHDRAWN else None,
        variation=later if row.state == Commitment.State.AGREED else None,
    )


def reported_of(rule: CountingRule | str, line: ReturnLine) -> Decimal | None:
    """The part of what a line reports that its agreement claims."""
    return claimed(rule, line.reported_quantity, line.attribution_share)


def verified_of(rule: CountingRule | str, line: ReturnLine) -> Decimal | None:
    return claimed(rule, line.verified_quantity, line.attribution_share)


def _gaps(row: Commitment) -> tuple[Gap, ...]:
    if row.state not in (Commitment.State.DRAFT, Commitment.State.PROPOSED):
        return ()
    beside = [other for other in standing_briefly(row.contract_id) if other.pk != row.replaces_id]
    return gaps(
        row,
        beside=unexplained(beside).get(row.pk, ()),
        suppliers=awarded_suppliers(row.contract_id),
    )


def _quarters(
    row: Commitment, lines: Iterable[ReturnLine], rule: CountingRule
) -> tuple[QuarterLine, ...]:
    due = {part.period: part.due_quantity for part in row.profile.all()}
    held: dict[Quarter, list[ReturnLine]] = defaultdict(list)
    for line in lines:
        if line.counted_year is not None and line.counted_quarter is not None:
            held[Quarter(line.counted_year, line.counted_quarter)].append(line)
    return tuple(
        QuarterLine(
            quarter,
            due.get(quarter),
            aggregate(rule, (reported_of(rule, line) for line in held[quarter])),
            aggregate(rule, (verified_of(rule, line) for line in held[quarter])),
        )
        for quarter in sorted(set(due) | set(held))
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    total: Decimal | None = None
    for amount in amounts:
        total = plus(total, amount)
    return total
