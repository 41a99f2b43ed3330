"""Joins the apps' API addresses into /api/v1/, with the schema, its page and the problems.

The schema, the page and the list of problems hold no data, so anyone may read them.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, path, re_path, resolve, reverse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from action_plan.api.maturity import urlpatterns as maturity_urls
from action_plan.api.plan import urlpatterns as plan_urls
from action_plan.api.steering import urlpatterns as steering_urls
from charter.api.charter import urlpatterns as charter_urls
from charter.api.standing import urlpatterns as standing_urls
from community_needs.api.needs import urlpatterns as need_urls
from contracts.api.bids import urlpatterns as bid_urls
from contracts.api.categories import urlpatterns as category_urls
from contracts.api.commitments import urlpatterns as commitment_urls
from contracts.api.contracts import urlpatterns as contract_urls
from contracts.api.measures import urlpatterns as measure_urls
from contracts.api.need_offers import urlpatterns as need_offer_urls
from contracts.api.pacing import urlpatterns as pacing_urls
from contracts.api.portfolio import urlpatterns as portfolio_urls
from contracts.api.returns import urlpatterns as return_urls
from contracts.api.spend import urlpatterns as spend_urls
from contracts.api.verification import urlpatterns as verification_urls
from reporting.api.editions import urlpatterns as edition_urls
from reporting.api.figures import urlpatterns as figure_urls
from reporting.api.mailings import urlpatterns as mailing_urls
from reporting.api.movements import urlpatterns as movement_urls
from reporting.api.star_measures import urlpatterns as star_measure_urls
from trafford_sv.core.api.problems import KINDS
from trafford_sv.core.api.views import ApiView
from trafford_sv.core.views_base import PublicView
from trafford_sv.directory.api import urlpatterns as directory_urls

NOUNS = {
    "api-charter-versions": "Versions of the charter, with what each is on a day",
    "api-principles": "Principles of the charter, by version, with areas for focus and initiatives",
    "api-adoptions": "Who has adopted the charter, since when, and who has withdrawn",
    "api-pledges": "What organisations promise outside contracts; in no other total",
    "api-case-studies": "Stories of what social value did, published with consent",
    "api-contracts": "Contracts with their value, dates, suppliers and what they must carry",
    "api-commitments": "What was promised, by whom, by when, and the value pinned when it was agreed",
    "api-returns": "What suppliers reported in a quarter, and what became of it",
    "api-return-lines": "Each thing reported: its quantity, what was verified, the quarter it counts in",
    "api-organisations": "Suppliers, partners, council services, schools and hubs",
    "api-tenders": "Tenders that ask for social value, and when they close",
    "api-bids": "Bids with what they offer, once they are opened; a supplier’s own at once",
    "api-categories": "The procurement categories (CPV 2008) that contracts are sorted by",
    "api-spend": "Payments as the council published them, line by line",
    "api-spend-retained": "How much of the spend stays in Trafford and Greater Manchester, and how sure that is",
    "api-spend-exclusions": "Payees that no buyer could have chosen otherwise, with reasons",
    "api-spend-units": "The parts of the council as the files name them",
    "api-payees": "Names that were paid, what was decided about each, and what it was paid",
    "api-measure-editions": "Editions of the measure library, with licence and what may be published",
    "api-measures": "Measures with their unit, kind, evidence, and dated value of one unit",
    "api-portfolio": "Offered, committed, reported and verified, with how complete they are",
    "api-deliveries": "What was delivered, line by line, as reported and as verified",
    "api-pacing": "Agreed commitments against their profile: what is behind, and how far",
    "api-recovery-actions": "What is done about commitments that fell behind, by whom and by when",
    "api-ratings": "Yearly ratings of contracts above the threshold of the Procurement Act 2023",
    "api-star-measures": "Measures that are reported each quarter: definition, basis, period, target",
    "api-star-readings": "What each measure says of each quarter, now or as known on a day",
    "api-editions": "Reports as they were published, each with its figures and the rows behind them",
    "api-subscriptions": "Who gets reports by e-mail, with audience and state; for officers",
    "api-steering-seats": "Who sits on the Steering Group: organisations and roles, no names",
    "api-steering-meetings": "Meetings of the Steering Group, and how far each is",
    "api-steering-decisions": "What the Steering Group decided, and what reversed it",
    "api-steering-actions": "Actions arising from its meetings, by whom and by when",
    "api-offers": "What is offered for a community’s need, and what came of it",
    "api-coverage": "Needs by ward and priority beside live promises and deprivation",
    "api-themes": "The seven themes of the Action Plan, with the stage each should reach by when",
    "api-actions": "Actions of the plan: who leads, dates, milestones, how they stand, what is overdue",
    "api-action-updates": "What leads reported of their actions, quarter by quarter",
    "api-assessments": "Assessments of maturity: the stage of each theme, once moderation is open",
    "api-maturity-editions": "Editions of the maturity index with their five stages",
    "api-maturity-criteria": "What each stage of a theme asks for, and the actions that would satisfy it",
    "api-needs": "What communities asked for: where, for whom, how many, and how far it has come",
    "api-rounds": "Consultation rounds: when they ran, what they asked, how many answered",
    "api-hubs": "Community hubs, their opening hours and the wards they serve",
    "api-wards": "Wards of both sets of boundaries, with outlines if asked for",
}


class OpenView(ApiView):
    """For what holds no data: no sign-in asked."""

    is_public = True
    permission_classes = [AllowAny]
    schema = None  # type: ignore[assignment]


class Index(OpenView):
    """Where to begin: the address of each list."""

    def get(self, request: Request) -> Response:
        names = [*NOUNS, "api-problems", "api-schema", "api-docs"]
        return Response(
            {
                name.removeprefix("api-").replace("-", "_"): request.build_absolute_uri(
                    reverse(name)
                )
                for name in names
            }
        )


class Problems(OpenView):
    """What each `type` of problem means and what to do about it."""

    def get(self, request: Request, code: str = "") -> Response:
        if code and code not in KINDS:
            raise exceptions.NotFound("There is no such kind of problem.")
        kinds = [KINDS[code]] if code else list(KINDS.values())
        rows = [
            {
                "type": f"/api/v1/problems/{kind.code}/",
                "title": kind.title,
                "status": kind.status,
                "what_to_do": kind.advice,
            }
            for kind in kinds
        ]
        return Response(rows[0] if code else {"results": rows})


class Schema(SpectacularAPIView):
    is_public = True
    is_api = True
    authentication_classes: list[Any] = []

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)  # type: ignore[no-any-return]


class Docs(PublicView):
    """The schema as a page to read and try."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": "API",
            "schema_url": reverse("api-schema"),
            "nouns": [{"address": reverse(name), "words": words} for name, words in NOUNS.items()],
        }
        return render(request, "api/docs.html", context)


