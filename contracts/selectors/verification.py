"""What waits for an officer, every return at a glance, and what a page about one return adds."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Round
from django.utils import timezone

from trafford_sv.core.access import reach
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

from ..due_dates import due_on
from ..four_figures import Amounts, Completeness
from ..models import (
    ConfirmationRequest,
    Contract,
    DeliveryReturn,
    DuplicateFlag,
    EvidenceLink,
    Measure,
    MeasureTheme,
    ReturnLine,
)
from .returns import completeness, expected_returns, seen_by

LONG_WAIT_DAYS = 20
ORDERING = (
    f"Returns that have waited for us more than {LONG_WAIT_DAYS} days come first. Within each "
    "group the largest value at stake comes first, then the one that has waited longest. Value at "
    "stake is what is reported and not decided yet."
)
_TEXT = CharField(max_length=400)
_Waiting = Q(state=ReturnLine.State.OPEN, reported_quantity__isnull=False)


def return_rows(user: Any, *, now: datetime.datetime) -> QuerySet[Any]:
    """Every return this person may see, with its numbers in SQL.

    `stake_*` is what is reported and not decided; `has_withheld`: a licence keeps a line's value
    from being published, so the pounds of this return are not shown to everybody.
    """
    lines = ReturnLine.objects.filter(delivery_return=OuterRef("pk"), is_counted=True).order_by()
    waiting = lines.filter(_Waiting)
    here = Q(first__delivery_return=OuterRef("pk")) | Q(second__delivery_return=OuterRef("pk"))
    flags = DuplicateFlag.objects.filter(here, state=DuplicateFlag.State.OPEN).order_by()
    asked = ConfirmationRequest.objects.filter(line__delivery_return=OuterRef("pk")).order_by()
    kind = "commitment__measure__kind"
    social, local = Q(**{kind: Measure.Kind.SOCIAL}), Q(**{kind: Measure.Kind.LOCAL_ECONOMIC})
    long_ago = now - datetime.timedelta(days=LONG_WAIT_DAYS)
    return (
        DeliveryReturn.objects.visible_to(user)  # type: ignore[attr-defined]
        .select_related("contract__directorate", "supplier")
        .annotate(
            lines_count=_number(lines),
            open_lines=_number(waiting),
            stake_social_pounds=_sum(waiting.filter(social), "reported_pounds"),
            stake_local_pounds=_sum(waiting.filter(local), "reported_pounds"),
            stake_pounds=_sum(waiting, "reported_pounds"),
            has_withheld=Exists(
                lines.filter(
                    commitment__measure__edition__values_may_be_published=False,
                    reported_pounds__isnull=False,
                )
            ),
            open_flags=Coalesce(
                Subquery(
                    flags.annotate(one=Value(1)).values("one").annotate(n=Count("pk")).values("n"),
                    output_field=IntegerField(),
                ),
                0,
            ),
            files_count=Coalesce(
                Subquery(
                    EvidenceLink.objects.filter(line__delivery_return=OuterRef("pk"))
                    .order_by()
                    .values("line__delivery_return")
                    .annotate(n=Count("file", distinct=True))
                    .values("n")
                ),
                0,
            ),
            asked_count=_asked(asked.filter(state=ConfirmationRequest.State.ASKED)),
            answered_count=_asked(asked.filter(state=ConfirmationRequest.State.ANSWERED)),
            has_waited_long=Case(
                When(submitted_at__lt=long_ago, then=Value(True)),
                default=Value(False),
                output_field=BooleanField(),
            ),
        )
    )


def with_totals(rows: QuerySet[Any]) -> QuerySet[Any]:
    """And what is reported and verified on each, social and local economic apart."""
    lines = ReturnLine.objects.filter(delivery_return=OuterRef("pk"), is_counted=True).order_by()
    kind = "commitment__measure__kind"
    return rows.annotate(
        **{
            f"{name}_{short}_pounds": _sum(lines.filter(**{kind: value}), f"{name}_pounds")
            for name in ("reported", "verified")
            for short, value in (
                ("social", Measure.Kind.SOCIAL),
                ("local", Measure.Kind.LOCAL_ECONOMIC),
            )
        }
    )


def waiting_returns(user: Any, *, now: datetime.datetime) -> QuerySet[Any]:
    """Those with something for an officer to decide, in quarters that are still open."""
    closed = _closed_here()
    rows = return_rows(user, now=now).exclude(state=DeliveryReturn.State.DRAFT).exclude(closed)
    # A return on which every line is blank has nothing to add up and still wants to be seen.
    return rows.filter(Q(open_lines__gt=0) | Q(state=DeliveryReturn.State.SUBMITTED))


@dataclass(frozen=True)
class InboxFigures:
    """What the list adds up to. `withheld` returns are left out of the pounds."""

    returns: int
    stake: Amounts
    withheld: int
    oldest: datetime.datetime | None
    waited_long: int


def inbox_figures(rows: QuerySet[Any], *, may_see_licensed: bool) -> InboxFigures:
    """One query over the list's rows."""
    counted = Q() if may_see_licensed else Q(has_withheld=False)
    found = rows.order_by().aggregate(
        returns=Count("pk"),
        social=Sum("stake_social_pounds", filter=counted),
        local=Sum("stake_local_pounds", filter=counted),
        withheld=Count("pk", filter=Q(has_withheld=True)),
        oldest=Min("submitted_at"),
        waited=Count("pk", filter=Q(has_waited_long=True)),
    )
    return InboxFigures(
        found["returns"],
        Amounts(_penny(found["social"]), _penny(found["local"])),
        0 if may_see_licensed else found["withheld"],
        found["oldest"],
        found["waited"],
    )


