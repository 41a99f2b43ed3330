"""The Steering Group's own page, and what it is for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from ..models import Minutes
from ..selectors.meetings import (
    decision_line,
    decisions_for,
    meetings_for,
    next_meeting,
    work_of,
)
from ..selectors.seats import bodies_on
from ..terms_of_reference import (
    CHAIR,
    COUNCIL_SERVICES,
    OBJECTIVES,
    PARTNERS,
    PURPOSE,
    SOURCE,
    SUPPORT,
)
from .steering_base import GroupPage, meeting_tag

DECISIONS_SHOWN = 5


class SteeringHome(GroupPage):
    """For anybody: when it meets next, what it decided, who is on it. For members: what waits."""

    def get(self, request: HttpRequest) -> HttpResponse:
        coming = next_meeting(self.today, called=not self.reader.works)
        latest = meetings_for(request.user).filter(state="held").first()
        minutes = getattr(latest, "minutes", None) if latest else None
        if minutes is not None and minutes.state == Minutes.State.DRAFT and not self.reader.works:
            minutes = None
        decisions = decisions_for(request.user, confidential=self.reader.confidential)
        return self.show(
            "steering_home",
            title="Steering Group",
            purpose=PURPOSE,
            coming=coming,
            coming_tag=meeting_tag(coming) if coming else None,
            latest=latest,
            minutes=minutes,
            decisions=[
                decision_line(one, works=self.reader.works) for one in decisions[:DECISIONS_SHOWN]
            ],
            bodies=bodies_on(self.today),
            work=work_of(self.standing.seat),
            reader=self.reader,
            today=self.today,
            breadcrumbs=[("Home", "/"), ("Steering Group", None)],
        )


class SteeringTerms(GroupPage):
    """The seven objectives, and who is on the Group as the report has it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(
            "steering_terms",
            title="Terms of reference",
            purpose=PURPOSE,
            objectives=OBJECTIVES,
            services=COUNCIL_SERVICES,
            partners=PARTNERS,
            chair=CHAIR,
            support=SUPPORT,
            source=SOURCE,
            breadcrumbs=self.crumbs(("Terms of reference", None)),
        )
