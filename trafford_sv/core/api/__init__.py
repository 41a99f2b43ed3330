"""What settings name for every API view: sign-in, access, pages by cursor, renderers.

Nothing here may import `rest_framework.views`: it reads these classes while it loads.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db.models import CharField, QuerySet
from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework import exceptions
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from ..access import can
from .problems import MEDIA_TYPE, respond_to

LARGEST_PAGE = 500
USUAL_PAGE = 100
_WHOLE_NUMBER = re.compile(r"[0-9]{1,40}")
_KEY = re.compile(r"[0-9A-Za-z-]{1,40}")
_LARGEST_KEY = 2**63 - 1


class TokenSignIn(TokenAuthentication):
    """`Authorization: Token ...`; bytes that are no text are refused like any wrong token."""

    def authenticate_credentials(self, token: bytes) -> Any:
        try:
            token.decode("ascii")
        except UnicodeDecodeError as error:
            raise exceptions.AuthenticationFailed("Invalid token.") from error
        return super().authenticate_credentials(token)

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Looks at this token only: a person's other tokens are not this request's business."""
        if auth_token.expiry is not None and auth_token.expiry <= timezone.now():
            auth_token.delete()
            return True
        return False


class Allowed(BasePermission):
    """Denied unless the view names a `permission` that this person holds.

    `write_permission` is asked instead for methods that change something. `use_api` is
    always asked. Records are asked about with `on=`.
    """

    @staticmethod
    def _wanted(request: Any, view: Any) -> str:
        if request.method in SAFE_METHODS:
            return str(getattr(view, "permission", ""))
        return str(getattr(view, "write_permission", "") or getattr(view, "permission", ""))

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.method.lower() not in view.http_method_names or not hasattr(
            view, request.method.lower()
        ):
            # The method is refused as such (405), for anyone who may use the API at all.
            return can(request.user, "use_api")
        wanted = self._wanted(request, view)
        return bool(wanted) and can(request.user, "use_api") and can(request.user, wanted)

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        wanted = self._wanted(request, view)
        return bool(wanted) and can(request.user, wanted, on=obj)


class Negotiation(DefaultContentNegotiation):
    """`?format=` with an unknown word is a mistake in a parameter (400), not a missing page."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        wanted = request.query_params.get("format")
        formats = sorted({renderer.format for renderer in renderers})
        if wanted is not None and wanted not in formats:
            raise exceptions.ValidationError(
                {
                    "format": [
                        f"“{wanted}” is not a format of this address. Use {' or '.join(formats)}."
                    ]
                }
            )
        return super().select_renderer(request, renderers, format_suffix)


class JSONObjectParser(BaseParser):
    """A JSON body through Django's size limit. Anything else is a 400 with a sentence."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        request = (parser_context or {}).get("request")
        body = request._request.body if request is not None else stream.read()

        def refuse(word: str) -> Any:
            raise ValueError(f"{word} is not a JSON number.")

        try:
            return json.loads(body.decode("utf-8"), parse_constant=refuse)
        except UnicodeDecodeError as error:
            raise exceptions.ParseError("The body is not UTF-8.") from error
        except RecursionError as error:
            raise exceptions.ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not JSON: {error}") from error


class ProblemRenderer(JSONRenderer):
    media_type = MEDIA_TYPE
    format = "json"


class CSVRenderer(BaseRenderer):
    """A marker for `?format=csv` and `Accept: text/csv`; the list view streams the lines itself."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> Any:
        return b"" if data is None else json.dumps(data, default=str).encode()


class CursorPages(BasePagination):
    """Pages by primary key: rows added or removed meanwhile neither repeat nor skip any.

    `next` and `previous` are addresses or null. `limit` is 1 to 500; more is read as 500.
    The cursor says where to go on from and nothing else: access is asked again on each page.
    """

    page_size = USUAL_PAGE
    key = "pk"

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Any, view: Any = None
    ) -> list[Any]:
        self.request = request
        limit = self.limit_of(request)
        direction, position = self.position_of(request, queryset.model._meta.pk)
        backwards = direction == "before"
        rows = queryset.order_by(f"-{self.key}" if backwards else self.key)
        if position is not None:
            rows = rows.filter(**{f"{self.key}__{'lt' if backwards else 'gt'}": position})
        found = list(rows[: limit + 1])
        more = len(found) > limit
        found = found[:limit]
        if backwards:
            found.reverse()
        has_next = more if not backwards else True
        has_previous = more if backwards else position is not None
        self.next_link = self._link("after", found[-1]) if found and has_next else None
        self.previous_link = self._link("before", found[0]) if found and has_previous else None
        return found

    def limit_of(self, request: Any) -> int:
        text = request.query_params.get("limit")
        if text is None:
            return self.page_size
        if not _WHOLE_NUMBER.fullmatch(text) or int(text) < 1:
            raise exceptions.ValidationError(
                {"limit": [f"“{text}” is not a number of rows. Use 1 to {LARGEST_PAGE}."]}
            )
        return min(int(text), LARGEST_PAGE)

    def position_of(self, request: Any, key: Any) -> tuple[str, int | str | None]:
        text = request.query_params.get("cursor")
        if text is None:
            return "after", None
        try:
            plain = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode(
                "ascii"
            )
            direction, _, last = plain.partition(":")
            if direction not in ("after", "before") or not _KEY.fullmatch(last):
                raise ValueError(plain)
            if isinstance(key, CharField):
                return direction, last
            position = int(last)
            if not 0 <= position <= _LARGEST_KEY:
                raise ValueError(plain)
        except (ValueError, binascii.Error) as error:
            raise exceptions.ValidationError(
                {"cursor": ["This is not a cursor. Take it from `next` or `previous`, unchanged."]}
            ) from error
        return direction, position

    def _link(self, direction: str, row: Any) -> str:
        number = row[self.key] if isinstance(row, dict) else getattr(row, self.key)
        cursor = base64.b64encode(f"{direction}:{number}".encode(), altchars=b"-_").decode()
        parts = urlsplit(self.request.build_absolute_uri())
        return str(replace_query_param(parts.geturl(), "cursor", cursor))

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_link, "previous": self.previous_link, "results": data})


def problem_details(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Settings' EXCEPTION_HANDLER: any exception as problem details."""
    return respond_to(exc, context)
