"""The Steering Group's rules: who may act, what an agenda keeps, what stays on record."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from action_plan.models import (
    AgendaItem,
    ChairTerm,
    Decision,
    Meeting,
    Minutes,
    MinutesReply,
    Seat,
)
from action_plan.selectors.meetings import PUBLIC_READER, Reader, view_meeting, view_minutes
from action_plan.selectors.quorums import quorum_of
from action_plan.selectors.seats import chair_on, standing_of
from action_plan.services.agenda import (
    add_item,
    add_paper,
    change_item,
    comment_on_item,
    declare_interest,
    move_item,
    remove_item,
    say_coming,
)
from action_plan.services.arising import close_arising, record_arising
from action_plan.services.decisions import record_decision
from action_plan.services.holding import record_attendance, settle_item
from action_plan.services.meetings import (
    call_meeting,
    cancel_meeting,
    plan_next_meetings,
    proposed_dates,
    record_series,
)
from action_plan.services.minutes import (
    confirm_minutes,
    draft_minutes,
    publish_minutes,
    reply_to_minutes,
    save_section,
)
from action_plan.services.seats import change_seat, give_seat, name_chair, record_quorum_rule
from tests.factories import make_user
from tests.factories_steering import (
    LONG_AGO,
    at,
    hold,
    make_chair,
    make_item,
    make_meeting,
    make_rule,
    make_seat,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = (datetime.date(2026, month, 13) for month in (1, 4, 7))
TODAY = datetime.date(2026, 3, 2)
NOW = at(TODAY)


def refused(what: Any, **words: Any) -> str:
    """The sentence with which a service refuses."""
    with pytest.raises(ValidationError) as error:
        what(**words)
    return " ".join(error.value.messages)


def decide(item: AgendaItem, words: str = "Agreed", **more: Any) -> Decision:
    return record_decision(
        item=item, words=words, **{"by": None, "now": at(item.meeting.day), **more}
    )


def minuted(meeting: Meeting) -> Minutes:
    """Held, everything settled, minutes published."""
    for item in meeting.items.filter(outcome="open"):
        settle_item(
            item=item, outcome="done", expected_version=item.version, by=None, now=at(meeting.day)
        )
    minutes = draft_minutes(meeting=meeting, by=None, now=at(meeting.day))
    return publish_minutes(
        minutes=minutes, expected_version=minutes.version, by=None, now=at(meeting.day)
    )


@pytest.fixture
def seats() -> list[Seat]:
    return [make_chair(), make_seat("Health"), make_seat("Planning"), make_seat("College")]


# --- seats --------------------------------------------------------------------------------


def test_a_member_whose_seat_has_ended_acts_no_more_whatever_role_they_hold() -> None:
    member = make_user("steering_member")
    make_seat("College", member, ends=TODAY - datetime.timedelta(days=1))
    item = make_item(make_meeting(SECOND))
    said = refused(comment_on_item, item=item, text="Yes", by=member, now=NOW)
    assert said.startswith("Your seat for College ended on 1 March 2026")
    assert item.comments.count() == 0
    assert not standing_of(member, TODAY).reads_confidential


def test_the_last_day_of_a_seat_still_counts() -> None:
    member = make_user("steering_member")
    make_seat("College", member, ends=TODAY)
    item = make_item(make_meeting(SECOND))
    assert comment_on_item(item=item, text="Yes", by=member, now=NOW).seat.body == "College"


def test_a_seat_without_the_role_does_not_let_anybody_act() -> None:
    somebody = make_user("auditor")
    make_seat("College", somebody)
    item = make_item(make_meeting(SECOND))
    assert "no seat" in refused(comment_on_item, item=item, text="Yes", by=somebody, now=NOW)


def test_a_chair_runs_meetings_while_the_seat_lasts_and_no_member_does() -> None:
    chair, member = make_user("steering_chair"), make_user("steering_member")
    seat = make_chair(chair)
    make_seat("Health", member)
    meeting = make_meeting(SECOND)
    values = {"title": "Grants"}
    add_item(meeting=meeting, values=values, by=chair, now=NOW)
    assert "Only the chair" in refused(add_item, meeting=meeting, values=values, by=member, now=NOW)
    Seat.objects.filter(pk=seat.pk).update(ends=TODAY - datetime.timedelta(days=1))
    assert "ended" in refused(add_item, meeting=meeting, values=values, by=chair, now=NOW)


def test_a_person_holds_one_seat_at_a_time() -> None:
    member = make_user("steering_member")
    make_seat("College", member, ends=TODAY)
    values = {"body": "Health", "held_by": "lead", "user": member, "starts": TODAY}
    assert "one seat at a time" in refused(give_seat, values=values, by=None, now=NOW)
    give_seat(values={**values, "starts": TODAY + datetime.timedelta(days=1)}, by=None, now=NOW)


def test_a_seat_may_not_leave_out_a_meeting_that_it_was_at(seats: list[Seat]) -> None:
    hold(make_meeting(FIRST), *seats)
    said = refused(
        change_seat, seat=seats[1], changes={"ends": FIRST - datetime.timedelta(days=1)},
        expected_version=1, by=None, now=NOW,
    )  # fmt: skip
    assert "was at the meeting of 13 January 2026" in said


def test_two_chairs_cannot_be_written_down(seats: list[Seat]) -> None:
    said = refused(name_chair, seat=seats[1], starts=LONG_AGO, by=None, now=NOW)
    assert "one chair at a time" in said
    with pytest.raises(IntegrityError), transaction.atomic():
        ChairTerm.objects.create(seat=seats[1], starts=LONG_AGO, named_at=NOW, named_by_name="X")
    name_chair(seat=seats[1], starts=TODAY, by=None, now=NOW)
    assert chair_on(TODAY) == seats[1]
    assert chair_on(TODAY - datetime.timedelta(days=1)) == seats[0]


def test_a_chair_whose_seat_has_ended_is_no_chair(seats: list[Seat]) -> None:
    Seat.objects.filter(pk=seats[0].pk).update(ends=TODAY)
    assert chair_on(TODAY) == seats[0]
    assert chair_on(TODAY + datetime.timedelta(days=1)) is None


def test_a_quorum_rule_does_not_reach_back_behind_a_meeting(seats: list[Seat]) -> None:
    hold(make_meeting(FIRST), *seats)
    values = {"starts": FIRST, "source": "The Group"}
    assert "under the rule before" in refused(record_quorum_rule, values=values, by=None, now=NOW)


# --- agendas ------------------------------------------------------------------------------


def test_the_action_plan_stands_on_every_agenda_and_cannot_be_removed() -> None:
    meeting = make_meeting(SECOND)
    plan = meeting.items.get()
    assert plan.kind == "plan"
    assert "standing item" in refused(remove_item, item=plan, by=None, now=NOW)
    said = refused(
        change_item, item=plan, changes={"title": "Lunch"}, expected_version=1, by=None, now=NOW
    )
    assert "keeps its name" in said
    with pytest.raises(IntegrityError), transaction.atomic():
        AgendaItem.objects.create(meeting=meeting, position=9, kind="plan", title="Again")


def test_a_meeting_that_was_held_takes_no_more_items(seats: list[Seat]) -> None:
    meeting = hold(make_meeting(FIRST), *seats)
    said = refused(add_item, meeting=meeting, values={"title": "Late"}, by=None, now=NOW)
    assert said == (
        "The meeting of 13 January 2026 was held, so its agenda stays as it was. "
        "Put this on the agenda of the next meeting."
    )
    item = meeting.items.get()
    for service in (remove_item, move_item):
        more = {"up": True} if service is move_item else {}
        assert "was held" in refused(service, item=item, by=None, now=NOW, **more)
    assert meeting.items.count() == 1


def test_what_is_carried_over_comes_to_the_next_agenda_once_behind_the_plan(
    seats: list[Seat],
) -> None:
    first = make_meeting(FIRST)
    grants = make_item(first, "Grants", is_confidential=True)
    hold(first, *seats)
    grants.refresh_from_db()
    settle_item(item=grants, outcome="carried", expected_version=grants.version, by=None, now=NOW)
    second = make_meeting(SECOND)
    make_item(second, "New")
    titles = [item.title for item in second.items.order_by("position")]
    assert titles == [
        "Minutes of the meeting of 13 January 2026", "Social Value Action Plan", "Grants", "New"
    ]  # fmt: skip
    again = second.items.get(title="Grants")
    assert again.carried_from == grants and again.is_confidential
    assert "carried over" in refused(remove_item, item=again, by=None, now=NOW)
    make_meeting(THIRD)
    assert AgendaItem.objects.filter(carried_from=grants).count() == 1


def test_minutes_wait_for_one_meeting_at_a_time(seats: list[Seat]) -> None:
    first, second, third = make_meeting(FIRST), make_meeting(SECOND), make_meeting(THIRD)
    hold(first, *seats)
    minuted(first)
    hold(second, *seats)
    about = second.items.get(minutes_of=first)
    assert not third.items.filter(minutes_of=first).exists()
    # Time ran out: they go on to the third meeting, once.
    settle_item(item=about, outcome="done", expected_version=1, by=None, now=at(SECOND))
    assert third.items.filter(minutes_of=first).count() == 1


def test_a_meeting_called_off_hands_its_items_on(seats: list[Seat]) -> None:
    first, second = make_meeting(FIRST), make_meeting(SECOND)
    make_item(first, "Grants")
    said = refused(cancel_meeting, meeting=first, reason=" ", expected_version=1, by=None, now=NOW)
    assert "Say why" in said
    cancel_meeting(meeting=first, reason="Snow", expected_version=1, by=None, now=NOW)
    assert second.items.filter(title="Grants", carried_from__meeting=first).exists()
    assert "called off" in refused(add_item, meeting=first, values={"title": "X"}, by=None, now=NOW)


def test_the_group_meets_once_a_day_and_after_its_last_meeting(seats: list[Seat]) -> None:
    make_meeting(SECOND)
    assert "on that day already" in refused(make_meeting, day=SECOND)
    hold(make_meeting(FIRST), *seats)
    assert "last met on 13 January 2026" in refused(make_meeting, day=FIRST)


def test_a_series_plans_its_next_dates_and_leaves_out_what_is_taken() -> None:
    series = record_series(
        values={"name": "Quarterly", "begins": datetime.date(2026, 1, 1)}, by=None, now=NOW
    )
    days = proposed_dates(series, after=TODAY, count=2)
    assert days == [datetime.date(2026, 4, 14), datetime.date(2026, 7, 14)]
    made = plan_next_meetings(series=series, days=days, by=None, now=NOW)
    assert [meeting.day for meeting in made] == days
    assert proposed_dates(series, after=TODAY, count=1) == [datetime.date(2026, 10, 13)]


def test_a_paper_that_could_run_is_refused_and_the_same_file_is_kept_once(settings: Any) -> None:
    item = make_item(make_meeting(SECOND))
    bad = SimpleUploadedFile("a.exe", b"MZ rest of it")
    said = refused(
        add_paper, item=item, file=bad, title="", is_confidential=False, by=None, now=NOW
    )
    assert "program" in said
    for expected in (1, 1):
        good = SimpleUploadedFile("paper.txt", b"What is proposed, in a few words.")
        words = {"item": item, "file": good, "title": "", "is_confidential": False, "by": None}
        if item.papers.exists():
            assert "already" in refused(add_paper, now=NOW, **words)
        else:
            assert add_paper(now=NOW, **words).title == "paper.txt"
        assert item.papers.count() == expected


# --- meetings -----------------------------------------------------------------------------


def test_nobody_can_hold_a_meeting_before_its_day_or_before_an_earlier_one(
    seats: list[Seat],
) -> None:
    first, second = make_meeting(FIRST), make_meeting(SECOND)
    words = {"came": {seats[0].pk: "present"}, "chaired_by": seats[0], "expected_version": 1}
    said = refused(record_attendance, meeting=second, by=None, now=at(TODAY), **words)
    assert "The meeting is on 13 April 2026" in said
    said = refused(record_attendance, meeting=second, by=None, now=at(SECOND), **words)
    assert "13 January 2026 is still open" in said
    gone = {**words, "chaired_by": seats[1]}
    assert "is present" in refused(record_attendance, meeting=first, by=None, now=NOW, **gone)
    nobody = {**words, "came": {}, "chaired_by": None}
    assert "Nobody was there" in refused(
        record_attendance, meeting=first, by=None, now=NOW, **nobody
    )
    first.refresh_from_db()
    assert first.state == "planned"


def test_without_a_quorum_nothing_is_decided(seats: list[Seat]) -> None:
    make_rule("0.75", 2)  # of four seats, three
    meeting = make_meeting(FIRST)
    item = make_item(meeting)
    hold(meeting, *seats[:2])
    item.refresh_from_db()
    said = refused(decide, item=item)
    assert said.startswith("2 of 4 seats are filled; 3 must be, so the meeting cannot decide.")
    assert not Decision.objects.exists()
    settle_item(item=item, outcome="carried", expected_version=item.version, by=None, now=NOW)


def test_whoever_leaves_for_an_item_does_not_make_its_quorum(seats: list[Seat]) -> None:
    make_rule("0.75", 2)
    meeting = make_meeting(FIRST)
    item, other = make_item(meeting), make_item(meeting, "Other")
    declare_interest(item=item, seat=seats[1], words="Bids", stays="leaves", by=None, now=NOW)
    hold(meeting, *seats[:3])
    item.meeting.refresh_from_db()
    assert quorum_of(item.meeting).is_met and not quorum_of(item.meeting, item).is_met
    assert "cannot decide" in refused(decide, item=item)
    other.meeting.refresh_from_db()
    decide(other)


def test_an_interest_comes_before_the_decision(seats: list[Seat]) -> None:
    meeting = make_meeting(FIRST)
    item = make_item(meeting)
    hold(meeting, *seats)
    item.meeting.refresh_from_db()
    decide(item)
    said = refused(
        declare_interest, item=item, seat=seats[1], words="Bids", stays="leaves", by=None, now=NOW
    )
    assert "before decisions" in said


def test_a_decision_is_recorded_under_a_meeting_that_was_held(seats: list[Seat]) -> None:
    item = make_item(make_meeting(FIRST))
    assert "who came" in refused(decide, item=item)


def test_a_decision_of_the_chair_is_reversed_at_the_next_meeting_and_both_stay(
    seats: list[Seat],
) -> None:
    hold(make_meeting(FIRST), *seats)
    second = make_meeting(SECOND)
    item = make_item(second, "Poster")
    day = datetime.date(2026, 2, 2)
    early = decide(item, "The name may stand", taken="chair", decided_on=day, now=NOW)
    hold(second, *seats)
    item.meeting.refresh_from_db()
    later = decide(item, "It may not", kind="reversal", reverses=early)
    early.refresh_from_db()
    assert early.words == "The name may stand" and early.reversed_by == later
    assert (early.reference, later.reference) == ("SG 2026-04-13/1", "SG 2026-04-13/2")
    said = refused(decide, item=item, words="No", kind="reversal", reverses=early)
    assert "was reversed by SG 2026-04-13/2 already" in said
    minutes = draft_minutes(meeting=second, by=None, now=at(SECOND))
    text = minutes.sections.get(item=item).text
    assert "the chair decided on 2 February 2026" in text and "This reverses" in text


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (None, "Give the day"),
        (datetime.date(2026, 3, 3), "still to come"),
        (datetime.date(2026, 1, 12), "after the last meeting"),
    ],
)
def test_a_decision_of_the_chair_lies_between_two_meetings(
    seats: list[Seat], day: datetime.date | None, sentence: str
) -> None:
    hold(make_meeting(FIRST), *seats)
    item = make_item(make_meeting(SECOND))
    assert sentence in refused(decide, item=item, taken="chair", decided_on=day, now=NOW)


def test_without_a_chair_no_decision_of_the_chair() -> None:
    item = make_item(make_meeting(SECOND))
    said = refused(decide, item=item, taken="chair", decided_on=TODAY, now=NOW)
    assert "Nobody was in the chair" in said


def test_a_meeting_does_not_reverse_what_it_has_just_decided(seats: list[Seat]) -> None:
    meeting = make_meeting(FIRST)
    item = make_item(meeting)
    hold(meeting, *seats)
    item.meeting.refresh_from_db()
    decision = decide(item)
    said = refused(decide, item=item, words="No", kind="reversal", reverses=decision)
    assert "at a later meeting" in said


def test_an_action_arising_is_closed_by_its_owner_with_what_came_of_it(seats: list[Seat]) -> None:
    owner, other = make_user("steering_member"), make_user("steering_member")
    seat = make_seat("Transport", owner)
    make_seat("Housing", other)
    meeting = make_meeting(FIRST)
    item = make_item(meeting)
    hold(meeting, *seats, seat)
    said = refused(record_arising, item=item, words="", owner=None, due=LONG_AGO, by=None, now=NOW)
    assert said.count(".") >= 3
    arising = record_arising(item=item, words="Ask", owner=seat, due=SECOND, by=None, now=NOW)
    close = {"arising": arising, "state": "done", "expected_version": 1, "now": NOW}
    assert "another member" in refused(close_arising, outcome="Asked", by=other, **close)
    assert "what came of it" in refused(close_arising, outcome=" ", by=owner, **close)
    assert close_arising(outcome="Asked", by=owner, **close).closed_by_name == owner.name


# --- minutes ------------------------------------------------------------------------------


def test_minutes_are_drafted_published_answered_and_confirmed_at_the_next_meeting(
    seats: list[Seat],
) -> None:
    member = make_user("steering_member")
    seat = make_seat("Transport", member)
    make_rule("0.5", 2)
    meeting = make_meeting(FIRST)
    item = make_item(meeting, "Grants")
    hold(meeting, *seats)
    item.meeting.refresh_from_db()
    decide(item, "Grants ask for social value")
    minutes = draft_minutes(meeting=meeting, by=None, now=NOW)
    assert "Grants ask for social value" in minutes.sections.get(item=item).text
    assert "4 of 5 seats are filled" in minutes.opening
    said = refused(publish_minutes, minutes=minutes, expected_version=1, by=None, now=NOW)
    assert "item 1" in said
    minutes = minuted(meeting)
    second = make_meeting(SECOND)
    about = second.items.get(kind="minutes")
    reply = {"minutes": minutes, "says": "right", "text": "", "by": member, "now": NOW}
    reply_to_minutes(of_version=minutes.version, **reply)
    section = minutes.sections.get(item=item)
    save_section(
        section=section, text="Put better", expected_version=section.version, by=None, now=NOW
    )
    minutes.refresh_from_db()
    held = MinutesReply.objects.get(seat=seat)
    assert held.of_version == minutes.version - 1
    said = refused(reply_to_minutes, of_version=held.of_version, **reply)
    assert "changed while you read" in said
    confirm = {"item": about, "expected_version": minutes.version, "by": None, "now": at(SECOND)}
    assert "who came" in refused(confirm_minutes, **confirm)
    hold(second, seats[0])
    about.meeting.refresh_from_db()
    assert "cannot decide" in refused(confirm_minutes, **confirm)
    second.refresh_from_db()
    record_attendance(
        meeting=second, came={one.pk: "present" for one in seats}, chaired_by=seats[0],
        expected_version=second.version, by=None, now=at(SECOND),
    )  # fmt: skip
    minutes = confirm_minutes(**confirm)
    assert minutes.state == "confirmed" and minutes.confirmed_under == about
    next_minutes = draft_minutes(meeting=second, by=None, now=at(SECOND))
    assert next_minutes.sections.get(item=about).text == (
        "The minutes of 13 January 2026 were confirmed."
    )
    section.refresh_from_db()
    said = refused(
        save_section, section=section, text="No", expected_version=section.version, by=None, now=NOW
    )
    assert "stay as they are" in said
    assert "confirmed these minutes" in refused(
        reply_to_minutes, of_version=minutes.version, **reply
    )


def test_what_is_published_in_minutes_takes_no_more_decisions(seats: list[Seat]) -> None:
    meeting = make_meeting(FIRST)
    item = make_item(meeting)
    hold(meeting, *seats)
    minuted(meeting)
    item.refresh_from_db()
    item.meeting.refresh_from_db()
    assert "are published" in refused(decide, item=item)


def test_two_people_record_who_came_and_the_second_sees_it(seats: list[Seat]) -> None:
    meeting = make_meeting(FIRST)
    hold(meeting, *seats)
    with pytest.raises(Collision):
        record_attendance(
            meeting=meeting, came={seats[0].pk: "present"}, chaired_by=None, expected_version=1,
            by=None, now=NOW,
        )  # fmt: skip
    assert meeting.attendance.filter(came="present").count() == 4


def test_apologies_are_sent_and_taken_back(seats: list[Seat]) -> None:
    member = make_user("steering_member")
    make_seat("Transport", member)
    meeting = make_meeting(SECOND)
    words = {"meeting": meeting, "note": "On leave", "by": member, "now": NOW}
    say_coming(is_coming=False, **words)
    assert meeting.attendance.get().note == "On leave"
    say_coming(is_coming=True, **words)
    assert not meeting.attendance.exists()


# --- what the public reads ----------------------------------------------------------------


def test_a_confidential_item_keeps_its_number_and_says_no_more(seats: list[Seat]) -> None:
    meeting = make_meeting(FIRST)
    item = make_item(meeting, "Secret name", words="Secret words", is_confidential=True)
    paper = SimpleUploadedFile("secret.txt", b"Secret paper of the Group.")
    add_paper(item=item, file=paper, title="", is_confidential=False, by=None, now=NOW)
    call_meeting(meeting=meeting, expected_version=1, by=None, now=NOW)
    hold(meeting, *seats)
    item.meeting.refresh_from_db()
    decide(item, "Secret decision")
    minutes = minuted(meeting)
    meeting = Meeting.objects.select_related("minutes").get(pk=meeting.pk)
    seen = view_meeting(meeting, PUBLIC_READER)
    written = view_minutes(minutes, PUBLIC_READER)
    assert "Secret" not in repr(seen.items) and "Secret" not in repr(written.sections)
    assert (seen.hidden, written.hidden) == (1, 1)
    assert "Secret" in repr(view_meeting(meeting, Reader(works=True, confidential=True)).items)


def test_the_public_reads_decisions_once_minutes_are_out(seats: list[Seat]) -> None:
    meeting = make_meeting(FIRST)
    item = make_item(meeting)
    hold(meeting, *seats)
    item.meeting.refresh_from_db()
    decide(item)

    def seen() -> int:
        stored = Meeting.objects.get(pk=meeting.pk)
        return len(view_meeting(stored, PUBLIC_READER).decisions)

    assert seen() == 0
    minuted(meeting)
    assert seen() == 1


def test_each_write_leaves_one_event_with_its_person(seats: list[Seat]) -> None:
    officer = make_user("coordinator")
    meeting = make_meeting(SECOND)
    before = AuditEvent.objects.count()
    add_item(meeting=meeting, values={"title": "Grants"}, by=officer, now=NOW)
    events = AuditEvent.objects.order_by("-sequence")[: AuditEvent.objects.count() - before]
    assert [(one.verb, one.actor_name) for one in events] == [("agenda item added", officer.name)]
