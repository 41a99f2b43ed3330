"""Bases for API views: lists by cursor and as CSV, details with ETag, writes with If-Match."""

from __future__ import annotations

import csv
import datetime
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db import models
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from rest_framework import exceptions, serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..exports import neutralised
from . import (
    Allowed,
    CSVRenderer,
    CursorPages,
    JSONObjectParser,
    Negotiation,
    ProblemRenderer,
    TokenSignIn,
)
from .columns import Column, Row, cell_of, render, sources
from .problems import Problem
from .schema import ApiSchema, parameter_names

CHUNK = 500
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')


class ApiView(APIView):
    """Set `permission` (and `write_permission` where it writes); list other `parameters` it reads."""

    is_api = True
    permission: str = ""
    write_permission: str = ""
    parameters: ClassVar[dict[str, str]] = {}
    authentication_classes = [TokenSignIn, SessionAuthentication]
    permission_classes = [Allowed]
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONObjectParser]
    content_negotiation_class = Negotiation
    schema = ApiSchema()
    tag = ""
    noun = ""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now = timezone.now()
        self.today = timezone.localdate()
        request.today = self.today  # type: ignore[attr-defined]
        if request.method == "OPTIONS":
            return
        known = self.known_parameters()
        if request.method not in ("GET", "HEAD"):
            known = ["format"]
        unknown = sorted(set(request.query_params) - set(known))
        if unknown:
            names = ", ".join(f"“{name}”" for name in unknown)
            raise Problem(
                "unknown-parameter",
                f"{names} is not a parameter of this address. "
                f"The parameters are: {', '.join(sorted(known))}.",
            )

    def known_parameters(self) -> list[str]:
        return ["format", *self.parameters]

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if getattr(response, "is_problem", False):
            response.accepted_renderer = ProblemRenderer()
            response.accepted_media_type = ProblemRenderer.media_type
        patch_vary_headers(response, ["Accept", "Authorization", "Cookie"])
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-cache"
        return response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """What may be done here is in the `Allow` header; the rest is in the schema."""
        return Response(status=204)

    def day_parameter(self, name: str) -> datetime.date | None:
        """A date from the query (2026-11-22), None where it is not given."""
        text = self.request.query_params.get(name)
        if text is None:
            return None
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError(text)
            return datetime.date.fromisoformat(text)
        except ValueError as error:
            raise exceptions.ValidationError(
                {name: [f"“{text}” is not a date. Write it like 2026-11-22."]}
            ) from error

    def flag_parameter(self, name: str) -> bool:
        text = self.request.query_params.get(name)
        if text not in (None, "true", "false"):
            raise exceptions.ValidationError({name: [f"“{text}” is neither true nor false."]})
        return text == "true"

    def check(self, record: Any) -> None:
        """Refuse (403) unless this person may do it to this record."""
        self.check_object_permissions(self.request, record)


