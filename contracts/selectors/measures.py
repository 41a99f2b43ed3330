"""Reading the library: what a person may see of it, and which value counts on a day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from trafford_sv.core.access import can
from trafford_sv.directory.models import Area

from ..licensing import may_show_text, may_show_value
from ..models import Measure, MeasureEdition, MeasureValue
from ..models.measures import in_force

# --- which value counts on a day ----------------------------------------------------------


def value_for(
    measure: Measure, day: datetime.date, area: Area | None = None
) -> MeasureValue | None:
    """The value of one unit in force that day: the most local that there is, else the general.

    None is legal: "no value in this edition".
    """
    return values_for([measure], day, area).get(measure.pk)


def values_for(
    measures: Iterable[Measure], day: datetime.date, area: Area | None = None
) -> dict[int, MeasureValue]:
    """`value_for` of many measures in one query, by the measure's key."""
    nearness = {place: steps for steps, place in enumerate(_area_and_above(area))}
    far = len(nearness)
    found: dict[int, MeasureValue] = {}
    for value in in_force(MeasureValue.objects.filter(measure__in=list(measures)), day):
        if value.area_id is not None and value.area_id not in nearness:
            continue
        best = found.get(value.measure_id)
        if best is None or _rank(value, nearness, far) < _rank(best, nearness, far):
            found[value.measure_id] = value
    return found


def _rank(value: MeasureValue, nearness: dict[int, int], far: int) -> tuple[int, int]:
    steps = far if value.area_id is None else nearness[value.area_id]
    return steps, -value.valid_from.toordinal()


def _area_and_above(area: Area | None) -> list[int]:
    found: list[int] = []
    while area is not None and area.pk not in found:
        found.append(area.pk)
        area = area.parent
    return found


# --- who may see what ---------------------------------------------------------------------


def visible_editions(user: Any) -> QuerySet[MeasureEdition]:
    """Every edition's name and licence is public; a draft is for those who prepare it."""
    found = MeasureEdition.objects.all()
    if can(user, "change_measures"):
        return found
    return found.exclude(status=MeasureEdition.Status.DRAFT)


def visible_measures(user: Any) -> QuerySet[Measure]:
    """Measures whose words this person may read on a page."""
    found = Measure.objects.filter(edition__in=visible_editions(user))
    if can(user, "view_measures"):
        return found
    return found.filter(edition__text_may_be_published=True)


@dataclass(frozen=True)
class Sight:
    """What one reader may see of licensed editions. `outward`: an export or an API answer."""

    may_see_licensed: bool
    outward: bool = False

    @classmethod
    def of(cls, user: Any, *, outward: bool = False) -> Sight:
        return cls(can(user, "see_licensed_values"), outward)

    def value(self, edition: MeasureEdition) -> bool:
        return may_show_value(
            edition.values_may_be_published,
            may_see_licensed=self.may_see_licensed,
            outward=self.outward,
        )

    def text(self, edition: MeasureEdition) -> bool:
        # Rows whose words are not for a visitor are not in `visible_measures` at all.
        return may_show_text(edition.text_may_be_published, is_public=False, outward=self.outward)


def measure_rows(user: Any, day: datetime.date) -> QuerySet[Measure]:
    """The list's rows, each with the general value in force that day."""
    values = in_force(
        MeasureValue.objects.filter(measure=OuterRef("pk"), area__isnull=True), day
    ).order_by("-valid_from")
    return (
        visible_measures(user)
        .select_related("edition", "outcome__theme")
        .annotate(
            current_value_pounds=Subquery(values.values("value_pounds")[:1]),
            current_confidence=Subquery(values.values("confidence")[:1]),
        )
    )


# --- one edition --------------------------------------------------------------------------


@dataclass(frozen=True)
class EditionLine:
    edition: MeasureEdition
    social: int
    local_economic: int
    record_only: int

    @property
    def measures(self) -> int:
        return self.social + self.local_economic + self.record_only


def edition_lines(user: Any) -> tuple[EditionLine, ...]:
    """Editions with their counts, the default first. One query beside the person's grants."""

    def of_kind(kind: str) -> Count:
        return Count("measures", filter=Q(measures__kind=kind))

    rows = visible_editions(user).annotate(
        social=of_kind("social"),
        local_economic=of_kind("local_economic"),
        record_only=of_kind("record_only"),
    )
    return tuple(EditionLine(row, row.social, row.local_economic, row.record_only) for row in rows)