class Nowhere(OpenView):
    """Any other address under /api/v1/: problem details, or the same address with its slash."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not request.path.endswith("/") and request.method in ("GET", "HEAD"):
            try:
                found = resolve(f"{request.path_info}/")
            except Resolver404:
                found = None
            if found is not None and found.func.__dict__.get("cls") is not Nowhere:
                raise _Moved
        raise exceptions.NotFound(
            "There is nothing at this address. /api/v1/ lists what there is, and addresses end in a slash."
        )

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, _Moved):
            query = self.request.META.get("QUERY_STRING", "")
            return HttpResponseRedirect(
                f"{self.request.path}/" + (f"?{query}" if query else ""), status=308
            )
        return super().handle_exception(exc)


class _Moved(Exception):
    """The address lacks its slash."""


urlpatterns = [
    path("", Index.as_view(), name="api-index"),
    path("schema/", Schema.as_view(), name="api-schema"),
    path("docs/", Docs.as_view(), name="api-docs"),
    path("problems/", Problems.as_view(), name="api-problems"),
    path("problems/<slug:code>/", Problems.as_view(), name="api-problem"),
    *directory_urls,
    *charter_urls,
    *standing_urls,
    *contract_urls,
    *category_urls,
    *spend_urls,
    *measure_urls,
    *bid_urls,
    *commitment_urls,
    *return_urls,
    *verification_urls,
    *portfolio_urls,
    *pacing_urls,
    *mailing_urls,
    *movement_urls,
    *figure_urls,
    *star_measure_urls,
    *edition_urls,
    *steering_urls,
    *need_offer_urls,
    *plan_urls,
    *maturity_urls,
    *need_urls,
    re_path(r"^[\s\S]*$", Nowhere.as_view(), name="api-nowhere"),
]
