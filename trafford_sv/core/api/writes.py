"""Writing through the API: If-Match on changes, Idempotency-Key on POST, strict bodies."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ..models import IdempotentAnswer
from ..services.records import Collision
from .problems import Problem

KEY_LIFETIME = datetime.timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class CreateMixin:
    """POST: `write_serializer` reads the body, `create` does it, `Idempotency-Key` may repeat it."""

    write_serializer: type[serializers.Serializer]

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        """Returns (body, address of the new record, its ETag)."""
        raise NotImplementedError

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.write_serializer(data=request.data, context={"view": self})
        key = request.headers.get("Idempotency-Key")
        if key is None:
            serializer.is_valid(raise_exception=True)
            with transaction.atomic():
                return self._created(serializer.validated_data)
        if not _KEY.fullmatch(key):
            raise exceptions.ValidationError(
                {"Idempotency-Key": ["A key is 1 to 200 visible characters without spaces."]}
            )
        digest = hashlib.sha256(
            json.dumps([request.method, request.path, request.data], sort_keys=True).encode(
                "utf-8", "surrogatepass"
            )
        ).hexdigest()
        if answer := self._answer(request, key, digest):
            return answer
        serializer.is_valid(raise_exception=True)
        try:
            # Claimed and created together: a crash leaves neither. A twin that arrives
            # meanwhile waits on the unique key and then gets the same answer.
            with transaction.atomic():
                claim = self._claim(request, key, digest)
                response = self._created(serializer.validated_data)
                claim.status, claim.body = response.status_code, response.data
                claim.headers = {name: response[name] for name in ("Location", "ETag")}
                claim.save()
        except _KeyTaken:
            if answer := self._answer(request, key, digest):
                return answer
            raise Problem("conflict", "A request with this key is under way. Try again.") from None
        return response

    def _claim(self, request: Request, key: str, digest: str) -> IdempotentAnswer:
        now = self.now  # type: ignore[attr-defined]
        IdempotentAnswer.objects.filter(created_at__lte=now - KEY_LIFETIME).delete()
        try:
            with transaction.atomic():
                return IdempotentAnswer.objects.create(  # type: ignore[misc]
                    user=request.user, key=key, request_hash=digest, created_at=now
                )
        except IntegrityError as error:
            raise _KeyTaken from error

    def _answer(self, request: Request, key: str, digest: str) -> Response | None:
        stored = IdempotentAnswer.objects.filter(  # type: ignore[misc]
            user=request.user,
            key=key,
            created_at__gt=self.now - KEY_LIFETIME,  # type: ignore[attr-defined]
        ).first()
        if stored is None:
            return None
        if stored.request_hash != digest:
            raise Problem(
                "key-reused",
                "This Idempotency-Key was sent with another request in the last 24 hours.",
            )
        return Response(
            stored.body,
            status=stored.status,
            headers={**stored.headers, "Idempotent-Replayed": "true"},
        )

    def created(self, pk: int, detail: type[Any], url_name: str) -> tuple[dict[str, Any], str, str]:
        """What `create` returns, read back as the detail view would show it."""
        view = detail(request=self.request, kwargs={"pk": pk}, now=self.now, today=self.today)  # type: ignore[attr-defined]
        record = view.rows().get(pk=pk)
        body = view.body(record)
        address = self.request.build_absolute_uri(reverse(url_name, kwargs={"pk": pk}))  # type: ignore[attr-defined]
        return body, address, view.etag(record, body)

    def _created(self, values: dict[str, Any]) -> Response:
        body, address, etag = self.create(values)
        return Response(body, status=201, headers={"Location": address, "ETag": etag})


class _KeyTaken(Exception):
    """The same key was claimed a moment ago."""


class PatchMixin:
    """PATCH: only what is named changes, and only if nobody changed the record meanwhile."""

    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        view: Any = self
        record = view.record()
        expected = view.expected_version()
        if expected != record.version:
            raise self._lost(record, expected, request.data)
        serializer = view.write_serializer(
            record, data=request.data, partial=True, context={"view": self, "record": record}
        )
        serializer.is_valid(raise_exception=True)
        try:
            view.change(record, serializer.validated_data, expected)
        except Collision as collision:
            raise self._lost(collision.stored, expected, request.data) from collision
        fresh = view.record()
        body = view.body(fresh)
        return Response(body, headers={"ETag": view.etag(fresh, body)})

    def _lost(self, stored: Any, expected: int, attempted: Any) -> Problem:
        view: Any = self
        fresh = view.rows().get(pk=stored.pk)
        return Problem(
            "lost-race",
            f"The stored record is version {fresh.version}; this change was made from "
            f"{'another' if expected < 0 else f'version {expected}'}. Nothing was changed.",
            stored_version=fresh.version,
            expected_version=None if expected < 0 else expected,
            stored=view.body(fresh),
            attempted=attempted,
        )


class StrictSerializer(serializers.Serializer):
    """Refuses members that it does not know: a misspelt field must not be dropped in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(
                set(data) - {name for name, f in self.fields.items() if not f.read_only}
            )
            if unknown:
                known = ", ".join(sorted(self.fields))
                raise exceptions.ValidationError(
                    {
                        name: [f"This field is not known. The fields are: {known}."]
                        for name in unknown
                    }
                )
            mistyped = {
                name: [sentence]
                for name, value in data.items()
                if (sentence := _mistyped(self.fields[name], value))
            }
            if mistyped:
                raise exceptions.ValidationError(mistyped)
        return super().to_internal_value(data)


def _mistyped(field: Any, value: Any) -> str:
    """A sentence where the JSON type is not the schema's: 0 is not false, and 5 is not "5"."""
    if value is None:
        return ""  # the field itself says whether null may be
    if isinstance(field, serializers.ListField | serializers.ManyRelatedField):
        if not isinstance(value, list):
            return "This must be a list."
        item_field = getattr(field, "child", None) or field.child_relation  # type: ignore[union-attr]
        return next((words for item in value if (words := _mistyped(item_field, item))), "")
    if isinstance(field, serializers.BooleanField):
        return "" if isinstance(value, bool) else "This must be true or false."
    if isinstance(field, serializers.DecimalField):
        return "" if isinstance(value, str) else 'Send an amount as text, such as "1234.50".'
    if isinstance(field, VisibleKey):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if whole else "This must be an id, a whole number."
    texts = (serializers.CharField, serializers.ChoiceField, serializers.PrimaryKeyRelatedField)
    if isinstance(field, texts) and not isinstance(value, str):
        return "This must be text."
    return ""


class VisibleKey(serializers.PrimaryKeyRelatedField):
    """Another record by its id, from among those that this person may see."""

    def get_queryset(self) -> Any:
        return super().get_queryset().visible_to(self.context["view"].request.user)  # type: ignore[union-attr]
