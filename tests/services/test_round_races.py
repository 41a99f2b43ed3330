"""Two at once on PostgreSQL: two tabs on one link, paper beside a link, workers that send mails."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from community_needs.models import (
    BulletinMail,
    NearMail,
    PriorityAnswer,
    Question,
    Response,
    RoundMail,
    Subscription,
)
from community_needs.services.bulletins import make_bulletin, send_bulletins
from community_needs.services.following import ask_to_follow, leave_token, stop_following
from community_needs.services.near_mails import Entry, make_near_mails
from community_needs.services.responses import (
    Given,
    LinkRefused,
    SavedMeanwhile,
    answer_token,
    begin_public_answer,
    enter_paper_answer,
    save_answer,
    send_answer,
)
from community_needs.services.round_mails import send_round_mails
from community_needs.services.rounds import close_round, invite_hubs
from tests.core import conftest as mail_server
from tests.factories import make_user, make_ward
from tests.factories_needs import NOW, make_hub, make_need, make_round
from trafford_sv.core.services.mail_rows import settle_mail_row

from .test_races import at_once

smtp = mail_server.smtp
TODAY = NOW.date()


def asked_hub() -> tuple[Any, str]:
    """An open round and the link of its one hub."""
    asked, hub = make_round(), make_hub()
    addresses = {hub.organisation_id: "hub@example.org"}
    (invitation,) = invite_hubs(round=asked, addresses=addresses, by=None, now=NOW)
    return asked, answer_token(invitation=invitation)


def words(asked: Any, text: str) -> Given:
    question = asked.questions.get(kind=Question.Kind.TEXT)
    return Given(texts={question.pk: text})


def saving(asked: Any, token: str, text: str, version: int) -> Callable[[], Any]:
    def work() -> Any:
        return save_answer(
            token=token, given=words(asked, text), expected_version=version, now=NOW, today=TODAY
        )

    return work


def sending(token: str, version: int) -> Callable[[], Any]:
    return lambda: send_answer(token=token, expected_version=version, now=NOW, today=TODAY)


def test_of_two_tabs_on_one_link_one_saves_and_the_other_is_told(on_servers):
    asked, token = asked_hub()
    results = at_once(*(saving(asked, token, text, 0) for text in ("Chairs", "Tables")))
    told = [one for one in results if isinstance(one, Exception)]
    assert [type(one) for one in told] in ([SavedMeanwhile], [LinkRefused]), results
    assert Response.objects.count() == 1
    stored = Response.objects.get().answers.get().text
    kept = next(text for text, one in zip(("Chairs", "Tables"), results, strict=True)
                if not isinstance(one, Exception))  # fmt: skip
    assert stored == kept, "one whole answer, not a mixture"


def test_of_two_tabs_that_send_one_answer_is_sent(on_servers):
    asked, token = asked_hub()
    version = saving(asked, token, "Chairs", 0)().version
    results = at_once(sending(token, version), sending(token, version), sending(token, version))
    refused = [one for one in results if isinstance(one, Exception)]
    assert len(refused) == 2 and all(isinstance(one, LinkRefused) for one in refused), results
    assert Response.objects.sent().count() == 1


def test_a_tab_that_saves_while_another_sends_never_changes_what_was_sent(on_servers):
    for _ in range(3):
        asked = make_round(allows_public=True)
        token = begin_public_answer(round=asked, language="en-gb", now=NOW, today=TODAY)
        version = saving(asked, token, "Chairs", 1)().version
        send, save = at_once(sending(token, version), saving(asked, token, "Tables", version))
        response = Response.objects.get(round=asked)
        if response.state == Response.State.SENT:
            assert response.answers.get().text == "Chairs"
            assert isinstance(save, LinkRefused | SavedMeanwhile), save
        else:
            assert response.answers.get().text == "Tables" and isinstance(send, SavedMeanwhile)


def test_paper_and_link_of_one_hub_are_one_answer(on_servers):
    asked, token = asked_hub()
    version = saving(asked, token, "By link", 0)().version
    hub = asked.invitations.get().organisation

    def paper() -> Any:
        return enter_paper_answer(
            round=asked, organisation=hub, given=words(asked, "On paper"), by=None, now=NOW
        )

    results = at_once(sending(token, version), paper)
    assert sum(isinstance(one, Exception) for one in results) == 1, results
    assert Response.objects.sent().count() == 1 == Response.objects.count()


def test_an_answer_that_is_sent_while_the_round_closes_is_whole_or_refused(on_servers):
    asked, token = asked_hub()
    version = saving(asked, token, "Chairs", 0)().version

    def close() -> Any:
        return close_round(round=asked, expected_version=asked.version, by=None, now=NOW)

    sent, closed = at_once(sending(token, version), close)
    assert not isinstance(closed, Exception)
    state = Response.objects.get().state
    assert state == ("draft" if isinstance(sent, LinkRefused) else "sent")
    assert not PriorityAnswer.objects.exists()


# --- mails --------------------------------------------------------------------------------------


def test_of_several_workers_each_invitation_goes_once(on_servers, smtp):
    asked = make_round()
    hubs = [make_hub() for _ in range(6)]
    addresses = {hub.organisation_id: f"hub{hub.pk}@example.org" for hub in hubs}
    invite_hubs(round=asked, addresses=addresses, by=None, now=NOW)

    def work() -> Any:
        return send_round_mails(by=None, now=NOW, today=TODAY)

    results = at_once(work, work, work)
    assert not [one for one in results if isinstance(one, Exception)], results
    assert sum(one["sent"] for one in results) == 6
    assert sorted(mail["To"] for mail in smtp.messages) == sorted(addresses.values())
    assert set(RoundMail.objects.values_list("state", "tries")) == {("sent", 1)}


def follower(number: int, **where: Any) -> Subscription:
    found = ask_to_follow(
        email=f"reader{number}@example.org", topic=where.pop("topic", "needs"), by=None, now=NOW,
        **where,
    )  # fmt: skip
    found.state = Subscription.State.ACTIVE
    found.save()
    return found


def test_of_several_workers_each_copy_of_a_bulletin_goes_once(on_servers, smtp):
    make_need()
    for number in range(6):
        follower(number)
    make_bulletin(introduction="", by=make_user(), now=NOW, today=TODAY)

    def work() -> Any:
        return send_bulletins(by=None, now=NOW)

    results = at_once(work, work, work)
    assert not [one for one in results if isinstance(one, Exception)], results
    assert sum(one["sent"] for one in results) == 6 == len(smtp.messages)
    assert set(BulletinMail.objects.values_list("state", "tries")) == {("sent", 1)}


def test_whoever_leaves_while_copies_go_out_gets_none_afterwards(on_servers, smtp):
    make_need()
    readers = [follower(number) for number in range(3)]
    make_bulletin(introduction="", by=make_user(), now=NOW, today=TODAY)
    leaves = at_once(
        lambda: send_bulletins(by=None, now=NOW),
        lambda: stop_following(token=leave_token(readers[2]), by=None, now=NOW),
    )
    assert not [one for one in leaves if isinstance(one, Exception)], leaves
    states = sorted(BulletinMail.objects.values_list("state", flat=True))
    assert states in (["sent"] * 3, ["sent", "sent", "skipped"], ["failed", "sent", "sent"])
    assert Subscription.objects.get(pk=readers[2].pk).state == "left"
    later = NOW + datetime.timedelta(days=1)
    before = len(smtp.messages)
    send_bulletins(by=None, now=later)
    assert len(smtp.messages) == before


def test_of_two_workers_one_makes_a_followers_mail(on_servers):
    ward = make_ward()
    follower(1, topic="near_me", ward=ward)
    entries = [Entry("need-1", "Needed: chairs", "Chairs")]

    def work() -> Any:
        return make_near_mails(ward=ward, entries=entries, now=NOW)

    assert sorted(at_once(work, work, work)) == [0, 0, 1]
    assert NearMail.objects.count() == 1


def test_of_two_officers_who_settle_one_mail_in_doubt_one_is_told(on_servers):
    asked_hub()
    RoundMail.objects.update(state="claimed", claimed_at=NOW, failure="the line broke")
    mail = RoundMail.objects.get()

    def settle(went: bool) -> Callable[[], Any]:
        return lambda: settle_mail_row(row=mail, went=went, by=None, now=NOW)

    results = at_once(settle(True), settle(False))
    assert sum(isinstance(one, Exception) for one in results) == 1
    assert RoundMail.objects.get().state in ("sent", "waiting")
