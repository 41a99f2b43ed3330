"""How everything is counted, in plain English, each example worked out by the rule itself."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from trafford_sv.core.money import exact
from trafford_sv.core.parts import Table
from trafford_sv.core.periods import Quarter
from trafford_sv.core.views_base import PublicView

from ..attribution import AttributionError, check_share, percent_words
from ..counting import (
    CountingRule,
    Inputs,
    aggregate,
    exclusive_pairs,
    explain,
    quantity_words,
    warning_for,
)
from ..four_figures import Completeness, settle
from ..pacing import METHOD, METHOD_PERCENTAGE, Pace, pace
from ..profiles import even_profile
from ..restatement import RestatedLine, restate
from ..valuation import Kind, Line, add, price_line
from .measures import library_pages

# The address of a rule on the page: `counting-rules` + "#" + the measure's own `counting`.
ANCHORS = (
    *((rule.value, words) for rule, words in (
        (CountingRule.UNITS, "Counted as given"),
        (CountingRule.FTE_YEARS, "Full-time equivalent years"),
        (CountingRule.FIRST_YEAR, "The first 12 months of a job"),
        (CountingRule.HOURS_PEOPLE, "Hours times people"),
        (CountingRule.PERCENTAGE, "Percentages"),
    )),
    ("pounds", "From a quantity to pounds"),
    ("two-kinds", "Social and local economic value"),
    ("shares", "One event, several contracts"),
    ("once", "Counting once"),
    ("this-agreement", "Because of this agreement"),
    ("varied", "A promise that is varied"),
    ("blank", "Nothing and not reported"),
    ("confirmed", "Reported, confirmed, verified"),
    ("unusual", "Unusual quantities"),
    ("pace", "On pace or behind"),
    ("restated", "When values change"),
)  # fmt: skip
D = Decimal
HOUR_POUNDS = D("12.50")  # an invented value of one hour, for the examples
NO_NUMBER = "Not reported"


class CountingRules(PublicView):
    """Figures are invented; every result on the page comes out of the function that counts."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "How social value is counted",
            "breadcrumbs": [
                ("Measures", reverse("measure-list")),
                ("How social value is counted", None),
            ],
            "pages": library_pages(request),
            "anchors": ANCHORS,
            "units": _worked(CountingRule.UNITS, Inputs(quantity=D(3)), Inputs(quantity=D(0))),
            "fte": _worked(
                CountingRule.FTE_YEARS,
                Inputs(fte=D("12.5"), months=D(24)),
                Inputs(fte=D(1), months=D(12)),
                Inputs(fte=D(1), months=D(3)),
            ),
            "first_year": _worked(
                CountingRule.FIRST_YEAR,
                Inputs(people=D(1), months=D(18)),
                Inputs(people=D(2), months=D(6)),
                Inputs(people=D(1), months=D(3), months_before=D(10)),
            ),
            "hours": _worked(CountingRule.HOURS_PEOPLE, Inputs(hours=D(2), people=D(8))),
            "percent": _quarters(CountingRule.PERCENTAGE, (D(80), None, D(90)), "%"),
            "pounds": _pounds(),
            "shares": _shares(),
            "varied": _varied(),
            "pairs": exclusive_pairs(["Expert hours", "Volunteer hours"], _EXCLUSIONS),
            "blank": _quarters(CountingRule.UNITS, (D(12), D(0), None, D(8)), ""),
            "completeness": Completeness(4, 3).sentence,
            "confirmed": _confirmed(),
            "warning": warning_for(CountingRule.UNITS, D(4000), D(1000)),
            "pace": _pace(D(20), D(20)),
            "pace_missing": _pace(D(20), None),
            "pace_method": METHOD,
            "pace_method_percentage": METHOD_PERCENTAGE,
            "restated": _restated(),
        }
        return render(request, "contracts/counting_rules.html", context)


_EXCLUSIONS = {"Expert hours": frozenset({"Volunteer hours"})}


def _varied() -> Table:
    """100 hours promised, 40 verified, then 30 from then on."""
    kept, later = (price_line(D(n), HOUR_POUNDS, Kind.SOCIAL) or D(0) for n in (40, 30))
    return Table(
        "For example: 100 hours promised, 40 of them verified, then varied to 30 more",
        ("Committed from then on", "Hours", "Pounds"),
        [
            ("Verified under the old promise", "40", exact(kept)),
            ("The new promise", "30", exact(later)),
        ],
        numeric=frozenset({1, 2}),
        total=("Together", "70", exact(kept + later)),
    )