def filter_choices(user: Any) -> dict[str, list[tuple[str, str]]]:
    """Directorates, suppliers, quarters and themes of the returns this person may see.

    One query.
    """
    seen = DeliveryReturn.objects.visible_to(user).order_by()  # type: ignore[attr-defined]

    def branch(kind: str, rows: Any, key: Any, label: Any) -> Any:
        return rows.annotate(
            choice_kind=Value(kind, _TEXT),
            choice_key=Cast(key, _TEXT),
            choice_label=Cast(label, _TEXT),
        ).values_list("choice_kind", "choice_key", "choice_label")

    def named(kind: str, column: str) -> Any:
        held = Organisation.objects.filter(pk__in=seen.values(column)).order_by()
        return branch(kind, held, F("pk"), F("name"))

    themes = MeasureTheme.objects.filter(
        outcomes__measures__commitments__lines__delivery_return__in=seen.values("pk")
    ).order_by()
    rows = named("directorate", "contract__directorate").union(
        named("supplier", "supplier"),
        branch("quarter", seen, F("financial_year"), F("quarter")),
        branch("theme", themes, F("title"), F("title")),
    )
    held: dict[str, list[tuple[str, str]]] = {
        "directorate": [], "supplier": [], "quarter": [], "theme": [],
    }  # fmt: skip
    for kind, key, label in rows:
        held[kind].append((key, label))
    quarters = sorted({Quarter(int(year), int(part)) for year, part in held.pop("quarter")})
    for options in held.values():
        options.sort(key=lambda option: option[1].casefold())
    held["quarter"] = [(each.code, each.label) for each in reversed(quarters)]
    return held


def came_late(quarters: Iterable[Quarter]) -> Q:
    """Returns of these quarters whose first sending was after their due date."""
    found = Q(pk__in=[])
    for quarter in quarters:
        end_of_day = datetime.datetime.combine(
            due_on(quarter) + datetime.timedelta(days=1),
            datetime.time(),
            tzinfo=timezone.get_current_timezone(),
        )
        found |= Q(
            financial_year=quarter.start_year,
            quarter=quarter.number,
            first_submitted_at__gte=end_of_day,
        )
    return found


# --- one return -----------------------------------------------------------------------------


@dataclass(frozen=True)
class OtherPlace:
    """The other line of a pair. Where this person may not see it, it has no names."""

    line_number: int
    url_pk: int | None
    words: str
    reference: str
    supplier: str
    quantity: Decimal | None
    happened_on: datetime.date | None
    state: str
    verified: Decimal | None


@dataclass(frozen=True)
class Flag:
    pk: int
    kind: str
    state: str
    state_label: str
    reason: str
    decided_by: str
    other: OtherPlace


def flags_of_lines(user: Any, line_pks: Collection[int]) -> dict[int, list[Flag]]:
    """Possible double claims of these lines, with both places. One query."""
    everything, own = reach(user, "view_returns")
    directorates = {pk for role, pk in own if role == "contract_manager"}
    deep = "{}__delivery_return__contract", "{}__delivery_return__supplier"
    found: dict[int, list[Flag]] = defaultdict(list)
    for flag in (
        DuplicateFlag.objects.filter(Q(first__in=line_pks) | Q(second__in=line_pks))
        .select_related(*(path.format(side) for path in deep for side in ("first", "second")))
        .order_by("pk")
    ):
        for mine, other in ((flag.first, flag.second), (flag.second, flag.first)):
            if mine.pk in line_pks:
                contract = other.delivery_return.contract
                sees = everything or contract.directorate_id in directorates
                found[mine.pk].append(
                    Flag(
                        flag.pk, flag.get_kind_display(), flag.state, flag.get_state_display(),
                        flag.reason if sees else "", flag.decided_by_name, _place(other, sees),
                    )
                )  # fmt: skip
    return found