class ListView(ApiView):
    """GET: `rows()` already limited to what the person may see, filtered as the page filters it."""

    renderer_classes = [JSONRenderer, CSVRenderer]
    filterset_class: Any = None
    hidden_filters: ClassVar[frozenset[str]] = frozenset({"sort", "order", "page"})
    columns: ClassVar[Sequence[Column]] = ()
    more_sources: ClassVar[Sequence[str]] = ()  # read for `attach`, not shown
    file_name = "rows"
    is_list = True

    def get_renderers(self) -> list[Any]:
        """CSV is a way to read a list; what a POST made comes back as JSON."""
        reading = self.request.method in ("GET", "HEAD")
        return super().get_renderers() if reading else [JSONRenderer()]

    def rows(self) -> models.QuerySet[Any]:
        raise NotImplementedError

    def attach(self, rows: list[Row]) -> None:
        """Add what one more query brings for all of these rows."""

    def envelope(self) -> dict[str, Any]:
        """Members beside next, previous and results."""
        return {}

    @classmethod
    def filter_names(cls) -> list[str]:
        if cls.filterset_class is None:
            return []
        return [
            parameter
            for name, item in cls.filterset_class.base_filters.items()
            if name not in cls.hidden_filters
            for parameter in parameter_names(name, item)
        ]

    def known_parameters(self) -> list[str]:
        names = [*super().known_parameters(), *self.filter_names()]
        return [*names, "limit", "cursor"]

    def filtered(self) -> models.QuerySet[Any]:
        queryset = self.rows()
        if self.filterset_class is None:
            return queryset
        filterset = self.filterset_class(
            data=self.request.query_params, queryset=queryset, request=self.request
        )
        if not filterset.is_valid():
            raise exceptions.ValidationError(filterset.errors)
        return filterset.qs  # type: ignore[no-any-return]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        queryset = self.filtered().values(*sources(self.columns), *self.more_sources)
        if request.accepted_renderer.format == "csv":
            CursorPages().limit_of(request)
            return self._csv(queryset)
        pages = CursorPages()
        rows = pages.paginate_queryset(queryset, request, view=self)
        self.attach(rows)
        response = pages.get_paginated_response([render(row, self.columns) for row in rows])
        response.data = {**self.envelope(), **response.data}
        return response

    def _csv(self, queryset: models.QuerySet[Any]) -> StreamingHttpResponse:
        """Every row of the filtered list, read and sent in pieces."""
        flat = [column for column in self.columns if column.in_csv]
        response = StreamingHttpResponse(
            self._lines(queryset, flat), content_type="text/csv; charset=utf-8; header=present"
        )
        response["Content-Disposition"] = f'attachment; filename="{self.file_name}.csv"'
        return response

    def _lines(self, queryset: models.QuerySet[Any], flat: Sequence[Column]) -> Iterator[bytes]:
        pen = csv.writer(_Echo())
        yield pen.writerow([column.name for column in flat]).encode()
        found = iter(queryset.order_by("pk").iterator(chunk_size=CHUNK))
        while chunk := list(itertools.islice(found, CHUNK)):
            self.attach(chunk)
            lines = []
            for row in chunk:
                shown = render(row, flat)
                cells = ((column, cell_of(shown[column.name])) for column in flat)
                lines.append(
                    pen.writerow(
                        [
                            neutralised(str(cell)) if column.is_text else cell
                            for column, cell in cells
                        ]
                    )
                )
            yield "".join(lines).encode()


class _Echo:
    """A file for `csv.writer` that gives each line back."""

    def write(self, line: str) -> str:
        return line


def etag_of(body: Any, version: int | None) -> str:
    """A strong ETag: the record's version, which locks it, and a digest of what was sent."""
    packed = json.dumps(body, sort_keys=True, default=str).encode()
    digest = hashlib.sha256(packed).hexdigest()[:16]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


class DetailView(ApiView):
    """GET one record, with an ETag. Changing it needs that ETag back in `If-Match`."""

    write_serializer: type[serializers.Serializer]

    def rows(self) -> models.QuerySet[Any]:
        raise NotImplementedError

    def body(self, record: Any) -> dict[str, Any]:
        raise NotImplementedError

    def change(self, record: Any, values: dict[str, Any], version: int) -> Any:
        """Call the service; it raises Collision when `version` is no longer the stored one."""
        raise NotImplementedError

    def find(self) -> dict[str, Any]:
        """Which record the address names."""
        return {"pk": self.kwargs["pk"]}

    def record(self) -> Any:
        try:
            found = self.rows().get(**self.find())
        except (models.ObjectDoesNotExist, ValueError, OverflowError) as error:
            raise Http404 from error
        self.check(found)
        return found

    def etag(self, record: Any, body: Any) -> str:
        return etag_of(body, getattr(record, "version", None))

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.record()
        body = self.body(record)
        etag = self.etag(record, body)
        wanted = request.headers.get("If-None-Match", "")
        if wanted.strip() == "*" or etag.strip('"') in _ETAG.findall(wanted):
            return Response(status=304, headers={"ETag": etag})
        return Response(body, headers={"ETag": etag})

    def expected_version(self) -> int:
        """The version in `If-Match`. Raises a 428 without one, a 412 for one that is no version."""
        header = self.request.headers.get("If-Match", "").strip()
        if not header or header == "*":
            raise Problem(
                "version-missing",
                "Send the record's ETag in the If-Match header, so that nobody's change is lost.",
            )
        match = re.fullmatch(r'"?([0-9]{1,9})(?:-[0-9a-f]{16})?"?', header)
        return int(match[1]) if match else -1
