"""The base of every list page: filter, sort, page and export one queryset.

A subclass says what is listed; this does the rest with a constant number of queries.
See `docs/page-parts.md` for a whole example.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet
from django.forms import ModelMultipleChoiceField, MultipleChoiceField, MultiWidget
from django.forms.boundfield import BoundField
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils.formats import date_format
from django_filters import FilterSet

from .exports import CONTENT_TYPES, ExportColumn, export_response
from .parts import ChosenFilter, EmptyState, Heading, Link, PageLink, Paging
from .views_base import PermissionView


@dataclass(frozen=True)
class Sort:
    """One way to sort: `up` and `down` say it in words ("smallest first", "largest first")."""

    label: str
    order_by: tuple[str, ...]
    up: str = "A to Z"
    down: str = "Z to A"


@dataclass(frozen=True)
class Column:
    """A heading; `sort` is a key of `sorts`; `numeric` aligns right with tabular figures."""

    text: str
    sort: str = ""
    numeric: bool = False
    hidden: bool = False


def _query(parameters: QueryDict, path: str) -> str:
    return f"{path}?{parameters.urlencode()}" if parameters else path


def changed(request: HttpRequest, **changes: str | None) -> str:
    """This address with some parameters replaced, or dropped where None."""
    parameters = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = value
    return _query(parameters, request.path)


class KeysFirstPaginator(Paginator):
    """For long tables: finds a page's keys, from whichever end is nearer, and reads and joins
    these rows alone, where an offset would read and join every row before them as well.

    Annotations of the list are not on the rows of its pages.
    """

    object_list: QuerySet[Any]

    def page(self, number: Any) -> Any:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        rows = self.object_list
        if first > self.count // 2:
            keys = rows.reverse().values("pk")[self.count - last : self.count - first]
        else:
            keys = rows.values("pk")[first:last]
        found = rows.model._default_manager.filter(pk__in=keys).order_by(*rows.query.order_by)
        found.query.select_related = rows.query.select_related
        return Page(found, number, self)


class ListMixin:
    """Set the class attributes and `get_queryset`; override `get_context` to add to the page."""

    request: HttpRequest
    title: str = ""
    introduction: str = ""
    caption: str = ""
    noun: str = "row"
    noun_plural: str = ""
    filterset_class: type[FilterSet] | None = None
    sorts: ClassVar[dict[str, Sort]] = {}
    default_sort: str = ""
    page_size: int = 50
    paginator_class: type[Paginator] = Paginator
    template_name: str = "components/list_page.html"
    row_template: str = ""
    columns: Sequence[Column] = ()
    export_columns: Sequence[ExportColumn] = ()
    export_name: str = ""
    empty_state: EmptyState = EmptyState("There is nothing here yet")
    main_action: Link | None = None

    def get_queryset(self) -> QuerySet[Any]:
        """All rows this person may see, with what the row template reads already joined."""
        raise NotImplementedError

    def get_context(self) -> dict[str, Any]:
        """More context for the template."""
        return {}

    def get_export_queryset(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Override to join what only the export reads."""
        return rows

    def get_main_action(self) -> Link | None:
        return self.main_action

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = self.get_queryset()
        filterset = None
        valid = True
        if self.filterset_class is not None:
            filterset = self.filterset_class(request.GET, queryset=rows, request=request)
            valid = filterset.is_valid()
            # What could be understood still applies; the page says what was not.
            rows = filterset.qs
        sort = self._sort(request.GET.get("sort", ""))
        rows = self._ordered(rows, sort)
        kind = request.GET.get("format", "")
        if kind in CONTENT_TYPES and self.export_columns and valid:
            return export_response(
                kind,
                self.export_columns,
                self.get_export_queryset(rows).iterator(chunk_size=2000),
                name=self.export_name or self.title.lower().replace(" ", "-"),
                title=self.title,
            )
        paginator = self.paginator_class(rows, self.page_size)
        page = paginator.get_page(request.GET.get("page"))
        # For `get_context`: what one more query brings for the rows on this page, or for all
        # filtered rows (`self.page.paginator.object_list`).
        self.page, self.filters_valid = page, valid
        chosen = self._chosen(filterset) if filterset is not None else []
        plural = self.noun_plural or f"{self.noun}s"
        form = filterset.form if filterset is not None else None
        search = form["q"] if form is not None and "q" in form.fields else None
        fields = [bound for bound in form if bound is not search] if form is not None else []
        context = {
            "title": self.title,
            "introduction": self.introduction,
            "caption": self.caption or self.title,
            "noun": self.noun if paginator.count == 1 else plural,
            "count": paginator.count,
            "rows": page.object_list,
            "row_template": self.row_template,
            "headings": self._headings(sort),
            "paging": self._paging(paginator, page),
            "chosen": chosen,
            "clear_url": request.path,
            "filter_form": form,
            "filter_search": search,
            "filter_fields": fields,
            "filter_open": not valid or any(c.label != "Search" for c in chosen),
            "filters_valid": valid,
            "sort": sort,
            "sort_options": self._sort_options(),
            "exports": [
                Link(
                    {"csv": "CSV", "xlsx": "Excel"}[name], changed(request, format=name, page=None)
                )
                for name in CONTENT_TYPES
            ]
            if self.export_columns and valid and paginator.count
            else [],
            "empty_state": self.empty_state,
            "main_action": self.get_main_action(),
            "has_errors": not valid,
        }
        context |= self.get_context()
        return render(
            request, self.template_name, context, status=400 if kind and not valid else 200
        )

    def _sort(self, wanted: str) -> str:
        return (
            wanted if wanted.lstrip("-") in self.sorts and wanted[:2] != "--" else self.default_sort
        )

    def _ordered(self, rows: QuerySet[Any], sort: str) -> QuerySet[Any]:
        keys: list[Any] = []
        key = sort.removeprefix("-")
        if key in self.sorts:
            for name in self.sorts[key].order_by:
                down = name.startswith("-") ^ sort.startswith("-")
                bare = name.removeprefix("-")
                # Rows without a value come last either way, on both databases.
                last = True if _may_be_null(rows, bare) else None
                keys.append(F(bare).desc(nulls_last=last) if down else F(bare).asc(nulls_last=last))
        elif rows.query.order_by:
            keys = list(rows.query.order_by)
        else:
            keys = list(rows.model._meta.ordering)
        return rows.order_by(*keys, "pk")

    def _headings(self, sort: str) -> list[Heading]:
        headings = []
        for column in self.columns:
            url = order = ""
            if column.sort in self.sorts:
                if sort.removeprefix("-") == column.sort:
                    order = "descending" if sort.startswith("-") else "ascending"
                url = changed(
                    self.request,
                    sort=f"-{column.sort}" if order == "ascending" else column.sort,
                    page=None,
                )
            headings.append(Heading(column.text, column.numeric, url, order, column.hidden))
        return headings

    def _sort_options(self) -> list[tuple[str, str]]:
        options = []
        for key, sort in self.sorts.items():
            options.append((key, f"{sort.label}: {sort.up}"))
            options.append((f"-{key}", f"{sort.label}: {sort.down}"))
        return options

    def _paging(self, paginator: Paginator, page: Any) -> Paging:
        links: list[PageLink] = []
        if paginator.num_pages > 1:
            for number in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
                if isinstance(number, int):
                    url = changed(self.request, page=str(number))
                    links.append(PageLink(number, url, number == page.number))
                else:
                    links.append(PageLink(None))
        previous = changed(self.request, page=str(page.number - 1)) if page.has_previous() else ""
        following = changed(self.request, page=str(page.number + 1)) if page.has_next() else ""
        return Paging(
            first=page.start_index(),
            last=page.end_index(),
            total=paginator.count,
            links=links,
            previous_url=previous,
            next_url=following,
        )

    def _chosen(self, filterset: FilterSet) -> list[ChosenFilter]:
        """One removable tag for each value in force."""
        form = filterset.form
        chosen: list[ChosenFilter] = []
        for bound in form:
            value = form.cleaned_data.get(bound.name)
            names = _names(bound)
            if (
                value is None
                or value == ""
                or value == []
                or not any(map(self.request.GET.get, names))
            ):
                continue
            label = str(bound.label)
            if isinstance(bound.field, MultipleChoiceField | ModelMultipleChoiceField):
                for raw, text in _several(bound, value):
                    remaining = self.request.GET.copy()
                    remaining.setlist(
                        bound.html_name, [v for v in remaining.getlist(bound.html_name) if v != raw]
                    )
                    remaining.pop("page", None)
                    chosen.append(ChosenFilter(label, text, _query(remaining, self.request.path)))
                continue
            remaining = self.request.GET.copy()
            for name in [*names, "page"]:
                remaining.pop(name, None)
            text = _words(bound, value)
            if text:
                chosen.append(ChosenFilter(label, text, _query(remaining, self.request.path)))
        return chosen


