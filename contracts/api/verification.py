"""An officer's decision about one line of a return."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import URLPattern, URLResolver, path, reverse
from rest_framework import serializers

from trafford_sv.core.access import can
from trafford_sv.core.api.problems import Problem
from trafford_sv.core.api.views import ApiView, etag_of
from trafford_sv.core.api.writes import CreateMixin, StrictSerializer
from trafford_sv.core.services.records import Collision

from ..models import ReturnLine
from ..services.verification import accept_line, accept_part, send_back_line
from .return_shapes import WholeLineSerializer
from .returns import ReturnLinePage

DECISIONS = ("accept", "accept_part", "send_back")


class DecisionSerializer(StrictSerializer):
    """One of the three decisions, about the line as it was read."""

    decision = serializers.ChoiceField(choices=DECISIONS)
    version = serializers.IntegerField(
        min_value=1, help_text="Of the line, as read: one that changed since is not decided."
    )
    quantity = serializers.DecimalField(
        max_digits=16, decimal_places=4, min_value=0, required=False,
        help_text="With accept_part: how much.",
    )  # fmt: skip
    reason = serializers.CharField(
        required=False, max_length=2000,
        help_text="With accept_part and send_back: the supplier reads it.",
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["decision"] == "accept_part" and "quantity" not in attrs:
            raise serializers.ValidationError({"quantity": ["Say how much is accepted."]})
        if attrs["decision"] != "accept_part" and "quantity" in attrs:
            raise serializers.ValidationError(
                {"quantity": ["A quantity belongs to accept_part only."]}
            )
        return attrs


class LineDecision(CreateMixin, ApiView):
    """POST accepts a line, accepts a part of it, or sends it back; the answer is the line."""

    permission = "verify_delivery"
    tag, noun = "returns", "line"
    one = "a decision about a return line"
    write_serializer = DecisionSerializer
    response_serializer = WholeLineSerializer

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.line()  # before the body is judged: what is not theirs is not there
        return super().post(request, *args, **kwargs)

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        user = self.request.user
        line = self.line()
        common = {"line": line, "expected_version": values["version"], "by": user, "now": self.now}
        reason = values.get("reason", "")
        try:
            if values["decision"] == "accept":
                accept_line(**common)
            elif values["decision"] == "accept_part":
                accept_part(quantity=values["quantity"], reason=reason, **common)
            else:
                send_back_line(reason=reason, **common)
        except Collision as collision:
            raise Problem(
                "lost-race",
                "The line changed since you read it. Nothing was decided.",
                stored_version=collision.stored.version,
                expected_version=values["version"],
            ) from collision
        shown = ReturnLinePage(request=self.request, kwargs={"pk": line.pk})
        body = shown.body(shown.rows().get(pk=line.pk))
        address = reverse("api-return-line", kwargs={"pk": line.pk})
        return body, self.request.build_absolute_uri(address), etag_of(body, body["version"])

    def line(self) -> ReturnLine:
        """By its number within the return, in this officer's reach."""
        try:
            found = ReturnLine.objects.visible_to(self.request.user).get(  # type: ignore[attr-defined]
                delivery_return=self.kwargs["pk"], number=self.kwargs["number"]
            )
        except (ReturnLine.DoesNotExist, OverflowError):
            raise Http404 from None
        if not can(self.request.user, self.permission, on=found):
            raise Http404
        return found  # type: ignore[no-any-return]


urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "returns/<int:pk>/lines/<int:number>/verify/",
        LineDecision.as_view(),
        name="api-line-verify",
    )
]
