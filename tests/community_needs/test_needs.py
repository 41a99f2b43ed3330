"""Raising, changing, withdrawing and merging needs; the counters that contracts set."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError

from community_needs.models import Need, Response
from community_needs.services.needs import (
    change_need,
    keep_needs_apart,
    merge_needs,
    raise_need,
    record_need_progress,
    withdraw_need,
)
from tests.factories import make_user, make_ward
from tests.factories_needs import (
    NOW,
    make_hub,
    make_need,
    make_priority,
    make_response,
    make_round,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 12, 1)


def values(**more):
    return {
        "priority": make_priority(),
        "title": "A warm place on Sundays",
        "wards": [make_ward()],
        "open_from": DAY,
        **more,
    }


def progress(need, accepted="0", confirmed="0", offers=0, done=0):
    return record_need_progress(
        need_id=need.pk,
        accepted_quantity=Decimal(accepted),
        confirmed_quantity=Decimal(confirmed),
        accepted_offers=offers,
        confirmed_offers=done,
        by=None,
        now=NOW,
    )


def test_a_need_from_answers_lists_the_answers_behind_it():
    officer, asked = make_user(), make_round()
    first, second = make_response(asked), make_response(asked)
    need = raise_need(
        values=values(round=asked),
        raised_from="responses",
        responses=[first, second],
        by=officer,
        now=NOW,
    )
    assert set(need.sources.values_list("response", flat=True)) == {first.pk, second.pk}
    assert need.state == "open" and need.raised_by_name == "An officer"
    assert AuditEvent.objects.get().verb == "need raised"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"wards": []}, "wards"),
        ({"needed_quantity": Decimal("NaN"), "unit": "places"}, "needed_quantity"),
        ({"needed_quantity": Decimal("1e9"), "unit": "places"}, "needed_quantity"),
        ({"closes": datetime.date(2026, 1, 1)}, "__all__"),
        ({"needed_quantity": Decimal(40), "unit": ""}, "__all__"),
        ({"needed_quantity": Decimal(0), "unit": "places"}, "__all__"),
    ],
)
def test_a_need_that_makes_no_sense_is_refused_and_nothing_is_written(more, field):
    with pytest.raises(ValidationError) as refused:
        raise_need(values=values(**more), raised_from="officer", by=make_user(), now=NOW)
    assert field in refused.value.message_dict
    assert not Need.objects.exists() and not AuditEvent.objects.exists()


def test_an_old_ward_never_joins_a_new_one_of_the_same_name():
    old = make_ward(name="Longford", boundary_year=2022)
    make_ward(name="Longford", boundary_year=2023)
    with pytest.raises(ValidationError, match="2023 boundaries"):
        raise_need(values=values(wards=[old]), raised_from="officer", by=make_user(), now=NOW)


def test_half_saved_answers_and_those_of_another_round_stand_behind_nothing():
    asked = make_round()
    draft = make_response(asked, state=Response.State.DRAFT, sent_at=None)
    for responses, words in (([draft], "were sent"), ([make_response(make_round())], "another")):
        with pytest.raises(ValidationError, match=words):
            raise_need(
                values=values(round=asked), raised_from="responses", responses=responses,
                by=make_user(), now=NOW,
            )  # fmt: skip


def test_the_state_follows_what_was_accepted_and_confirmed():
    need = make_need(quantity="40")
    # Offers of 25 and 25: accepted are 25 and 15, so that 40 in all; nothing is wanted any more.
    assert progress(need, "40", offers=2).state == "matched"
    need.refresh_from_db()
    assert need.still_wanted_quantity == 0 and need.version == 1
    assert progress(need, "40", "25", 2, 1).state == "part_met"
    assert progress(need, "40", "40", 2, 2).state == "met"
    events = AuditEvent.objects.count()
    assert progress(need, "40", "40", 2, 2).state == "met"
    assert AuditEvent.objects.count() == events, "the same sums twice are no news"
    assert progress(need).state == "open", "a hub that declines gives all of it free again"


def test_contradicting_sums_are_refused():
    need = make_need(quantity="40")
    with pytest.raises(ValidationError, match="More offers are confirmed"):
        progress(need, "1", "1", 1, 2)
    need.refresh_from_db()
    assert need.accepted_offers == 0


def test_a_quantity_changes_the_state_and_never_falls_below_what_was_accepted():
    officer, need = make_user(), make_need(quantity="40")
    progress(need, "25", "25", 1, 1)
    more = change_need(
        need=need, changes={"needed_quantity": Decimal(25)}, expected_version=1, by=officer, now=NOW
    )
    assert more.state == "met"
    with pytest.raises(ValidationError, match="25 sessions are accepted already"):
        change_need(
            need=need, changes={"needed_quantity": Decimal(24)}, expected_version=2,
            by=officer, now=NOW,
        )  # fmt: skip
    with pytest.raises(ValidationError, match="unit must stay"):
        change_need(
            need=need, changes={"needed_quantity": Decimal(25), "unit": "hours"},
            expected_version=2, by=officer, now=NOW,
        )  # fmt: skip


def test_a_stale_version_changes_nothing():
    officer, need = make_user(), make_need()
    change_need(need=need, changes={"title": "New"}, expected_version=1, by=officer, now=NOW)
    with pytest.raises(Collision):
        change_need(need=need, changes={"title": "Old"}, expected_version=1, by=officer, now=NOW)
    need.refresh_from_db()
    assert need.title == "New"


def test_a_need_with_an_offer_under_way_is_not_withdrawn():
    officer, need = make_user(), make_need(quantity="40")
    progress(need, "25", offers=1)
    with pytest.raises(ValidationError, match="Release the offer first"):
        withdraw_need(need=need, reason="Not now", expected_version=1, by=officer, now=NOW)
    progress(need)
    gone = withdraw_need(need=need, reason="Not now", expected_version=1, by=officer, now=NOW)
    assert gone.state == "withdrawn" and gone.withdrawn_reason == "Not now"
    assert progress(need, "5", offers=1).state == "withdrawn", "late sums wake nothing"


def test_two_needs_become_one_with_the_wards_and_answers_of_both():
    officer, asked = make_user(), make_round()
    here, there = make_ward(), make_ward()
    kept, absorbed = make_need(here, quantity="40"), make_need(there, quantity="20")
    shared, own = make_response(asked), make_response(asked)
    kept.sources.create(response=shared)
    absorbed.sources.create(response=shared)
    absorbed.sources.create(response=own)
    merged = merge_needs(
        kept=kept, absorbed=absorbed, changes={"needed_quantity": Decimal(60)},
        kept_version=1, absorbed_version=1, reason="The same club", by=officer, now=NOW,
    )  # fmt: skip
    absorbed.refresh_from_db()
    assert set(merged.wards.all()) == {here, there}
    assert merged.needed_quantity == 60 and merged.sources.count() == 2
    assert absorbed.state == "withdrawn" and absorbed.merged_into == kept
    with pytest.raises(ValidationError, match="merged into another"):
        change_need(need=absorbed, changes={"title": "x"}, expected_version=2, by=officer, now=NOW)


def test_a_need_that_holds_an_offer_is_not_absorbed():
    kept, absorbed = make_need(quantity="40"), make_need(quantity="20")
    progress(absorbed, "5", offers=1)
    with pytest.raises(ValidationError, match="Keep that one"):
        merge_needs(
            kept=kept, absorbed=absorbed, changes={}, kept_version=1, absorbed_version=1,
            reason="", by=make_user(), now=NOW,
        )  # fmt: skip
    absorbed.refresh_from_db()
    assert absorbed.state == "matched"


def test_needs_kept_apart_are_decided_once_in_either_order():
    first, second = make_need(), make_need()
    one = keep_needs_apart(first=first, second=second, reason="Two clubs", by=make_user(), now=NOW)
    two = keep_needs_apart(first=second, second=first, reason="", by=make_user(), now=NOW)
    assert one == two and AuditEvent.objects.count() == 1


def test_who_sees_which_need():
    hub, other = make_hub(), make_hub()
    published = make_need()
    own = make_need(hub=hub.organisation, is_public=False)
    foreign = make_need(hub=other.organisation, is_public=False)
    worker = make_user("hub", hub.organisation)
    seen = lambda user: set(Need.objects.visible_to(user))  # noqa: E731
    assert seen(AnonymousUser()) == {published}
    assert seen(make_user("supplier", make_hub().organisation)) == {published}
    assert seen(worker) == {published, own}
    assert seen(make_user("auditor")) == {published, own, foreign}
