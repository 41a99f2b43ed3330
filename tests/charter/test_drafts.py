"""From a draft to the charter in force, and what is refused on the way."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from charter.models import CharterVersion, Initiative, Origin, Pledge, Principle
from charter.selectors.comparison import compare_versions
from charter.selectors.versions import version_in_force
from charter.services import drafts
from charter.services.approvals import approve_version, correct_approval, take_back_approval
from charter.services.reference import load_charter
from tests.factories import make_organisation, make_user
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC)
TODAY = NOW.date()
FIRST = datetime.date(2022, 10, 24)


@pytest.fixture
def first() -> CharterVersion:
    load_charter(timezone.now(), False)
    return CharterVersion.objects.get()


@pytest.fixture
def draft(first: CharterVersion) -> CharterVersion:
    return drafts.start_draft(by=make_user(), now=NOW)


def approve(draft: CharterVersion, **changes) -> CharterVersion:
    values = {
        "approving_body": "Executive",
        "approved_on": TODAY,
        "decision_reference": "E/12",
        "in_force_from": datetime.date(2026, 6, 1),
    } | changes
    draft.refresh_from_db()
    return approve_version(
        version=draft,
        expected_version=draft.version,
        by=make_user(),
        now=NOW,
        today=TODAY,
        **values,
    )


def test_a_draft_begins_as_a_copy_that_differs_in_nothing(first, draft):
    assert draft.number == 2
    assert compare_versions(first, draft, TODAY).changed == ()
    assert draft.principles.count() == 3
    assert version_in_force(TODAY) == first


def test_only_one_draft_is_open_at_a_time(draft):
    with pytest.raises(ValidationError, match="Version 2 is a draft already"):
        drafts.start_draft(by=None, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        CharterVersion.objects.create(number=9, title="Another")


def test_approving_supersedes_the_version_before_on_the_day_it_says(first, draft):
    approved = approve(draft)
    assert version_in_force(datetime.date(2026, 5, 31)) == first
    assert version_in_force(datetime.date(2026, 6, 1)) == approved
    held = CharterVersion.objects.with_end().get(pk=first.pk)
    assert held.in_force_to == datetime.date(2026, 5, 31)
    assert held.status_on(datetime.date(2026, 6, 1)) == "superseded"
    assert set(AuditEvent.objects.values_list("verb", flat=True)) >= {
        "charter approved",
        "charter superseded",
    }
    origins = Initiative.objects.filter(focus_area__principle__charter_version=approved)
    assert set(origins.values_list("origin", flat=True)) == {Origin.CHARTER}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"in_force_from": FIRST, "approved_on": FIRST},
            "only one version can be in force on a day",
        ),
        ({"in_force_from": TODAY - datetime.timedelta(1)}, "before the day it was approved"),
        ({"approved_on": TODAY + datetime.timedelta(1)}, "still to come"),
        ({"approving_body": "  "}, "Say which body approved"),
    ],
)
def test_an_approval_that_cannot_be_right_is_said_in_words(draft, changes, sentence):
    with pytest.raises(ValidationError) as refused:
        approve(draft, **changes)
    assert sentence in " ".join(refused.value.messages)
    draft.refresh_from_db()
    assert draft.state == CharterVersion.State.DRAFT and draft.in_force_from is None


def test_a_charter_without_a_principle_is_not_approved(draft):
    for principle in draft.principles.all():
        drafts.remove_part(part=principle, by=None, now=NOW)
    with pytest.raises(ValidationError, match="at least one principle"):
        approve(draft)


def test_a_draft_that_somebody_edited_meanwhile_is_not_approved_unread(draft):
    stale = draft.version
    drafts.change_draft(
        version=draft, changes={"title": "Other"}, expected_version=stale, by=None, now=NOW
    )
    with pytest.raises(Collision):
        approve_version(
            version=draft, expected_version=stale, by=None, now=NOW, today=TODAY,
            approving_body="Executive", approved_on=TODAY, decision_reference="E",
            in_force_from=TODAY,
        )  # fmt: skip


def test_the_words_of_an_approved_charter_are_final(first):
    principle = first.principles.first()
    for write in (
        lambda: drafts.change_part(
            part=principle, changes={"words": "x"}, expected_version=1, by=None, now=NOW
        ),
        lambda: drafts.remove_part(part=principle, by=None, now=NOW),
        lambda: drafts.add_principle(
            version=first, values={"title": "x", "words": "y"}, by=None, now=NOW
        ),
        lambda: drafts.discard_draft(version=first, by=None, now=NOW),
    ):
        with pytest.raises(ValidationError, match="words stay as they are"):
            write()
    assert first.principles.count() == 3


def pledge_on(principle: Principle) -> Pledge:
    return Pledge.objects.create(
        organisation=make_organisation(), principle=principle, title="Lend a room", pledged_on=TODAY
    )


def test_a_principle_that_has_pledges_is_not_deleted(first, draft):
    principle = draft.principles.first()
    pledge_on(principle)
    with pytest.raises(ValidationError, match="1 record rests on it, such as a pledge"):
        drafts.remove_part(part=principle, by=None, now=NOW)
    with pytest.raises(ValidationError, match="rests on it"):
        drafts.discard_draft(version=draft, by=None, now=NOW)
    assert not AuditEvent.objects.filter(verb__endswith="removed").exists()
    # Nor by anybody who goes round the services.
    pledge_on(first.principles.first())
    with pytest.raises(ProtectedError):
        first.principles.first().delete()


def test_a_part_keeps_its_key_whatever_its_title_becomes(draft):
    principle = drafts.add_principle(
        version=draft, values={"title": "Greener", "words": "A greener borough"}, by=None, now=NOW
    )
    assert (principle.key, principle.number) == ("greener", 4)
    again = drafts.add_principle(
        version=draft, values={"title": "Greener!", "words": "Twice"}, by=None, now=NOW
    )
    assert again.key == "greener-2"
    changed = drafts.change_part(
        part=principle, changes={"title": "Cleaner"}, expected_version=1, by=None, now=NOW
    )
    assert changed.key == "greener"


def test_an_approval_is_taken_back_before_it_is_in_force_and_not_after(first, draft):
    approve(draft)
    back = take_back_approval(version=draft, reason="A slip", by=None, now=NOW, today=TODAY)
    assert (back.state, back.in_force_from, back.approving_body) == ("draft", None, "")
    approve(draft)
    with pytest.raises(ValidationError, match="has been in force since"):
        take_back_approval(
            version=draft, reason="Late", by=None, now=NOW, today=datetime.date(2026, 6, 1)
        )


def test_the_record_of_a_decision_is_corrected_with_a_reason_and_the_words_stay(first):
    correct_approval(
        version=first, changes={"decision_reference": "Minute 24"}, expected_version=first.version,
        reason="The minute", by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    assert CharterVersion.objects.get(pk=first.pk).decision_reference == "Minute 24"
    first.adoptions.create(
        organisation=make_organisation(), adopted_on=FIRST, signed_by_role="Director"
    )
    with pytest.raises(ValidationError, match=r"before the day it was approved|signed it on"):
        correct_approval(
            version=first, changes={"approved_on": datetime.date(2022, 10, 25)},
            expected_version=first.version + 1, reason="x", by=None, now=NOW, today=TODAY,
        )  # fmt: skip