class ListPage(ListMixin, PermissionView):
    """A list for people who hold `permission`."""


def _may_be_null(rows: QuerySet[Any], name: str) -> bool:
    model: Any = rows.model
    if name in rows.query.annotations:
        return True
    for part in name.split("__"):
        if part == "pk":
            return False
        try:
            field = model._meta.get_field(part)
        except (FieldDoesNotExist, AttributeError):
            return True
        if getattr(field, "null", True):
            return True
        model = getattr(field, "related_model", None)
    return False


def _names(bound: BoundField) -> list[str]:
    widget = bound.field.widget
    if isinstance(widget, MultiWidget):
        context = widget.get_context(bound.html_name, None, {})
        return [part["name"] for part in context["widget"]["subwidgets"]]
    return [bound.html_name]


def _several(bound: BoundField, value: Any) -> list[tuple[str, str]]:
    if isinstance(bound.field, ModelMultipleChoiceField):
        name = bound.field.to_field_name or "pk"
        return [(str(getattr(row, name)), str(row)) for row in value]
    return [(str(raw), _choice(bound, raw)) for raw in value]


def _choice(bound: BoundField, value: Any) -> str:
    for key, label in getattr(bound.field, "choices", ()):
        if isinstance(label, list | tuple):
            for inner, text in label:
                if str(inner) == str(value):
                    return str(text)
        elif str(key) == str(value):
            return str(label)
    return str(value)


def _words(bound: BoundField, value: Any) -> str:
    if isinstance(value, slice):
        start, stop = (
            _one(bound, end) if end is not None else "" for end in (value.start, value.stop)
        )
        if start and stop:
            return f"{start} to {stop}"
        return f"from {start}" if start else f"up to {stop}" if stop else ""
    return _one(bound, value)


def _one(bound: BoundField, value: Any) -> str:
    if value is True:
        return "Yes"
    if value is False:
        return "No"
    if isinstance(value, datetime.date):
        return date_format(value, "j F Y")
    # Not asked for its truth: an iterator over choices that are worked out late has no length.
    if getattr(bound.field, "choices", None) is not None and not hasattr(value, "pk"):
        return _choice(bound, value)
    return str(value)
