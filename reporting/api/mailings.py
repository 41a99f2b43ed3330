"""Who gets reports by e-mail, for officers' programs."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Case, CharField, F, Max, Q, QuerySet, Value, When
from django.urls import URLPattern, URLResolver, path
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, choice, text, whole
from trafford_sv.core.api.views import ListView

from ..filters_mailings import MailSubscriptionFilter
from ..models import Audience, EditionMail, MailSubscription


class Subscriptions(ListView):
    """Readers with their audience and state. The address of one who left is forgotten."""

    permission = "run_mailings"
    tag, noun, file_name = "reports", "subscriptions", "subscriptions"
    filterset_class = MailSubscriptionFilter
    columns: ClassVar[tuple[Column, ...]] = (
        whole("id", "Its number.", "pk"),
        choice("audience", "Whose list it is on.", Audience.choices),
        text("address", "Where it goes now; empty where it is forgotten.", "goes_to"),
        text("name", "Who reads there, as officers know it."),
        choice("state", "Only an active one is sent anything.", MailSubscription.State.choices),
        Column(
            "kinds",
            serializers.ListField(
                child=serializers.CharField(),
                help_text="Keys of the reports chosen; empty is every report.",
                read_only=True,
            ),
            "kinds",
        ),
        Column(
            "reader_since",
            serializers.DateTimeField(
                help_text="Nothing that went out before comes after.",
                read_only=True,
                allow_null=True,
            ),
            "confirmed_at",
        ),
        Column(
            "last_sent",
            serializers.DateTimeField(
                help_text="When the latest report was sent.", read_only=True, allow_null=True
            ),
            "last_sent",
        ),
        whole("bounces", "How often mail came back since it was last well."),
    )

    def rows(self) -> QuerySet[MailSubscription]:
        return MailSubscription.objects.visible_to(self.request.user).annotate(
            goes_to=Case(
                When(state=MailSubscription.State.LEFT, then=Value("")),
                When(user__isnull=False, then=F("user__email")),
                default=F("email"),
                output_field=CharField(),
            ),
            last_sent=Max("mails__sent_at", filter=Q(mails__state=EditionMail.State.SENT)),
        )


urlpatterns: list[URLPattern | URLResolver] = [
    path("subscriptions/", Subscriptions.as_view(), name="api-subscriptions"),
]
