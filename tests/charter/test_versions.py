"""Exactly one charter is in force on a date; what is loaded says whose words it is."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from charter.models import CharterVersion, FocusArea, Initiative, Origin, Principle
from charter.selectors.versions import charter_text, principles_in_force, version_in_force
from charter.services.reference import load_charter

# A busy machine is no failure of the figure.

FIRST = datetime.date(2022, 10, 24)


def approved(number: int, day: datetime.date) -> CharterVersion:
    return CharterVersion.objects.create(
        number=number,
        title="Charter",
        state=CharterVersion.State.APPROVED,
        approving_body="Executive",
        approved_on=day,
        decision_reference=f"E{number}",
        in_force_from=day,
    )


class OneInForce(TestCase):
    @settings(max_examples=25)
    @given(
        days=st.lists(st.dates(FIRST, datetime.date(2040, 1, 1)), min_size=1, max_size=5, unique=True),
        asked=st.dates(datetime.date(2020, 1, 1), datetime.date(2042, 1, 1)),
    )  # fmt: skip
    def test_whatever_is_approved_exactly_one_is_in_force_from_the_first_day_on(self, days, asked):
        CharterVersion.objects.all().delete()
        for number, day in enumerate(days, 1):
            approved(number, day)
        in_force = [
            version
            for version in CharterVersion.objects.with_end()
            if version.status_on(asked) == CharterVersion.Status.IN_FORCE
        ]
        assert len(in_force) == (1 if asked >= min(days) else 0)
        found = version_in_force(asked)
        assert [found] == (in_force or [None])
        for version in CharterVersion.objects.with_end():
            if version.in_force_to is not None:
                assert version.in_force_from <= version.in_force_to


@pytest.mark.django_db
def test_the_database_refuses_a_second_charter_from_the_same_day():
    approved(1, FIRST)
    with pytest.raises(IntegrityError), transaction.atomic():
        approved(2, FIRST)


@pytest.mark.django_db
@pytest.mark.parametrize("missing", ["approving_body", "approved_on", "decision_reference"])
def test_the_database_refuses_an_approval_that_does_not_say_who_when_and_where(missing):
    version = approved(1, FIRST)
    setattr(version, missing, None if missing == "approved_on" else "")
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()


@pytest.mark.django_db
def test_the_database_refuses_a_charter_in_force_before_its_approval_and_a_draft_in_force():
    version = approved(1, FIRST)
    version.in_force_from = FIRST - datetime.timedelta(days=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()
    version.refresh_from_db()
    version.state = CharterVersion.State.DRAFT
    with pytest.raises(IntegrityError), transaction.atomic():
        version.save()


@pytest.mark.django_db
def test_the_charter_of_2022_has_the_reports_three_principles_and_says_what_is_ours():
    call_command("load_reference", verbosity=0)
    version = version_in_force(datetime.date(2026, 5, 3))
    text = charter_text(version, datetime.date(2026, 5, 3))
    assert text.status_words == "Approved, in force"
    assert [one.words for one in text.principles] == [
        "All our residents will have access to quality learning, training and jobs",
        "All our communities will be happy, healthy and safe",
        "All our businesses both large and small and town centres will be supported to recover"
        " and flourish for the benefit of everyone",
    ]
    assert {one.origin for one in text.principles} == {Origin.REPORT}
    areas = [area for one in text.principles for area in one.focus_areas]
    assert areas and {area.origin for area in areas} == {Origin.SUGGESTED}
    assert all(area.initiatives for area in areas)
    assert {one.origin for area in areas for one in area.initiatives} == {Origin.SUGGESTED}
    assert "not held here" in text.source_note


def test_a_key_is_written_once_in_the_file_and_fits_its_column():
    told = json.loads(
        (Path(__file__).parents[2] / "charter/reference/charter_2022.json").read_text()
    )
    initiatives = [
        one["key"]
        for principle in told["principles"]
        for area in principle["focus_areas"]
        for one in area["initiatives"]
    ]
    assert len(initiatives) == len(set(initiatives))


@pytest.mark.django_db
def test_loading_leaves_a_version_that_somebody_wrote_as_it_is():
    CharterVersion.objects.create(number=1, title="Our own beginning")
    counts = load_charter(timezone.now(), False)
    assert (counts.created, counts.updated) == (0, 0)
    assert CharterVersion.objects.get().title == "Our own beginning"
    assert not Principle.objects.exists()


@pytest.mark.django_db
def test_a_rehearsal_writes_nothing():
    counts = load_charter(timezone.now(), True)
    assert not CharterVersion.objects.exists()
    load_charter(timezone.now(), False)
    written = sum(
        each.objects.count() for each in (CharterVersion, Principle, FocusArea, Initiative)
    )
    assert counts.created == written


@pytest.mark.django_db
def test_a_charter_is_read_in_the_same_few_queries_however_long_it_is(django_assert_num_queries):
    load_charter(timezone.now(), False)
    with django_assert_num_queries(4):
        charter_text(version_in_force(FIRST), FIRST)
    with django_assert_num_queries(2):
        assert len(principles_in_force(FIRST)) == 3
    assert principles_in_force(FIRST - datetime.timedelta(days=1)) == []
