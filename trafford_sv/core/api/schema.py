"""How the OpenAPI document describes our views: parameters, envelopes, problems, headers."""

from __future__ import annotations

import functools
from typing import Any

from django import forms
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from .columns import serializer_of
from .problems import MEDIA_TYPE


class FieldErrorSerializer(serializers.Serializer):
    field = serializers.CharField(
        help_text="Which field or parameter; empty for the whole request."
    )
    detail = serializers.CharField(help_text="What is wrong, in a sentence.")
    code = serializers.CharField(help_text="A word for programs.")


class ProblemSerializer(serializers.Serializer):
    """A problem (RFC 9457)."""

    type = serializers.CharField(help_text="An address that explains this kind of problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]


class LostRaceSerializer(ProblemSerializer):
    """Both versions: what is stored now, and what this request attempted."""

    stored_version = serializers.IntegerField()
    expected_version = serializers.IntegerField(allow_null=True)
    stored = serializers.JSONField()
    attempted = serializers.JSONField()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "trafford_sv.core.api.TokenSignIn"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token` and a space, then the token.",
        }


WHAT_IS_WRONG = {
    400: "A value, a parameter or the request itself is not valid.",
    401: "Not signed in.",
    403: "Not allowed.",
    404: "Not found, or not yours to read.",
    406: "Not available in that format.",
    409: "In conflict with what is stored.",
    412: "Somebody else saved the record first.",
    413: "Too large.",
    415: "Not JSON.",
    422: "The Idempotency-Key belongs to another request.",
    428: "The If-Match header is missing.",
    429: "Too many requests.",
}


def parameter_names(name: str, item: Any) -> list[str]:
    """The query parameters of one filter: a range has two, such as value_min and value_max."""
    suffixes = getattr(item.field.widget, "suffixes", None)
    return [f"{name}_{suffix}" for suffix in suffixes] if suffixes else [name]


def _filter_type(field: forms.Field) -> Any:
    if isinstance(field, forms.ModelChoiceField):
        return OpenApiTypes.INT if field.to_field_name in (None, "pk", "id") else OpenApiTypes.STR
    if isinstance(field, forms.MultiValueField):
        return _filter_type(field.fields[0])
    if isinstance(field, forms.DateField | forms.DateTimeField):
        return OpenApiTypes.DATE
    if isinstance(field, forms.DecimalField):
        return OpenApiTypes.DECIMAL
    if isinstance(field, forms.IntegerField):
        return OpenApiTypes.INT
    if isinstance(field, forms.NullBooleanField | forms.BooleanField):
        return OpenApiTypes.BOOL
    return OpenApiTypes.STR


def _filter_parameters(name: str, item: Any) -> list[OpenApiParameter]:
    field = item.field
    choices = None
    many = isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        choices = [
            str(key)
            for key, _ in list(field.choices)  # type: ignore[arg-type]
            if key not in ("", None) and key != "null"  # type: ignore[arg-type]
        ]
    words = str(item.extra.get("help_text") or item.label or name.replace("_", " "))
    return [
        OpenApiParameter(
            parameter,
            _filter_type(field),
            OpenApiParameter.QUERY,
            description=words,
            enum=choices or None,
            many=many,
            explode=True if many else None,
        )
        for parameter in parameter_names(name, item)
    ]


@functools.cache
def row_serializer(view: Any) -> type[serializers.Serializer]:
    """The one class that describes the rows of this list view."""
    noun = "".join(part.title() for part in view.noun.split("_"))
    return serializer_of(f"{noun}RowSerializer", view.columns)


class ApiSchema(AutoSchema):  # type: ignore[no-untyped-call]
    """Reads the same class attributes that the views themselves obey."""

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "") or "other"]

    def get_operation_id(self) -> str:
        noun = getattr(self.view, "noun", "") or type(self.view).__name__
        verb = {"GET": "read", "POST": "record", "PATCH": "change"}.get(
            self.method, self.method.lower()
        )
        if self.method == "GET" and getattr(self.view, "is_list", False):
            verb = "list"
        return f"{verb}_{noun}"

    def get_summary(self) -> str:
        words = str(getattr(self.view, "noun", "")).replace("_", " ")
        if self.method == "GET" and getattr(self.view, "is_list", False):
            return f"List {words}"
        if self.method == "POST":
            return f"Record {getattr(self.view, 'one', words)}"
        return (
            f"{'Change' if self.method == 'PATCH' else 'Read'} {getattr(self.view, 'one', words)}"
        )

    def get_override_parameters(self) -> list[Any]:
        view: Any = self.view
        found: list[Any] = []
        if self.method == "GET":
            for name, words in getattr(view, "parameters", {}).items():
                kind: Any = OpenApiTypes.STR
                enum = None
                if name in getattr(view, "choices", {}):
                    enum = list(view.choices[name])
                if name == "as_of":
                    kind = OpenApiTypes.DATE
                if name in getattr(view, "flags", ()):
                    kind = OpenApiTypes.BOOL
                required = name in getattr(view, "required_parameters", ())
                found.append(
                    OpenApiParameter(
                        name, kind, "query", description=words, enum=enum, required=required
                    )
                )
        if self.method == "GET" and getattr(view, "is_list", False):
            if view.filterset_class is not None:
                for name, item in view.filterset_class.base_filters.items():
                    if name not in view.hidden_filters:
                        found += _filter_parameters(name, item)
            found.append(
                OpenApiParameter(
                    "limit",
                    {"type": "integer", "minimum": 1, "default": 100},
                    "query",
                    description="Rows on a page: 1 to 500. More is read as 500.",
                )
            )
            found.append(
                OpenApiParameter(
                    "cursor",
                    OpenApiTypes.STR,
                    "query",
                    description="Where to go on from: take it from `next` or `previous`, unchanged.",
                )
            )
            found.append(
                OpenApiParameter(
                    "format",
                    OpenApiTypes.STR,
                    "query",
                    enum=["json", "csv"],
                    description="csv sends every row of the filtered list, without pages.",
                )
            )
        if self.method == "GET" and hasattr(view, "etag"):
            found.append(
                OpenApiParameter(
                    "If-None-Match",
                    OpenApiTypes.STR,
                    "header",
                    description="An ETag: 304 without a body if the record is still the same.",
                )
            )
        if self.method == "PATCH":
            found.append(
                OpenApiParameter(
                    "If-Match",
                    OpenApiTypes.STR,
                    "header",
                    required=True,
                    description="The ETag that came with the record.",
                )
            )
        if self.method == "POST":
            found.append(
                OpenApiParameter(
                    "Idempotency-Key",
                    {"type": "string", "pattern": "^[!-~]{1,200}$"},
                    "header",
                    description="A key of your own. The same key and body within 24 hours "
                    "gets the same answer and creates nothing again.",
                )
            )
        for name in ("ETag",):
            if self.method in ("POST", "PATCH") or hasattr(view, "etag"):
                status = 201 if self.method == "POST" else 200
                found.append(
                    OpenApiParameter(
                        name,
                        OpenApiTypes.STR,
                        "header",
                        response=[status],
                        description="The version of this record, for If-Match and If-None-Match.",
                    )
                )
        return found

    def get_request_serializer(self) -> Any:
        view: Any = self.view
        if self.method in ("POST", "PATCH"):
            return view.write_serializer
        return None

    def _result(self) -> Any:
        view: Any = self.view
        if not getattr(view, "is_list", False) or self.method == "POST":
            return view.response_serializer
        row = self.resolve_serializer(row_serializer(type(view)), "response")  # type: ignore[arg-type]
        link = {"type": ["string", "null"], "format": "uri"}
        members: dict[str, Any] = {
            **getattr(view, "envelope_schema", {}),
            "next": link,
            "previous": link,
            "results": {"type": "array", "items": row.ref},
        }
        return {"type": "object", "properties": members, "required": list(members)}

    def get_response_serializers(self) -> Any:
        success = 201 if self.method == "POST" else 200
        answers: dict[Any, Any] = {
            (success, "application/json"): OpenApiResponse(self._result(), description="Done.")
        }
        if self.method == "GET" and getattr(self.view, "is_list", False):
            answers[(200, "text/csv")] = OpenApiResponse(
                {"type": "string"}, description="The page, or every row as CSV."
            )
        if self.method == "GET" and hasattr(self.view, "etag"):
            answers[304] = OpenApiResponse(None, description="Not changed since.")
        wrong = [400, 401, 403, 404, 406, 429]
        if self.method in ("POST", "PATCH"):
            wrong += [409, 413, 415]
        if self.method == "POST":
            wrong += [422]
        if self.method == "PATCH":
            wrong += [412, 428]
        for status in wrong:
            shape = LostRaceSerializer if status == 412 else ProblemSerializer
            answers[(status, MEDIA_TYPE)] = OpenApiResponse(
                shape, description=WHAT_IS_WRONG[status]
            )
        return answers


def closed_requests(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Request bodies admit no members beyond those named: the views refuse them too."""
    for name, schema in result.get("components", {}).get("schemas", {}).items():
        if name.endswith("Request") and schema.get("type") == "object":
            schema["additionalProperties"] = False
    return result
