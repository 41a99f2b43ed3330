"""Pages for people without an account: behind a one-time link, or with a form for anybody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase
from rest_framework.throttling import SimpleRateThrottle

from .views.errors import too_many_requests
from .views_base import PublicView


class LinkThrottle(SimpleRateThrottle):
    """How often one address may try links."""

    rate = "60/min"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"one-time-link-{self.get_ident(request)}"


class SendThrottle(SimpleRateThrottle):
    """How often one address may send a form that anybody may send."""

    rate = "10/hour"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"public-form-{type(view).__name__}-{self.get_ident(request)}"


class Quiet(PublicView):
    """Kept by no cache, told to no other site, and not tried too often."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if LinkThrottle().allow_request(request, self):  # type: ignore[arg-type]
            answer = super().dispatch(request, *args, **kwargs)
        else:
            answer = too_many_requests(request)
        answer["Referrer-Policy"] = "no-referrer"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        return answer


class TrapField(forms.CharField):
    """A box that people do not see and programs fill in. What is in it refuses the form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            label="Leave this box empty",
            required=False,
            widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
            **options,
        )

    def clean(self, value: Any) -> str:
        if str(value or "").strip():
            raise forms.ValidationError("Leave this box empty. It is there to stop programs.")
        return ""
