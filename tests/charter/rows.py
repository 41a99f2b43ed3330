"""Small believable rows of the charter. They write no audit event."""

from __future__ import annotations

import datetime
from typing import Any

from charter.models import (
    Adoption,
    AdoptionRequest,
    CaseStudy,
    CharterVersion,
    FocusArea,
    Initiative,
    Pledge,
    Principle,
)
from tests.factories import make_organisation

FIRST = datetime.date(2022, 10, 24)
NOW = datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC)
TODAY = NOW.date()


def make_version(number: int = 1, *, draft: bool = False, **values: Any) -> CharterVersion:
    """With one principle, area and initiative."""
    approval = {
        "state": CharterVersion.State.APPROVED,
        "approving_body": "Executive",
        "approved_on": FIRST,
        "decision_reference": f"E/{number}",
        "in_force_from": FIRST + datetime.timedelta(days=number - 1),
    }
    version = CharterVersion.objects.create(
        number=number, title="Social Value Charter", **({} if draft else approval) | values
    )
    principle = Principle.objects.create(
        charter_version=version, number=1, key="jobs", title="Jobs", words="All will have jobs"
    )
    area = FocusArea.objects.create(principle=principle, key="schools", title="Schools", position=1)
    Initiative.objects.create(
        focus_area=area, key="talks", title="Give talks", unit="talks", position=1
    )
    return version


def the_version() -> CharterVersion:
    return CharterVersion.objects.filter(number=1).first() or make_version()


def the_principle() -> Principle:
    return the_version().principles.get()


def make_adoption(**values: Any) -> Adoption:
    given = {"adopted_on": FIRST, "signed_by_role": "director", **values}
    given.setdefault("organisation", make_organisation())
    return Adoption.objects.create(charter_version=the_version(), **given)


def make_request(**values: Any) -> AdoptionRequest:
    return AdoptionRequest.objects.create(
        **{
            "charter_version": the_version(),
            "organisation_name": "Invented Bakery",
            "signed_by_name": "A Person",
            "signed_by_role": "owner",
            "contact_email": "owner@example.org",
            "asked_at": NOW,
            **values,
        }
    )


def make_pledge(**values: Any) -> Pledge:
    given = {"title": "Lend a room", "pledged_on": FIRST, **values}
    given.setdefault("organisation", make_organisation())
    return Pledge.objects.create(principle=the_principle(), **given)


def make_case_study(**values: Any) -> CaseStudy:
    number = CaseStudy.objects.count() + 1
    return CaseStudy.objects.create(
        **{
            "key": f"story-{number}",
            "title": f"Story {number}",
            "summary": "What was done",
            "story": "It was needed, and done.",
            **values,
        }
    )


def publish(row: CaseStudy) -> CaseStudy:
    row.state, row.published_on = CaseStudy.State.PUBLISHED, TODAY
    row.consent_on, row.consent_words = TODAY, "All of them"
    row.save()
    return row
