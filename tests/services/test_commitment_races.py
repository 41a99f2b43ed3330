"""Two at once about one commitment, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from contracts.models import Commitment
from contracts.services.commitments import (
    accept_commitment,
    change_commitment,
    draft_from_offers,
    withdraw_commitment,
)
from tests.factories import make_organisation
from tests.factories_delivery import make_bid, make_commitment, make_tender
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def accepting(made: Commitment, side: str) -> Callable[[], Any]:
    def work() -> Any:
        return accept_commitment(
            commitment=Commitment.objects.get(pk=made.pk),
            side=side,
            expected_version=1,
            by=None,
            now=timezone.now(),
        )

    return work


def changing(made: Commitment, quantity: str) -> Callable[[], Any]:
    def work() -> Any:
        return change_commitment(
            commitment=Commitment.objects.get(pk=made.pk),
            changes={"promised_quantity": Decimal(quantity)},
            expected_version=1,
            by=None,
            now=timezone.now(),
        )

    return work


def proposed() -> Commitment:
    return make_commitment(agreed=False, state="proposed")


def test_both_sides_accept_at_the_same_moment_and_it_is_agreed_once(on_servers):
    made = proposed()
    results = at_once(accepting(made, "council"), accepting(made, "supplier"))
    assert not [each for each in results if isinstance(each, Exception)], results
    made.refresh_from_db()
    # 100 hours at £10; version 2 because it was agreed once.
    assert (made.state, made.committed_pounds, made.version) == ("agreed", Decimal(1000), 2)


def test_one_side_accepts_twice_at_once_and_once_counts(on_servers):
    made = proposed()
    results = at_once(accepting(made, "council"), accepting(made, "council"))
    assert len([each for each in results if isinstance(each, ValidationError)]) == 1, results
    made.refresh_from_db()
    assert made.state == "proposed"


def test_accepting_what_is_being_changed_never_agrees_to_other_terms(on_servers):
    made = proposed()
    results = at_once(accepting(made, "supplier"), changing(made, "500"))
    made.refresh_from_db()
    # Either the change came first and the acceptance is refused, or it came second and took
    # the acceptance back. In neither order is 500 accepted.
    assert made.promised_quantity == 500
    assert made.supplier_accepted_at is None, results


def test_of_two_officers_who_edit_at_once_the_second_collides(on_servers):
    made = make_commitment(agreed=False)
    results = at_once(changing(made, "110"), changing(made, "120"))
    assert len([each for each in results if isinstance(each, Collision)]) == 1, results
    made.refresh_from_db()
    assert made.version == 2
    total = sum(part.due_quantity for part in made.profile.all())
    assert total == made.promised_quantity


def test_offers_drawn_up_twice_at_once_become_one_commitment_each(on_servers):
    bid = make_bid(make_tender(), make_organisation(), state="won")

    def draw() -> Any:
        return draft_from_offers(contract=bid.tender.contract, bid=bid, by=None, now=timezone.now())

    results = at_once(draw, draw)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert Commitment.objects.count() == 1


def test_withdrawing_while_the_other_side_accepts_leaves_one_answer(on_servers):
    made = proposed()
    accept_commitment(
        commitment=made, side="council", expected_version=1, by=None, now=timezone.now()
    )

    def withdraw() -> Any:
        return withdraw_commitment(
            commitment=Commitment.objects.get(pk=made.pk),
            reason="The site was sold",
            expected_version=1,
            by=None,
            now=timezone.now(),
        )

    results = at_once(withdraw, accepting(made, "supplier"))
    told = [each for each in results if isinstance(each, Collision | ValidationError)]
    assert len(told) == 1, results
    made.refresh_from_db()
    assert made.state in ("agreed", "withdrawn")
