"""Template tags for the shared page parts: no `{% load %}` needed. See `docs/page-parts.md`."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import gds as design
from .. import money
from ..charts import Chart, WardMap
from ..navigation import FOOTER, NAVIGATION, Menu, NavigationLink, menu_for, navigation_for
from ..parts import EmptyState, Figure, Need, Paging, SummaryRow, Table, Tag, TimelineEntry, Tone
from ..periods import MONTHS

register = template.Library()
NOT_KNOWN = "Not known"


# Design System components


@register.simple_tag
def gds(name: str, **arguments: Any) -> SafeString:
    """`{% gds "button" text="Save" %}`; `label__text=` nests; snake_case becomes camelCase."""
    return design.component(name, design.params_from(arguments))


@register.simple_tag
def gds_field(bound: Any, **options: Any) -> SafeString:
    """`{% gds_field form.name %}`; the options are those of `core.gds.field`."""
    return design.field(bound, **options)


@register.simple_tag
def gds_fields(form: Any, **options: Any) -> SafeString:
    """Every field of a form, hidden ones included, in order."""
    return SafeString("\n".join(design.field(bound, **options) for bound in form))


@register.simple_tag
def gds_errors(*forms: Any, title: str = "There is a problem", focus: bool = True) -> SafeString:
    """`{% gds_errors form formset %}`: the summary at the top of the page, or nothing."""
    return design.errors(forms, title, focus=focus)


# Menu


@register.simple_tag(takes_context=True)
def service_navigation(context: Context) -> Menu:
    return menu_for(NAVIGATION, **_reader(context))


@register.simple_tag(takes_context=True)
def footer_navigation(context: Context) -> list[NavigationLink]:
    return navigation_for(FOOTER, **_reader(context))


def _reader(context: Context) -> dict[str, Any]:
    request = context.get("request")
    user = context.get("user")
    return {
        "permissions": context.get("permissions") or frozenset(),
        "path": request.path if request is not None else "",
        "signed_in": bool(user is not None and user.is_authenticated),
    }


@register.simple_tag
def url_if_any(name: str) -> str:
    """The address of a page, or "" where this product does not have it (yet)."""
    from ..navigation import url_of

    return url_of(name)


# Parts


@register.inclusion_tag("components/summary_figure.html")
def figure(figure: Figure) -> dict[str, Any]:
    return {"figure": figure}


@register.inclusion_tag("components/empty_state.html")
def empty_state(empty: EmptyState) -> dict[str, Any]:
    return {"empty": empty}


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Sequence[SummaryRow]) -> dict[str, Any]:
    return {"rows": rows}


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Sequence[TimelineEntry]) -> dict[str, Any]:
    return {"entries": entries}


@register.inclusion_tag("components/table.html")
def data_table(table: Table) -> dict[str, Any]:
    return {"table": table}


@register.inclusion_tag("components/chart.html")
def chart(chart: Chart, level: int = 3) -> dict[str, Any]:
    """`{% chart retained %}`; `level` is the heading level of its title."""
    return {
        "chart": chart,
        "level": level,
        "drawings": [("wide", chart.wide), ("narrow", chart.narrow)],
    }


@register.inclusion_tag("components/ward_map.html")
def ward_map(ward_map: WardMap, level: int = 3) -> dict[str, Any]:
    return {"map": ward_map, "level": level}


@register.inclusion_tag("components/ward_choice.html")
def ward_choice(ward_map: WardMap, chooses: str) -> dict[str, Any]:
    """`{% ward_choice map "wards" %}`, beside tick boxes of that name labelled with wards' names."""
    return {"map": ward_map, "chooses": chooses}


@register.inclusion_tag("components/paging.html")
def paging(paging: Paging, noun: str = "rows") -> dict[str, Any]:
    return {"paging": paging, "noun": noun}


@register.inclusion_tag("components/needs.html")
def needs(needs: Sequence[Need]) -> dict[str, Any]:
    return {"needs": needs}


@register.simple_tag
def status_tag(tag: Tag | str, tone: str = "neutral") -> SafeString:
    """`{% status_tag "Expired" "warning" %}` or `{% status_tag row.status %}` (a parts.Tag)."""
    text, tone = (tag.text, tag.tone) if isinstance(tag, Tag) else (tag, tone)
    return format_html('<strong class="govuk-tag sv-tag sv-tag--{}">{}</strong>', Tone(tone), text)


# Words


@register.filter
def pounds(amount: Decimal | None, missing: str = NOT_KNOWN) -> str:
    """For checking: £1,243,118.20."""
    return missing if amount is None else money.exact(amount)


@register.filter
def pounds_short(amount: Decimal | None, missing: str = NOT_KNOWN) -> str:
    """For reading: £1.24 million."""
    return missing if amount is None else money.readable(amount)


@register.filter
def share(value: Decimal | None, places: int = 0) -> str:
    """0.53 as 53%; None as "not available"."""
    return money.percentage(value, places)


@register.filter
def number(value: int | Decimal | None, missing: str = NOT_KNOWN) -> str:
    """12,345."""
    return missing if value is None else f"{value:,}".replace("-", "−")


@register.filter
def quantity(value: Decimal | None, missing: str = NOT_KNOWN) -> str:
    """12.5, 1,200: an amount that is not money, without the zeros that it is stored with."""
    if value is None:
        return missing
    text = f"{value:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


@register.filter
def day(value: datetime.date | datetime.datetime | None, missing: str = NOT_KNOWN) -> str:
    """3 May 2026."""
    if not value:
        return missing
    if isinstance(value, datetime.datetime) and value.tzinfo:
        value = timezone.localtime(value)
    # Not date_format: this runs for every cell of a list.
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


@register.filter
def moment(value: datetime.datetime | None, missing: str = NOT_KNOWN) -> str:
    """3 May 2026 at 14:05."""
    if not value or not isinstance(value, datetime.datetime):
        return day(value, missing)
    local = timezone.localtime(value) if value.tzinfo else value
    return f"{day(local)} at {local:%H:%M}"


@register.filter
def plural(count: int, words: str) -> str:
    """`{{ n|plural:"contract,contracts" }}` as "1 contract", "1,204 contracts"."""
    one, many = words.split(",")
    return f"{count:,} {one if count == 1 else many}"
