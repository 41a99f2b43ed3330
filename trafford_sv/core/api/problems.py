"""Every error of the API in one shape: problem details (RFC 9457).

`{"type", "title", "status", "detail", "errors": [{"field", "detail", "code"}]}` as
`application/problem+json`. `type` is an address that explains the problem.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import (
    ValidationError as ModelValidationError,
)
from django.core.signals import got_request_exception
from django.db import IntegrityError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from ..services.quarters import QuarterClosed
from ..services.records import Collision

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem: what it is called and what the client can do about it."""

    code: str
    status: int
    title: str
    advice: str


KINDS: dict[str, ProblemKind] = {
    kind.code: kind
    for kind in (
        ProblemKind(
            "malformed-request",
            400,
            "The request could not be read",
            "Send one JSON object in UTF-8, as the schema describes it.",
        ),
        ProblemKind(
            "invalid-values",
            400,
            "Some values are not valid",
            "Read `errors`: each entry names a field and says what is wrong with it.",
        ),
        ProblemKind(
            "unknown-parameter",
            400,
            "A query parameter is not known here",
            "Check the spelling against the list in `detail`.",
        ),
        ProblemKind(
            "not-signed-in",
            401,
            "You need to sign in",
            "Send the header `Authorization: Token <your token>`.",
        ),
        ProblemKind(
            "not-allowed",
            403,
            "You are not allowed to do this",
            "Ask an administrator which role allows it.",
        ),
        ProblemKind(
            "not-found",
            404,
            "There is nothing here",
            "Check the address. A record that you may not read is not found either.",
        ),
        ProblemKind(
            "method-not-allowed",
            405,
            "This address does not support that method",
            "The `Allow` header lists the methods that it supports.",
        ),
        ProblemKind(
            "not-acceptable",
            406,
            "The answer does not come in that format",
            "Ask for application/json, or for text/csv where a list offers it.",
        ),
        ProblemKind(
            "conflict",
            409,
            "The change conflicts with what is stored",
            "Read `detail`, read the record again, and decide.",
        ),
        ProblemKind(
            "lost-race",
            412,
            "Somebody else saved this record first",
            "Compare `stored` with `attempted`, then send the change again with the new ETag.",
        ),
        ProblemKind(
            "too-large",
            413,
            "The request is too large",
            "Send less in one request.",
        ),
        ProblemKind(
            "unsupported-media-type",
            415,
            "The request's format is not supported",
            "Send JSON with the header `Content-Type: application/json`.",
        ),
        ProblemKind(
            "key-reused",
            422,
            "This Idempotency-Key belongs to another request",
            "Use a new key for a new request.",
        ),
        ProblemKind(
            "version-missing",
            428,
            "Say which version you are changing",
            "Read the record, and send its ETag back in the `If-Match` header.",
        ),
        ProblemKind(
            "too-many-requests",
            429,
            "Too many requests",
            "Wait for as many seconds as the `Retry-After` header says.",
        ),
        ProblemKind(
            "server-error",
            500,
            "Something went wrong on our side",
            "Try again later. If it stays, tell the people who run this site.",
        ),
    )
}
_BY_STATUS = {
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    412: "lost-race",
    413: "too-large",
    415: "unsupported-media-type",
    422: "key-reused",
    428: "version-missing",
    429: "too-many-requests",
}


class Problem(exceptions.APIException):
    """Raise to answer with a kind of problem and a sentence; `extra` adds members to the body."""

    def __init__(self, code: str, detail: str, **extra: Any) -> None:
        kind = KINDS[code]
        self.status_code = kind.status
        self.kind = kind
        self.extra = extra
        super().__init__(detail=detail, code=code)


def problem_response(
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    """The answer for one problem. The view renders it as problem+json, whatever was asked for."""
    kind = KINDS[code]
    body: dict[str, Any] = {
        "type": f"/api/v1/problems/{kind.code}/",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.advice,
        "errors": errors or [],
        **(extra or {}),
    }
    response = Response(body, status=kind.status, headers=headers)
    response.is_problem = True  # type: ignore[attr-defined]
    return response


def field_errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Nested validation errors as one flat list: {"field": "awards.0.value_pounds", ...}."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            name = "" if name in ("non_field_errors", "__all__") else str(name)
            yield from field_errors(inner, f"{field}.{name}" if field and name else field or name)
    elif isinstance(detail, list | tuple):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from field_errors(inner, f"{field}.{index}" if nested and field else field)
    else:
        yield {"field": field, "detail": str(detail), "code": getattr(detail, "code", "invalid")}


def _model_errors(error: ModelValidationError) -> list[dict[str, str]]:
    if hasattr(error, "error_dict"):
        return [
            {
                "field": "" if name == "__all__" else name,
                "detail": message,
                "code": inner.code or "invalid",
            }
            for name, inners in error.error_dict.items()
            for inner in inners
            for message in inner.messages
        ]
    return [
        {"field": "", "detail": message, "code": error.error_list[0].code or "invalid"}
        for message in error.messages
    ]


def _sentence(errors: list[dict[str, str]]) -> str:
    if len(errors) == 1:
        return f"{errors[0]['field']}: {errors[0]['detail']}".removeprefix(": ")
    return f"{len(errors)} values are not valid; see errors."


def _from_api_exception(exc: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if isinstance(exc, Problem):
        return problem_response(exc.kind.code, str(exc.detail), extra=exc.extra, headers=headers)
    if isinstance(exc, exceptions.ValidationError):
        errors = list(field_errors(exc.detail))
        return problem_response("invalid-values", _sentence(errors), errors=errors)
    if isinstance(exc, exceptions.Throttled):
        wait = getattr(exc, "wait", None)
        if wait is not None:
            headers["Retry-After"] = str(max(1, round(wait)))
        return problem_response("too-many-requests", str(exc.detail), headers=headers)
    if isinstance(exc, exceptions.ParseError):
        return problem_response("malformed-request", str(exc.detail))
    code = _BY_STATUS.get(exc.status_code, "server-error")
    return problem_response(code, str(exc.detail), headers=headers)


def respond_to(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to any exception that left a view; None lets it be raised (development only)."""
    if isinstance(exc, exceptions.APIException):
        return _from_api_exception(exc)
    if isinstance(exc, Http404):
        return problem_response("not-found", "There is no such record, or you may not read it.")
    if isinstance(exc, PermissionDenied):
        return problem_response("not-allowed", str(exc) or "Your role does not allow this.")
    if isinstance(exc, ModelValidationError):
        errors = _model_errors(exc)
        return problem_response("invalid-values", _sentence(errors), errors=errors)
    if isinstance(exc, Collision):
        return problem_response("lost-race", str(exc))
    if isinstance(exc, QuarterClosed):
        return problem_response("conflict", str(exc))
    if isinstance(exc, ProtectedError | RestrictedError):
        return problem_response(
            "conflict", "Other records depend on this one, so it cannot be deleted."
        )
    if isinstance(exc, IntegrityError):
        return problem_response(
            "conflict", "Another record already has one of these values. Read it and decide."
        )
    if isinstance(exc, RequestDataTooBig):
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
        return problem_response("too-large", f"A request may hold at most {limit} MB.")
    if isinstance(exc, SuspiciousOperation):
        return problem_response("malformed-request", "The request could not be read.")
    if settings.DEBUG:
        return None
    request = getattr(context.get("request"), "_request", None)
    logger.error("API request failed: %s", getattr(request, "path", ""), exc_info=exc)
    # Tells error reporters (and the test client) what Django's own handler would have told them.
    got_request_exception.send(sender=type(context.get("view")), request=request)
    return problem_response("server-error", "The failure has been written to the log.")
