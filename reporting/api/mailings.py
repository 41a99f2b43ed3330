"""Who gets reports by e-mail: every reader for who runs the mailings, one's own for anybody."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Case, CharField, F, Max, Q, QuerySet, Value, When
from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from rest_framework import serializers

from trafford_sv.core.access import can
from trafford_sv.core.api.columns import Column, choice, render, serializer_of, sources, text, whole
from trafford_sv.core.api.views import ApiView, DetailView, ListView
from trafford_sv.core.api.writes import CreateMixin, StrictSerializer
from trafford_sv.core.queueing import hand_over

from ..filters_mailings import MailSubscriptionFilter
from ..models import Audience, EditionMail, MailSubscription
from ..services.mailings.subscriptions import ask_for_reports, leave_list
from ..tasks import send_reader_links

COLUMNS: tuple[Column, ...] = (
    whole("id", "Its number.", "pk"),
    choice("audience", "Whose list it is on.", Audience.choices),
    text("address", "Where it goes now; empty where it is forgotten.", "goes_to"),
    text("name", "Who reads there, as officers know it; empty for others.", "known_as"),
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
        "asked_kinds",
        serializers.ListField(
            child=serializers.CharField(),
            help_text="What was asked since and waits for the click in the e-mail; null: nothing.",
            read_only=True,
            allow_null=True,
        ),
        "asked_kinds",
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
    whole("version", "Counts changes."),
)
SubscriptionSerializer = serializer_of("SubscriptionSerializer", COLUMNS)


def _rows(user: Any) -> QuerySet[MailSubscription]:
    return MailSubscription.objects.visible_to(user).annotate(
        goes_to=Case(
            When(state=MailSubscription.State.LEFT, then=Value("")),
            When(user__isnull=False, then=F("user__email")),
            default=F("email"),
            output_field=CharField(),
        ),
        known_as=F("name") if can(user, "run_mailings") else Value("", CharField()),
        last_sent=Max("mails__sent_at", filter=Q(mails__state=EditionMail.State.SENT)),
    )


class AskSerializer(StrictSerializer):
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=20),
        required=False,
        max_length=50,
        help_text="Keys of the published reports you want; empty or left out is every one.",
    )


class Subscriptions(CreateMixin, ListView):
    """Readers with their audience and state: one's own, or all for whoever runs the mailings.

    The address of one who left is forgotten. POST asks for reports to one's own address, as the page
    does: a link goes there, and nothing comes before its click.
    """

    permission = "use_api"
    tag, noun, file_name = "reports", "subscriptions", "subscriptions"
    one = "that you want reports by e-mail"
    filterset_class = MailSubscriptionFilter
    columns: ClassVar[tuple[Column, ...]] = COLUMNS
    write_serializer = AskSerializer
    response_serializer = SubscriptionSerializer

    def rows(self) -> QuerySet[MailSubscription]:
        return _rows(self.request.user)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().post(request, *args, **kwargs)
        hand_over(send_reader_links)
        return response

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        user: Any = self.request.user
        row = ask_for_reports(
            email=user.email, wanted=values.get("kinds", []), by=user, now=self.now
        )
        return self.created(row.pk, SubscriptionDetail, "api-subscription")


class SubscriptionDetail(DetailView):
    """One reader: one's own, or any for whoever runs the mailings."""

    permission = "use_api"
    tag, noun = "reports", "subscription"
    one = "a subscription"
    response_serializer = SubscriptionSerializer

    def rows(self) -> QuerySet[MailSubscription]:
        return MailSubscription.objects.visible_to(self.request.user)

    def check(self, record: Any) -> None:
        """`rows` has left out what is not theirs."""

    def body(self, record: MailSubscription) -> dict[str, Any]:
        row = _rows(self.request.user).filter(pk=record.pk).values(*sources(COLUMNS)).get()
        return render(row, COLUMNS)


class StopSerializer(StrictSerializer):
    """Nothing is said but the address: an empty object."""


class SubscriptionStop(CreateMixin, ApiView):
    """POST stops one's own, as the link in each e-mail does. Twice changes nothing."""

    permission = "use_api"
    tag, noun = "reports", "subscription_stop"
    one = "that you want no more of these e-mails"
    write_serializer = StopSerializer
    response_serializer = SubscriptionSerializer

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.own()  # before the body is judged: what is not theirs is not there
        return super().post(request, *args, **kwargs)

    def own(self) -> MailSubscription:
        try:
            return MailSubscription.objects.own_of(self.request.user).get(pk=self.kwargs["pk"])
        except (MailSubscription.DoesNotExist, OverflowError):
            raise Http404 from None

    def create(self, values: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
        row = leave_list(subscription=self.own(), by=self.request.user, now=self.now)
        return self.created(row.pk, SubscriptionDetail, "api-subscription")


urlpatterns: list[URLPattern | URLResolver] = [
    path("subscriptions/", Subscriptions.as_view(), name="api-subscriptions"),
    path("subscriptions/<int:pk>/", SubscriptionDetail.as_view(), name="api-subscription"),
    path("subscriptions/<int:pk>/stop/", SubscriptionStop.as_view(), name="api-subscription-stop"),
]
