"""Tenders and bids: asking in proportion, sealed bids, blind scores, an award that carries on."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from contracts.bid_scoring import quantitative_scores
from contracts.models import (
    Award,
    Bid,
    Commitment,
    Contract,
    EvaluatorScore,
    Measure,
    Offer,
    Tender,
)
from contracts.selectors.bids import (
    given_scores,
    months_between,
    scores_are_shown,
    standings,
)
from contracts.services.bids import (
    Answer,
    Request,
    agree_scores,
    award_tender,
    change_tender,
    declare_no_interest,
    finish_scoring,
    invite_bidder,
    moderate_bid,
    name_evaluator,
    open_bids,
    open_tender,
    prepare_tender,
    request_measures,
    save_bid,
    score_bid,
    stand_down_evaluator,
    submit_bid,
    take_back_invitation,
    withdraw_bid,
    withdraw_tender,
)
from tests.factories import make_award, make_contract, make_organisation, make_user
from tests.factories_delivery import NOON, make_bid, make_edition, make_measure, make_tender
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
CLOSES = NOON + datetime.timedelta(days=30)
AFTER = CLOSES + datetime.timedelta(hours=1)


def sentences(error: pytest.ExceptionInfo[ValidationError]) -> str:
    return " ".join(error.value.messages)


def draft(contract: Contract | None = None, **values: Any) -> Tender:
    contract = contract or make_contract(
        estimated_value_pounds=Decimal("90000"),
        start=datetime.date(2026, 7, 1),
        end=datetime.date(2028, 6, 30),
    )
    edition = values.pop("edition", None) or make_edition()
    return prepare_tender(
        contract=contract,
        values={
            "edition": edition,
            "priced_on": NOON.date(),
            "closes_at": CLOSES,
            "weighting_share": Decimal("0.2"),
            "quantitative_share": Decimal("0.5"),
            "highest_score": Decimal(5),
            **values,
        },
        by=make_user(),
        now=NOON,
    )


def ask(tender: Tender, *measures: Measure, **more: Any) -> Tender:
    tender.refresh_from_db()
    return request_measures(
        tender=tender,
        requests=[Request(measure) for measure in measures],
        expected_version=tender.version,
        by=make_user(),
        now=NOON,
        **more,
    )


# --- asking


def test_a_tender_without_shares_begins_with_those_of_the_policy() -> None:
    """A fifth of the evaluation, half of it by quantities; read before anything is stored."""
    tender = prepare_tender(
        contract=make_contract(),
        values={"edition": make_edition(), "priced_on": NOON.date()},
        by=make_user(),
        now=NOON,
    )
    assert (tender.weighting_share, tender.quantitative_share) == (Decimal("0.2"), Decimal("0.5"))


def test_a_weighting_under_a_fifth_needs_a_reason() -> None:
    with pytest.raises(ValidationError) as error:
        draft(weighting_share=Decimal("0.1"))
    assert "weighs 10%" in sentences(error) and "at least 20%" in sentences(error)
    tender = draft(weighting_share=Decimal("0.1"), exception_reason="A lone supplier of a cure.")
    assert tender.exception_reason == "A lone supplier of a cure."


def test_a_tender_comes_before_the_award() -> None:
    with pytest.raises(ValidationError) as error:
        draft(make_contract(stage=Contract.Stage.LIVE))
    assert "before the award" in sentences(error)


def test_the_value_in_force_on_the_pricing_day_is_pinned_and_stays() -> None:
    edition = make_edition()
    measure = make_measure(edition, value=None)
    old = measure.values.create(
        value_pounds="10", valid_from="2020-04-01", valid_to="2026-05-31", source_title="A test"
    )
    new = measure.values.create(value_pounds="12", valid_from="2026-06-01", source_title="A test")
    record_only = make_measure(edition, kind=Measure.Kind.RECORD_ONLY)
    tender = ask(draft(edition=edition), measure, record_only)
    pinned = dict(tender.requested.values_list("measure_id", "value_id"))
    assert pinned == {measure.pk: old.pk, record_only.pk: None}
    changed = change_tender(
        tender=tender,
        changes={"priced_on": datetime.date(2026, 6, 2)},
        expected_version=tender.version,
        by=make_user(),
        now=NOON,
    )
    assert changed.requested.get(measure=measure).value_id == new.pk


def test_more_measures_than_are_in_proportion_need_a_reason_that_is_kept() -> None:
    """£90,000 is under £100,000: at most three are advised."""
    edition = make_edition()
    four = [make_measure(edition) for _ in range(4)]
    tender = draft(edition=edition)
    with pytest.raises(ValidationError) as error:
        ask(tender, *four)
    assert "4 measures are many for a contract of £90,000" in sentences(error)
    assert not tender.requested.exists()
    asked = ask(tender, *four, exception_reason="Four small schools, one measure each.")
    assert asked.requested.count() == 4
    assert AuditEvent.objects.latest("pk").reason == "Four small schools, one measure each."


@override_settings(TENDER_MOST_MEASURES=2)
def test_the_council_may_set_one_limit_for_every_tender() -> None:
    edition = make_edition()
    with pytest.raises(ValidationError) as error:
        ask(draft(edition=edition), *[make_measure(edition) for _ in range(3)])
    assert "Ask for 2 or fewer" in sentences(error)


def test_only_measures_of_the_tenders_edition_are_asked_for() -> None:
    with pytest.raises(ValidationError) as error:
        ask(draft(), make_measure())
    assert "own edition" in sentences(error)


def test_whole_months_count_both_ends() -> None:
    assert months_between(datetime.date(2026, 4, 1), datetime.date(2027, 3, 31)) == 12
    assert months_between(datetime.date(2026, 4, 15), datetime.date(2026, 5, 13)) == 0
    assert months_between(None, datetime.date(2026, 5, 13)) is None


def test_each_thing_that_keeps_a_tender_from_opening_is_said() -> None:
    tender = draft(closes_at=None)
    with pytest.raises(ValidationError) as error:
        open_tender(tender=tender, expected_version=tender.version, by=make_user(), now=NOON)
    said = sentences(error)
    assert "No measures" in said and "No closing time" in said and "Nobody is invited" in said


def opened(**values: Any) -> Tender:
    edition = make_edition()
    tender = ask(draft(edition=edition, **values), make_measure(edition))
    invite_bidder(tender=tender, organisation=make_organisation(), by=make_user(), now=NOON)
    return open_tender(tender=tender, expected_version=tender.version, by=make_user(), now=NOON)


def test_opening_moves_the_contract_and_fixes_what_was_asked() -> None:
    tender = opened()
    tender.contract.refresh_from_db()
    assert tender.contract.stage == Contract.Stage.TENDER
    with pytest.raises(ValidationError) as error:
        ask(tender, make_measure(tender.edition))
    assert "can no longer change" in sentences(error)
    with pytest.raises(ValidationError):
        change_tender(
            tender=tender,
            changes={"quantitative_share": Decimal("0.9")},
            expected_version=tender.version,
            by=make_user(),
            now=NOON,
        )
    with pytest.raises(ValidationError) as error:
        change_tender(
            tender=tender,
            changes={"closes_at": CLOSES - datetime.timedelta(days=1)},
            expected_version=tender.version,
            by=make_user(),
            now=NOON,
        )
    assert "only become later" in sentences(error)
    later = change_tender(
        tender=tender,
        changes={"closes_at": CLOSES + datetime.timedelta(days=1)},
        expected_version=tender.version,
        by=make_user(),
        now=NOON,
    )
    assert later.closes_at == CLOSES + datetime.timedelta(days=1)


def test_a_bidder_is_invited_once_and_not_after_closing() -> None:
    tender = make_tender()
    bidder = make_organisation("Invented Paths")
    bid = invite_bidder(tender=tender, organisation=bidder, by=make_user(), now=NOON)
    with pytest.raises(ValidationError):
        invite_bidder(tender=tender, organisation=bidder, by=make_user(), now=NOON)
    with pytest.raises(ValidationError) as error:
        invite_bidder(tender=tender, organisation=make_organisation(), by=make_user(), now=AFTER)
    assert "have closed" in sentences(error)
    with pytest.raises(ValidationError):
        take_back_invitation(bid=bid, by=make_user(), now=NOON, reason=" ")
    take_back_invitation(bid=bid, by=make_user(), now=NOON, reason="The wrong company.")
    assert not tender.bids.exists()
    assert AuditEvent.objects.latest("pk").reason == "The wrong company."


# --- answering


def written(tender: Tender, quantity: str | None = "40.5", now: Any = NOON, **more: Any) -> Bid:
    bid = tender.bids.first() or make_bid(tender, quantity=None, state="invited")
    asked = tender.requested.get()
    answer = Answer(None if quantity is None else Decimal(quantity), "By our own staff.")
    return save_bid(
        bid=bid,
        answers={asked.pk: answer},
        expected_version=bid.version,
        by=make_user("supplier", bid.organisation),
        now=now,
        **more,
    )


def test_an_offer_is_priced_per_line_half_up() -> None:
    """40.5 hours at £0.01 are £0.405, half up £0.41."""
    bid = written(make_tender(measures=[make_measure(value="0.01")]))
    offer = bid.offers.get()
    assert (offer.offered_quantity, offer.offered_pounds) == (Decimal("40.5"), Decimal("0.41"))
    assert bid.state == Bid.State.DRAFT


def test_nothing_offered_and_no_offer_stay_apart() -> None:
    bid = written(make_tender(), "0")
    assert (bid.offers.get().offered_quantity, bid.offers.get().offered_pounds) == (0, 0)
    bid = written(bid.tender, None)
    assert (bid.offers.get().offered_quantity, bid.offers.get().offered_pounds) == (None, None)


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("-3", "negative"),
        ("0.00001", "four decimals"),
        ("99999999999", "more than this system can hold"),
        ("NaN", "not a number"),
    ],
)
def test_an_impossible_quantity_is_refused_in_words(quantity: str, words: str) -> None:
    tender = make_tender()
    with pytest.raises(ValidationError) as error:
        written(tender, quantity)
    assert words in sentences(error)


def test_a_percentage_over_a_hundred_is_refused() -> None:
    tender = make_tender(measures=[make_measure(counting="percentage")])
    with pytest.raises(ValidationError) as error:
        written(tender, "101")
    assert "more than 100%" in sentences(error)


def test_after_the_closing_time_nothing_changes_and_nothing_is_lost() -> None:
    bid = written(make_tender())
    by = make_user("supplier", bid.organisation)
    for act in (
        lambda: written(bid.tender, "90", now=CLOSES),
        lambda: submit_bid(bid=bid, expected_version=bid.version, by=by, now=CLOSES),
        lambda: withdraw_bid(bid=bid, expected_version=bid.version, by=by, now=CLOSES),
    ):
        with pytest.raises(ValidationError) as error:
            act()
        assert "Bids closed on 3 June 2026 at 13:00" in sentences(error)
    assert bid.offers.get().offered_quantity == Decimal("40.5")


def test_a_moment_before_closing_is_in_time() -> None:
    bid = written(make_tender())
    sent = submit_bid(
        bid=bid,
        expected_version=bid.version,
        by=make_user("supplier", bid.organisation),
        now=CLOSES - datetime.timedelta(microseconds=1),
    )
    assert sent.state == Bid.State.SUBMITTED


def test_a_submitted_bid_is_withdrawn_changed_and_submitted_again() -> None:
    bid = written(make_tender())
    by = make_user("supplier", bid.organisation)
    bid = submit_bid(bid=bid, expected_version=bid.version, by=by, now=NOON)
    with pytest.raises(ValidationError) as error:
        written(bid.tender, "50")
    assert "Withdraw it first" in sentences(error)
    bid = withdraw_bid(bid=bid, expected_version=bid.version, by=by, now=NOON)
    assert bid.offers.get().offered_quantity == Decimal("40.5")
    bid = written(bid.tender, "50")
    bid = submit_bid(bid=bid, expected_version=bid.version, by=by, now=NOON)
    assert (bid.state, bid.offers.get().offered_quantity) == (Bid.State.SUBMITTED, 50)


def test_what_a_bid_lacks_is_said() -> None:
    tender = make_tender()
    tender.requested.update(must_be_answered=True)
    bid = make_bid(tender, quantity=None, state="draft")
    by = make_user("supplier", bid.organisation)
    with pytest.raises(ValidationError) as error:
        submit_bid(bid=bid, expected_version=1, by=by, now=NOON)
    assert "must be answered" in sentences(error) and "No quantity" in sentences(error)
    Offer.objects.filter(bid=bid).update(offered_quantity=5)
    with pytest.raises(ValidationError) as error:
        submit_bid(bid=bid, expected_version=1, by=by, now=NOON)
    assert "Say how you will do" in sentences(error)


def test_a_very_large_quantity_is_asked_about_first() -> None:
    bid = written(make_tender(), "2000000")
    by = make_user("supplier", bid.organisation)
    with pytest.raises(ValidationError) as error:
        submit_bid(bid=bid, expected_version=bid.version, by=by, now=NOON)
    assert "more than a million" in sentences(error)
    sent = submit_bid(bid=bid, expected_version=bid.version, by=by, now=NOON, acknowledged=True)
    assert sent.state == Bid.State.SUBMITTED


def test_two_colleagues_do_not_write_over_each_other() -> None:
    bid = written(make_tender())
    with pytest.raises(Collision):
        save_bid(
            bid=bid, answers={}, method_statement="Mine", expected_version=bid.version - 1,
            by=make_user(), now=NOON,
        )  # fmt: skip


def test_the_log_of_a_sealed_bid_holds_nothing_of_what_is_in_it() -> None:
    bid = written(make_tender(), "1234.5", method_statement="A secret method")
    submit_bid(bid=bid, expected_version=bid.version, by=make_user(), now=NOON)
    for event in AuditEvent.objects.all():
        kept = f"{event.before} {event.after} {event.reason}"
        assert "1234" not in kept and "secret" not in kept


# --- scoring


def evaluators(tender: Tender, number: int = 2) -> list[Any]:
    made = []
    for _ in range(number):
        person = make_user("star_officer")
        named = name_evaluator(tender=tender, user=person, by=make_user(), now=NOON)
        made.append(declare_no_interest(evaluator=named, by=person, now=NOON))
    return made


def unsealed(*quantities: str, **values: Any) -> tuple[Tender, list[Bid]]:
    tender = make_tender(**values)
    bids = [make_bid(tender, quantity=quantity) for quantity in quantities]
    tender = open_bids(tender=tender, expected_version=tender.version, by=make_user(), now=AFTER)
    return tender, bids


def give(evaluator: Any, bid: Bid, score: str, **more: Any) -> EvaluatorScore:
    return score_bid(
        evaluator=evaluator, bid=bid, score=Decimal(score), reasons="Clear and costed.",
        by=evaluator.user, now=AFTER, **more,
    )  # fmt: skip


def test_bids_are_opened_only_after_the_closing_time() -> None:
    tender = make_tender()
    make_bid(tender)
    with pytest.raises(ValidationError) as error:
        open_bids(tender=tender, expected_version=1, by=make_user(), now=NOON)
    assert "stay sealed until 3 June 2026 at 13:00" in sentences(error)
    tender = open_bids(tender=tender, expected_version=1, by=make_user(), now=CLOSES)
    tender.contract.refresh_from_db()
    assert (tender.state, tender.contract.stage) == ("evaluating", "evaluation")


def test_no_bid_nothing_to_open() -> None:
    tender = make_tender()
    make_bid(tender, state="draft")
    with pytest.raises(ValidationError) as error:
        open_bids(tender=tender, expected_version=1, by=make_user(), now=AFTER)
    assert "No bid was submitted" in sentences(error)


def test_an_evaluator_needs_the_role() -> None:
    with pytest.raises(ValidationError) as error:
        name_evaluator(tender=make_tender(), user=make_user("auditor"), by=make_user(), now=NOON)
    assert "role" in sentences(error)


def test_nobody_scores_for_a_bidder_they_hold_a_role_for() -> None:
    tender = make_tender()
    bid = make_bid(tender)
    person = make_user("star_officer")
    person.grants.create(
        role="supplier", organisation=bid.organisation, starts=NOON.date(), granted_by_name="A test"
    )
    with pytest.raises(ValidationError) as error:
        name_evaluator(tender=tender, user=person, by=make_user(), now=NOON)
    assert "one of the bidders" in sentences(error)


def test_who_has_not_declared_cannot_score_and_nobody_declares_for_another() -> None:
    tender, (bid,) = unsealed("10")
    person = make_user("star_officer")
    named = name_evaluator(tender=tender, user=person, by=make_user(), now=AFTER)
    with pytest.raises(ValidationError) as error:
        give(named, bid, "3")
    assert "Declare first" in sentences(error)
    with pytest.raises(ValidationError):
        declare_no_interest(evaluator=named, by=make_user(), now=AFTER)


def test_scores_are_seen_by_nobody_else_until_all_have_finished() -> None:
    tender, (bid,) = unsealed("10")
    first, second = evaluators(tender)
    give(first, bid, "4")
    finish_scoring(evaluator=first, by=first.user, now=AFTER)
    assert not scores_are_shown(tender, tender.evaluators.all())
    with pytest.raises(ValidationError) as error:
        moderate_bid(
            bid=bid, score=Decimal(4), reason="Agreed", expected_version=1, by=make_user(),
            now=AFTER,
        )  # fmt: skip
    assert "every evaluator has finished" in sentences(error)
    with pytest.raises(ValidationError) as error:
        finish_scoring(evaluator=second, by=second.user, now=AFTER)
    assert "1 bid has no score from you" in sentences(error)
    give(second, bid, "2")
    finish_scoring(evaluator=second, by=second.user, now=AFTER)
    assert scores_are_shown(tender, tender.evaluators.all())
    # What was given first stays, whatever is agreed.
    moderate_bid(
        bid=bid, score=Decimal("3.5"), reason="They agreed on the staff plan.",
        expected_version=1, by=make_user(), now=AFTER,
    )  # fmt: skip
    assert [row.score for row in given_scores([bid.pk])[bid.pk]] == [4, 2]
    with pytest.raises(ValidationError) as error:
        give(first, bid, "5", expected_version=1)
    assert "Your scores stand" in sentences(error)


def test_no_score_is_in_the_log() -> None:
    tender, (bid,) = unsealed("10")
    (first,) = evaluators(tender, 1)
    give(first, bid, "4.25")
    assert "4.25" not in str(list(AuditEvent.objects.values_list("before", "after", "reason")))


@pytest.mark.parametrize("score", ["-1", "5.01", "NaN", "1.234"])
def test_a_score_outside_the_scale_is_refused(score: str) -> None:
    tender, (bid,) = unsealed("10")
    (first,) = evaluators(tender, 1)
    with pytest.raises(ValidationError):
        give(first, bid, score)


def test_an_evaluator_of_another_tender_cannot_score_here() -> None:
    tender, _ = unsealed("10")
    _, (elsewhere,) = unsealed("10")
    (first,) = evaluators(tender, 1)
    with pytest.raises(ValidationError) as error:
        give(first, elsewhere, "3")
    assert "not an evaluator of this tender" in sentences(error)


def test_who_steps_down_leaves_a_reason_and_the_others_go_on() -> None:
    tender, (bid,) = unsealed("10")
    first, second = evaluators(tender)
    give(second, bid, "1")
    stand_down_evaluator(
        evaluator=second, reason="A cousin works there.", by=make_user(), now=AFTER
    )
    give(first, bid, "4")
    finish_scoring(evaluator=first, by=first.user, now=AFTER)
    assert scores_are_shown(tender, tender.evaluators.all())
    assert EvaluatorScore.history.filter(history_type="-", score=1).exists()
    with pytest.raises(ValidationError):
        stand_down_evaluator(evaluator=first, reason="Late", by=make_user(), now=AFTER)


def test_two_officers_moderate_at_once_and_the_second_is_told() -> None:
    tender, (bid,) = unsealed("10")
    (first,) = evaluators(tender, 1)
    give(first, bid, "4")
    finish_scoring(evaluator=first, by=first.user, now=AFTER)
    values = {"bid": bid, "reason": "Agreed", "expected_version": 1, "now": AFTER}
    moderate_bid(score=Decimal(4), by=make_user(), **values)
    with pytest.raises(Collision) as collision:
        moderate_bid(score=Decimal(2), by=make_user(), **values)
    assert collision.value.stored.moderated_score == 4
    bid.refresh_from_db()
    assert bid.moderated_score == 4


def scored(tender: Tender, bids: list[Bid], *scores: str) -> Tender:
    (first,) = evaluators(tender, 1)
    for bid, score in zip(bids, scores, strict=True):
        give(first, bid, score)
    finish_scoring(evaluator=first, by=first.user, now=AFTER)
    for bid, score in zip(bids, scores, strict=True):
        moderate_bid(
            bid=bid, score=Decimal(score), reason="Agreed", expected_version=1,
            by=make_user(), now=AFTER,
        )  # fmt: skip
    return agree_scores(tender=tender, expected_version=tender.version, by=make_user(), now=AFTER)


def test_the_ranking_and_its_arithmetic() -> None:
    """Hours at £10. A offers 50 (£500), B 40 (£400); half by value, half by answer, scale 5.

    A: 500/500 x 50 = 50, answer 3/5 x 50 = 30, total 80, x 20% = 16.
    B: 400/500 x 50 = 40, answer 4/5 x 50 = 40, total 80, x 20% = 16. They share first place.
    """
    tender, bids = unsealed("50", "40")
    tender = scored(tender, bids, "3", "4")
    first, second = standings(tender)
    assert [first.quantitative.score, second.quantitative.score] == [50, 40]
    assert [first.qualitative, second.qualitative] == [30, 40]
    assert [first.total, second.total] == [80, 80]
    assert [first.weighted, second.weighted] == [16, 16]
    assert [first.place.place, second.place.place] == [1, 1] and first.place.is_tied
    assert first.qualitative_sentence == "3 / 5 x 50 = 30 points."
    assert first.weighted_sentence == "80 x 20% = 16 points of the whole evaluation’s 100."


def test_local_economic_pounds_are_not_scored_where_they_may_not_be_added() -> None:
    """A promises £100 social and £900 local, B £200 social: not combinable, so B is highest."""
    edition = make_edition()
    social = make_measure(edition)
    local = make_measure(edition, kind=Measure.Kind.LOCAL_ECONOMIC)
    tender = make_tender(measures=[social, local])
    first, second = make_bid(tender, quantity=None), make_bid(tender, quantity=None)
    for bid, kind, pounds in ((first, social, 100), (first, local, 900), (second, social, 200)):
        Offer.objects.filter(bid=bid, requested__measure=kind).update(
            offered_quantity=1, offered_pounds=pounds
        )
    tender = open_bids(tender=tender, expected_version=1, by=make_user(), now=AFTER)
    assert [row.offered.scored_pounds for row in standings(tender)] == [100, 200]
    edition.is_combinable = True
    edition.save()
    tender = Tender.objects.get(pk=tender.pk)
    assert [row.offered.scored_pounds for row in standings(tender)] == [1000, 200]


def test_a_bid_without_a_priced_offer_gets_no_points_by_value() -> None:
    tender, bids = unsealed("50", "40")
    Offer.objects.filter(bid=bids[1]).update(offered_quantity=None, offered_pounds=None)
    tender = scored(tender, bids, "5", "5")
    assert [row.total for row in standings(tender)] == [100, 50]


@given(st.lists(st.integers(0, 100_000_000) | st.none(), min_size=1, max_size=6))
def test_points_by_value_keep_their_order_and_the_highest_gets_them_all(amounts: list[Any]) -> None:
    # Pennies, as pounds.
    amounts = [None if each is None else Decimal(each) / 100 for each in amounts]
    scores = quantitative_scores(dict(enumerate(amounts)), "relative_to_highest", Decimal(50))
    made = {key: amount for key, amount in enumerate(amounts) if amount is not None}
    for key, amount in made.items():
        assert 0 <= scores[key].score <= 50
        assert amount == 0 or amount < max(made.values()) or scores[key].score == 50
        for other, less in made.items():
            assert less > amount or scores[other].score <= scores[key].score


# --- the award


def award(tender: Tender, bid: Bid, **more: Any) -> Tender:
    return award_tender(
        **{
            "tender": tender,
            "bid": bid,
            "awarded_on": AFTER.date(),
            "value_pounds": Decimal("480000"),
            "expected_version": tender.version,
            "by": make_user(),
            "now": AFTER,
            **more,
        }
    )


def test_the_award_marks_the_bids_and_carries_the_winners_offers_forward() -> None:
    tender, bids = unsealed("50", "40")
    tender = scored(tender, bids, "3", "5")
    tender = award(tender, bids[1], reason="Best over quality, price and social value.")
    assert list(tender.bids.order_by("pk").values_list("state", flat=True)) == ["lost", "won"]
    contract = Contract.objects.get(pk=tender.contract_id)
    assert (tender.state, contract.stage) == ("awarded", "awarded")
    recorded = Award.objects.get(contract=contract)
    assert recorded.value_pounds == 480000
    assert list(recorded.suppliers.all()) == [bids[1].organisation]
    commitment = Commitment.objects.get(contract=contract)
    assert commitment.promised_quantity == 40
    assert commitment.value == tender.requested.get().value
    assert commitment.offer.bid_id == bids[1].pk


def test_an_award_that_is_recorded_already_is_not_recorded_twice() -> None:
    tender, bids = unsealed("50")
    tender = scored(tender, bids, "3")
    make_award(tender.contract, value="5", suppliers=[bids[0].organisation])
    award(tender, bids[0])
    assert Award.objects.count() == 1


def test_an_award_to_somebody_else_stands_in_the_way_and_nothing_is_half_done() -> None:
    tender, bids = unsealed("50")
    tender = scored(tender, bids, "3")
    make_award(tender.contract, value="5", suppliers=[make_organisation()])
    with pytest.raises(ValidationError) as error:
        award(tender, bids[0])
    assert "award to somebody else" in sentences(error)
    bids[0].refresh_from_db()
    assert bids[0].state == Bid.State.SUBMITTED
    assert not Commitment.objects.exists()


def test_nothing_is_awarded_before_the_scores_are_agreed_nor_twice() -> None:
    tender, bids = unsealed("50")
    with pytest.raises(ValidationError) as error:
        award(tender, bids[0])
    assert "Agree them first" in sentences(error)
    tender = scored(tender, bids, "3")
    tender = award(tender, bids[0])
    with pytest.raises(ValidationError) as error:
        award(tender, bids[0])
    assert "recorded already" in sentences(error)
    with pytest.raises(ValidationError):
        withdraw_tender(
            tender=tender, reason="Late", expected_version=tender.version, by=make_user(), now=AFTER
        )


def test_a_tender_is_withdrawn_with_a_reason_and_its_bids_stay_sealed() -> None:
    tender = make_tender()
    bid = make_bid(tender)
    with pytest.raises(ValidationError):
        withdraw_tender(tender=tender, reason="", expected_version=1, by=make_user(), now=NOON)
    tender = withdraw_tender(
        tender=tender,
        reason="The library stays open.",
        expected_version=1,
        by=make_user(),
        now=NOON,
    )
    with pytest.raises(ValidationError) as error:
        withdraw_bid(bid=bid, expected_version=1, by=make_user(), now=NOON)
    assert "was withdrawn" in sentences(error)
    with pytest.raises(ValidationError):
        open_bids(tender=tender, expected_version=2, by=make_user(), now=AFTER)