@dataclass(frozen=True)
class ThemeLine:
    title: str
    measures: int


def theme_lines(user: Any) -> tuple[ThemeLine, ...]:
    """Themes of every edition that is in use, with how many measures each has, as they stand."""
    counts: dict[str, int] = {}
    for title, number in (
        visible_measures(user)
        .filter(edition__status=MeasureEdition.Status.IN_USE)
        .values_list("outcome__theme__title")
        .annotate(number=Count("pk"))
        .order_by("-edition__is_default", "outcome__theme__position")
    ):
        counts[title] = counts.get(title, 0) + number
    return tuple(ThemeLine(title, number) for title, number in counts.items())


# --- one measure --------------------------------------------------------------------------


@dataclass(frozen=True)
class ValueLine:
    """One dated value. `value_pounds` None: the licence keeps it from this reader."""

    value_pounds: Decimal | None
    valid_from: datetime.date
    until: datetime.date | None
    area: str
    price_year: str
    source_title: str
    source_address: str
    licence: str
    method: str
    is_confirmed: bool
    is_in_force: bool
    is_yet_to_come: bool


@dataclass(frozen=True)
class Crosswalk:
    framework: str
    reference: str
    title: str
    is_confirmed: bool


@dataclass(frozen=True)
class MeasureDetail:
    measure: Measure
    values: tuple[ValueLine, ...]
    value_is_withheld: bool
    exclusive_with: tuple[Measure, ...]
    crosswalks: tuple[Crosswalk, ...]
    elsewhere: tuple[Measure, ...]

    @property
    def current(self) -> ValueLine | None:
        return next((line for line in self.values if line.is_in_force and not line.area), None)


def measure_detail(measure: Measure, user: Any, day: datetime.date) -> MeasureDetail:
    """A measure with its history of values, newest first."""
    shown = Sight.of(user).value(measure.edition)
    values = list(measure.values.select_related("area"))
    return MeasureDetail(
        measure=measure,
        values=_value_lines(values, day, shown),
        value_is_withheld=bool(values) and not shown,
        exclusive_with=tuple(measure.exclusive_with.select_related("edition")),
        crosswalks=tuple(
            Crosswalk(row.framework, row.reference, row.title, row.is_confirmed)
            for row in sorted(
                measure.crosswalks.all(), key=lambda row: (row.framework, _number(row.reference))
            )
        ),
        elsewhere=tuple(
            visible_measures(user)
            .filter(code=measure.code)
            .exclude(pk=measure.pk)
            .select_related("edition")
        ),
    )


def _number(reference: str) -> tuple[int, str]:
    return (int(reference) if reference.isdigit() else 0, reference)


def _value_lines(
    values: Sequence[MeasureValue], day: datetime.date, shown: bool
) -> tuple[ValueLine, ...]:
    """Each value holds until its own end, or until the next one of its area begins."""
    lines = []
    nexts: dict[int | None, datetime.date] = {}
    winners: set[int | None] = set()
    for value in sorted(values, key=lambda value: value.valid_from, reverse=True):
        ends = [end for end in (value.valid_to, _day_before(nexts.get(value.area_id))) if end]
        until = min(ends, default=None)
        nexts[value.area_id] = value.valid_from
        holds = value.valid_from <= day and (until is None or until >= day)
        winners |= {value.area_id} if holds else set()
        lines.append(
            ValueLine(
                value_pounds=value.value_pounds if shown else None,
                valid_from=value.valid_from,
                until=until,
                area=value.area.name if value.area else "",
                price_year=value.price_year,
                source_title=value.source_title,
                source_address=value.source_address,
                licence=value.licence,
                # The arithmetic holds the value, so it goes where the value goes.
                method=value.method if shown else "",
                is_confirmed=value.confidence == "confirmed",
                is_in_force=holds,
                is_yet_to_come=value.valid_from > day,
            )
        )
    return tuple(lines)


def _day_before(day: datetime.date | None) -> datetime.date | None:
    return day - datetime.timedelta(days=1) if day else None