def _worked(rule: CountingRule, *examples: Inputs) -> list[str]:
    return [explain(rule, example) for example in examples]


def _quarters(rule: CountingRule, quantities: tuple[Decimal | None, ...], sign: str) -> Table:
    first = Quarter(2026, 1)
    rows = []
    for quantity in quantities:
        rows.append((first.short, _words(quantity, sign)))
        first = first.next
    return Table(
        # Each table is a landmark of the page, so each has a name of its own.
        f"For example, {len(quantities)} quarters, {'shares' if sign else 'quantities'}",
        ("Return for", "Reported"),
        rows,
        numeric=frozenset({1}),
        total=(
            "The latest, which stands" if rule == CountingRule.PERCENTAGE else "Together",
            _words(aggregate(rule, quantities), sign),
        ),
    )


def _pounds() -> Table:
    quantities = (D("16"), D("0.3"), D("0.3"), D(0))
    amounts = [price_line(quantity, D("0.05"), Kind.SOCIAL) for quantity in quantities]
    total = add(Line(Kind.SOCIAL, amount) for amount in amounts).social_pounds
    return Table(
        "For example, at £0.05 for each one",
        ("Quantity", "Before rounding", "Pounds"),
        [
            (quantity_words(quantity), f"£{quantity * D('0.05'):f}", _money(amount))
            for quantity, amount in zip(quantities, amounts, strict=True)
        ],
        numeric=frozenset({1, 2}),
        total=("Together", "", _money(total)),
    )


def _shares() -> Table:
    rows: list[tuple[str, ...]] = []
    held: list[Decimal] = []
    for name, wanted in (("First", D("0.5")), ("Second", D("0.3")), ("Third", D("0.3"))):
        try:
            check_share(held, wanted)
        except AttributionError as refusal:
            answer = str(refusal)
        else:
            held.append(wanted)
            answer = f"Accepted. {percent_words(sum(held, D(0)))} is claimed."
        rows.append((f"{name} contract", percent_words(wanted), answer))
    return Table("For example, three claims of one event", ("Who claims", "Share", "Answer"), rows)


def _confirmed() -> Table:
    settled = settle(D(40), D(40), D(25), confirmation_asked=True)
    return Table(
        "For example, hours at a hub",
        ("A supplier claims 40 hours and the hub confirms 25", "Hours"),
        [
            ("Reported", _words(settled.reported)),
            ("Verified", _words(settled.verified)),
            ("Disputed, shown to both sides", _words(settled.disputed)),
        ],
        numeric=frozenset({1}),
    )


def _pace(first: Decimal | None, second: Decimal | None) -> Pace:
    start, end = datetime.date(2026, 4, 1), datetime.date(2027, 3, 31)
    delivered = {Quarter(2026, 1): first, Quarter(2026, 2): second}
    return pace(D(100), even_profile(D(100), start, end), delivered, datetime.date(2026, 9, 30))


def _restated() -> Table:
    found = restate(
        [RestatedLine("hours", "hours", D(10), HOUR_POUNDS), RestatedLine("days", "days", D(2), D(20))],
        [RestatedLine("hours", "hours", D(12), D("13.00")), RestatedLine("days", "days", D(2), None)],
    )  # fmt: skip
    return Table(
        "For example, 12 hours and 2 days",
        ("What changed", "Pounds"),
        [
            ("Before, under the first edition", _money(found.before_pounds)),
            ("More or less was delivered", _money(found.delivery_pounds)),
            ("The value of one unit changed", _money(found.value_pounds)),
            ("A measure came in or went out", _money(found.scope_pounds)),
        ],
        numeric=frozenset({1}),
        total=("After, under the second edition", _money(found.after_pounds)),
    )


def _words(quantity: Decimal | None, sign: str = "") -> str:
    return NO_NUMBER if quantity is None else quantity_words(quantity) + sign


def _money(amount: Decimal | None) -> str:
    return NO_NUMBER if amount is None else exact(amount)
