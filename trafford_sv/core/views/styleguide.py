"""The gallery of page parts, with invented figures."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .. import charts, parts
from ..charts import Bar, Part, Place, Series, Stack
from ..charts.drawing import Paint
from ..form_fields import PoundsField
from ..money import exact, readable
from ..parts import Figure, Link, State, Tag, Tone
from ..views_base import PublicView

M = Decimal(1_000_000)


class SampleForm(forms.Form):
    """One of every kind of control."""

    title = forms.CharField(label="Title", help_text="As it is written on the award notice")
    value = PoundsField(label="Value", help_text="For the whole term, without VAT")
    awarded = forms.DateField(label="Award date")
    email = forms.EmailField(label="E-mail address")
    months = forms.IntegerField(label="Length in months")
    stage = forms.ChoiceField(
        label="Stage", choices=[("", "Choose one"), ("planned", "Planned"), ("active", "Active")]
    )
    regime = forms.ChoiceField(
        label="Rules it was bought under",
        widget=forms.RadioSelect,
        choices=[("2023", "Procurement Act 2023"), ("2015", "Public Contracts Regulations 2015")],
    )
    wards = forms.MultipleChoiceField(
        label="Wards it serves",
        widget=forms.CheckboxSelectMultiple,
        choices=[("a", "First ward"), ("b", "Second ward"), ("c", "Third ward")],
    )
    note = forms.CharField(label="Note", widget=forms.Textarea, required=False)
    file = forms.FileField(label="Award notice", required=False)
    password = forms.CharField(label="Password", widget=forms.PasswordInput, required=False)
    agree = forms.BooleanField(label="I have checked these answers")


class Styleguide(PublicView):
    """Every part on one page, each with the name of its template."""

    def get(self, request: HttpRequest) -> HttpResponse:
        bad = SampleForm({"awarded": "31/02/2026", "value": "about 5,000", "months": "a year"})
        context: dict[str, Any] = {
            "title": "Page parts",
            "breadcrumbs": [("Start", "/"), ("Page parts", None)],
            "figures": figures(),
            "states": [state for state in State if state is not State.PLAIN],
            "tones": list(Tone),
            "needs": needs(),
            "sample": SampleForm(prefix="sample"),
            "wrong": bad,
            "facts": facts(),
            "events": events(),
            "empty": parts.EmptyState(
                "No contracts yet",
                "This is where every contract the Council awards will be listed. "
                "Begin by importing a file, or record one by hand.",
                Link("Import contracts", "#empty"),
            ),
            **list_context(),
            "bars": directorates(),
            "columns": years(),
            "stack": retained(),
            "solid": solidities(),
            "line": quarters(),
            "wards": wards(),
            "ward_choice": wards("ward-choice"),
            "ward_drawing": wards("ward-drawing"),
            "table": parts.Table(
                "Awarded value by stage",
                ("Stage", "Contracts", "Value"),
                [("Planned", 4, "£1,200,000.00"), ("Active", 41, "£38,410,250.00")],
                numeric=frozenset({1, 2}),
                total=("Total", 45, "£39,610,250.00"),
            ),
        }
        return render(request, "core/styleguide.html", context)


def figures() -> list[Figure]:
    return [
        Figure(
            "Social value verified",
            readable(Decimal("1243118.20")),
            exact=exact(Decimal("1243118.20")),
            state=State.VERIFIED,
            of_what="of £3.8 million committed",
            completeness="11 of 14 returns are in",
            change="£212,000 more than at the end of March",
            way_in=Link("Show the 214 rows", "#figures"),
        ),
        Figure(
            "Reported by suppliers",
            "£1.91 million",
            exact="£1,911,402.00",
            state=State.REPORTED,
            of_what="of £3.8 million committed",
        ),
        Figure("Committed in contracts", "£3.8 million", state=State.COMMITTED),
        Figure("Offered in bids", "£5.2 million", state=State.OFFERED),
        Figure(
            "Local jobs",
            "£640,000",
            state=State.VERIFIED,
            local_economic=True,
            of_what="of local economic value",
        ),
        Figure(
            "Apprenticeships",
            None,
            missing="Not reported",
            completeness="0 of 3 returns are in",
        ),
    ]


def needs() -> list[parts.Need]:
    return [
        parts.Need(
            "Find where 12 payees are",
            "#needs",
            "They are half of the spend whose location is not known",
            Tag("Worth most", Tone.WARNING),
            Decimal("8400000"),
        ),
        parts.Need("Look at 7 rejected rows", "#needs", "Award notices, imported on 3 May 2026"),
        parts.Need(
            "Give notice on Sample Grounds Care",
            "#needs",
            "Notice is due on 30 May 2026",
            Tag("In 6 days", Tone.BAD),
        ),
    ]


def facts() -> list[parts.SummaryRow]:
    return [
        parts.SummaryRow("Supplier", "Sample Grounds Care Ltd"),
        parts.SummaryRow("Value", "£180,000.00", note="For the whole term, without VAT"),
        parts.SummaryRow("Ends", None, action=Link("Add", "#summary")),
        parts.SummaryRow(
            "Must carry social value",
            "Yes",
            note="Awarded 3 May 2025 at £180,000.00; the threshold was then £50,000.00",
        ),
    ]


def events() -> list[parts.TimelineEntry]:
    return [
        parts.TimelineEntry(
            "End date changed", datetime.date(2026, 5, 3), "A. Sample", "Extended by one year."
        ),
        parts.TimelineEntry("Imported from award notices", datetime.date(2026, 4, 28)),
        parts.TimelineEntry("Awarded", datetime.date(2025, 5, 3)),
    ]


def list_context() -> dict[str, Any]:
    links = [
        parts.PageLink(1, "#list", True),
        parts.PageLink(2, "#list"),
        parts.PageLink(None),
        parts.PageLink(9, "#list"),
    ]
    return {
        "headings": [
            parts.Heading("Contract", url="#list"),
            parts.Heading("Stage"),
            parts.Heading("Ends", url="#list"),
            parts.Heading("Value", numeric=True, url="#list", order="descending"),
        ],
        "contracts": [
            (
                "Grounds care, south",
                "TS-0041",
                Tag("Active", Tone.GOOD),
                "3 May 2027",
                "£1,180,000.00",
            ),
            (
                "School meals",
                "TS-0017",
                Tag("Ending soon", Tone.WARNING),
                "30 June 2026",
                "£912,400.00",
            ),
            ("Library fittings", "TS-0102", Tag("Planned", Tone.INFO), None, "£54,000.00"),
        ],
        "chosen": [
            parts.ChosenFilter("Stage", "Active", "#list"),
            parts.ChosenFilter("Value", "from £50,000", "#list"),
        ],
        "clear_url": "#list",
        "paging": parts.Paging(1, 50, 412, links, "", "#list"),
        "noun": "contracts",
    }


def directorates() -> charts.Chart:
    rows = [("Place", "4.2"), ("Children's Services", "2.75"), ("Adults and Wellbeing", "1.9")]
    bars = [
        Bar(name, Decimal(size) * M, readable(Decimal(size) * M), url="#charts")
        for name, size in rows
    ]
    bars.append(Bar("Strategy and Resources", None, ""))
    return charts.bar_chart(
        key="directorates",
        title="Place holds almost half of the value that must carry social value",
        subtitle="Value of contracts over the threshold by directorate, awarded in 2025-26",
        bars=bars,
        headings=("Directorate", "Value"),
    )


def years() -> charts.Chart:
    rows = [("2022-23", "3.1"), ("2023-24", "4.4"), ("2024-25", "3.9"), ("2025-26", "6.2")]
    return charts.column_chart(
        key="years",
        title="More was awarded in 2025-26 than in any year before",
        subtitle="Value of contracts by the year of award",
        bars=[Bar(year, Decimal(size) * M, readable(Decimal(size) * M)) for year, size in rows],
        headings=("Year", "Value"),
    )


PLACES = (
    Part("In the borough", Paint.VERIFIED),
    Part("Nearby", Paint.REPORTED),
    Part("Elsewhere", Paint.OTHER),
    Part("Location unknown", Paint.UNKNOWN),
)


def retained() -> charts.Chart:
    rows = [
        ("2023-24", (31, 28, 22, 19)),
        ("2024-25", (34, 27, 25, 14)),
        ("2025-26", (38, 26, 27, 9)),
    ]
    return charts.stacked_chart(
        key="retained",
        title="£0.38 of each £1 stayed in the borough, and less is unknown each year",
        subtitle="Contestable spend by where the supplier is, share of each year",
        parts=PLACES,
        stacks=[Stack(year, [Decimal(value) for value in values]) for year, values in rows]
        + [Stack("2026-27", None)],
        heading="Year",
        as_share=True,
    )


def solidities() -> charts.Chart:
    parts_ = (
        Part("Verified", Paint.VERIFIED),
        Part("Reported", Paint.REPORTED),
        Part("Committed", Paint.COMMITTED),
        Part("Offered", Paint.OFFERED),
    )
    rows = [("Social value", (1.2, 0.7, 1.9, 1.4))]
    return charts.stacked_chart(
        key="solidities",
        title="Verified value passed a quarter of what was promised",
        subtitle="Social value by how far it is proved, April to June 2026",
        parts=parts_,
        stacks=[
            Stack(
                name,
                [Decimal(str(value)) * M for value in values],
                [readable(Decimal(str(value)) * M) for value in values],
                "£5.2 million",
            )
            for name, values in rows
        ],
        heading="Kind",
    )


def quarters() -> charts.Chart:
    def series(name: str, *values: str | None) -> Series:
        return Series(name, [None if value is None else Decimal(value) * M for value in values])

    return charts.line_chart(
        key="quarters",
        title="Delivery has kept pace with promises since the summer",
        subtitle="Promised and verified value by quarter, running total",
        points=["Q1 2025/26", "Q2 2025/26", "Q3 2025/26", "Q4 2025/26", "Q1 2026/27"],
        series=[
            series("Promised", "0.6", "1.3", "2.1", "2.8", "3.6"),
            series("Verified", "0.1", "0.4", None, "1.9", "2.6"),
        ],
        text=readable,
        heading="Quarter",
    )


def wards(key: str = "wards") -> charts.WardMap:
    """Nine invented wards on a grid: the gallery needs no database."""
    names = "Alder Ash Beech Birch Elm Hazel Oak Rowan Willow".split()
    values = (0, 2, 3, 5, 8, 12, None, 1, 4)
    places = []
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        x, y = number % 3, number // 3
        corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]
        bent = [(-2.4 + (a + b % 2 / 9) / 40, 53.4 + (b + a % 2 / 7) / 60) for a, b in corners]
        places.append(
            Place(
                f"S{number}",
                f"{name} ward",
                {"type": "Polygon", "coordinates": [bent]},
                None if value is None else Decimal(value),
                f"{value}",
                "#map",
            )
        )
    return charts.ward_map(
        key=key,
        title="Most contracts serve the middle of the borough",
        subtitle="Contracts by the ward they serve (invented wards)",
        places=places,
        headings=("Ward", "Contracts"),
    )