def _place(other: ReturnLine, sees: bool) -> OtherPlace:
    back = other.delivery_return
    if back.state == DeliveryReturn.State.DRAFT:
        return OtherPlace(
            other.number, None, "A return that was taken back", "", "", None, None, "", None
        )
    if not sees:
        return OtherPlace(
            other.number, None, "An agreement of another directorate", "", "", None, None, "", None
        )
    return OtherPlace(
        other.number,
        back.pk,
        back.contract.title,
        back.contract.reference,
        back.supplier.name,
        other.reported_quantity,
        other.happened_on,
        other.get_state_display(),
        other.verified_quantity,
    )


def requests_of(delivery_return: DeliveryReturn) -> dict[int, list[ConfirmationRequest]]:
    """Every request about the lines of a return, the latest first, withdrawn ones too. One query."""
    found: dict[int, list[ConfirmationRequest]] = defaultdict(list)
    for request in (
        ConfirmationRequest.objects.filter(line__delivery_return=delivery_return)
        .select_related("organisation")
        .order_by("-asked_at", "-pk")
    ):
        found[request.line_id].append(request)
    return found


# --- an agreement's returns -----------------------------------------------------------------


@dataclass(frozen=True)
class GridCell:
    """One supplier's return for one quarter. `row` None: none has come."""

    quarter: Quarter
    supplier: str
    row: Any
    is_expected: bool
    due: datetime.date
    is_overdue: bool


@dataclass(frozen=True)
class ReturnGrid:
    cells: tuple[GridCell, ...]
    completeness: Completeness


def contract_grid(
    contract: Contract, user: Any, *, as_of: datetime.date, now: datetime.datetime
) -> ReturnGrid:
    """Every quarter of an agreement so far and each of its suppliers: came, is late, or was not
    expected. Quarters that are not over yet are not counted as missing."""
    rows = {
        (row.period, row.supplier_id): row
        for row in with_totals(return_rows(user, now=now).filter(contract=contract))
    }
    expected: dict[tuple[Quarter, int], bool] = {}
    first = min((quarter for quarter, _ in rows), default=None)
    starts = contract.start or as_of
    quarter = min(Quarter.of(starts), first) if first else Quarter.of(starts)
    last = Quarter.of(as_of)
    span: list[Quarter] = []
    while quarter <= last and len(span) < MOST_QUARTERS:
        span.append(quarter)
        quarter = quarter.next
    if span:
        parts = [
            expected_returns(each, contracts=[contract.pk])
            .annotate(
                year=Value(each.start_year, output_field=IntegerField()),
                part=Value(each.number, output_field=IntegerField()),
            )
            .values_list("supplier_id", "year", "part")
            for each in span
        ]
        found = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
        for supplier, year, part in found:
            expected[Quarter(year, part), supplier] = True
    names = dict(
        Organisation.objects.filter(
            pk__in={supplier for _, supplier in [*rows, *expected]}
        ).values_list("pk", "name")
    )
    cells = []
    for quarter, supplier in sorted(
        {*rows, *expected}, key=lambda key: (key[0], names[key[1]]), reverse=True
    ):
        row = rows.get((quarter, supplier))
        due = due_on(quarter)
        came = row is not None and row.state != DeliveryReturn.State.DRAFT
        cells.append(
            GridCell(
                quarter, names[supplier], row, (quarter, supplier) in expected, due,
                not came and due < as_of and (quarter, supplier) in expected,
            )
        )  # fmt: skip
    over = [cell for cell in cells if cell.is_expected and cell.quarter.end < as_of]
    received = sum(
        1 for cell in over if cell.row is not None and cell.row.state != DeliveryReturn.State.DRAFT
    )
    return ReturnGrid(tuple(cells), Completeness(len(over), received))


MOST_QUARTERS = 60


def quarter_completeness(user: Any, quarter: Quarter) -> Completeness:
    """Of all agreements this person may see. One query."""
    return completeness(
        quarter, contracts=Contract.objects.visible_to(user).values("pk"), seen=seen_by(user)
    )


# --- inside ---------------------------------------------------------------------------------


def _number(lines: QuerySet[Any]) -> Coalesce:
    return Coalesce(
        Subquery(lines.values("delivery_return").annotate(n=Count("pk")).values("n")), 0
    )


def _asked(rows: QuerySet[Any]) -> Coalesce:
    return Coalesce(
        Subquery(rows.values("line__delivery_return").annotate(n=Count("pk")).values("n")), 0
    )


def _sum(lines: QuerySet[Any], name: str) -> Subquery:
    """Rounded because SQLite adds in binary; the amounts themselves have two decimals."""
    return Subquery(lines.values("delivery_return").annotate(s=Round(Sum(name), 2)).values("s"))


def _penny(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(Decimal("0.01"))


def _closed_here() -> Q:
    """Returns that count in a quarter that is closed now."""
    from trafford_sv.core.models import ClosedQuarter

    return Q(
        Exists(
            ClosedQuarter.objects.filter(
                financial_year=OuterRef("counted_year"),
                quarter=OuterRef("counted_quarter"),
                reopened_at__isnull=True,
            )
        )
    )
