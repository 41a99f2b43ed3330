"""The demo's quarters: consistent to the penny, invented throughout, and telling its stories."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from contracts.counting import CountingRule, count
from contracts.demo import PLANS
from contracts.demo_delivery_plans import DEALS, NEW_AGREEMENTS, PARTNERS
from contracts.demo_quarters import demo_quarters
from contracts.models import (
    ActivityClaim,
    Bid,
    Commitment,
    ConfirmationRequest,
    Contract,
    DeliveryRating,
    DeliveryReturn,
    DuplicateFlag,
    EvaluatorScore,
    EvidenceFile,
    LocalPriorityYear,
    Offer,
    Payment,
    RecoveryAction,
    ReturnEvent,
    ReturnLine,
    StakeholderView,
    Tender,
)
from contracts.pacing import Rating
from contracts.profiles import check_profile
from contracts.selectors.mobilisation import blockers, standing, unexplained
from contracts.selectors.pacing import JOINED, paces_of
from contracts.selectors.portfolio import portfolio_figures
from contracts.selectors.return_detail import inputs_of
from contracts.selectors.returns import own_suppliers, returns_due
from contracts.services.measures.reference import load_open_library, load_open_rates
from contracts.services.reference import load_cpv_codes, load_threshold_rules
from contracts.valuation import price_line
from tests.factories import make_contract, make_user
from trafford_sv.core.models import ClosedQuarter, ImportRun, User
from trafford_sv.core.periods import Quarter
from trafford_sv.core.roles import ROLES
from trafford_sv.directory.demo import SUPPLIERS
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.reference import load_areas, load_hubs

# Also tells pytest that this file needs a database; each test runs in a savepoint of its own.
# One group: with several processes one of them loads the demo, and not each.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo council")]
OUR_OWN = Contract.objects.filter(is_demo=True)
MODELS = (
    Commitment, DeliveryReturn, ReturnLine, ReturnEvent, Tender, Bid, EvaluatorScore, EvidenceFile,
    RecoveryAction, DeliveryRating, ConfirmationRequest, DuplicateFlag, ActivityClaim,
    LocalPriorityYear, StakeholderView,
)  # fmt: skip


def load(*arguments: str) -> dict[str, int]:
    out = io.StringIO()
    call_command("load_demo", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue().splitlines()[-1])


def sizes() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in MODELS}


class Loaded(NamedTuple):
    """`left` is what the rehearsal left behind."""

    rehearsed: dict[str, int]
    left: int
    first: dict[str, int]


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker) -> Iterator[Loaded]:
    """The reference data and the demo, once for this file; each test undoes its own changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        # As in a test case: the demo's mails are claimed in transactions that insist on committing.
        connection.atomic_blocks[-1]._from_testcase = True
        now = timezone.now()
        for step in (
            load_areas,
            load_hubs,
            load_cpv_codes,
            load_threshold_rules,
            load_open_rates,
            load_open_library,
        ):
            step(now, False)
        rehearsed = load("--dry-run")
        yield Loaded(rehearsed, OUR_OWN.count(), load())
        transaction.set_rollback(True)


def last() -> Quarter:
    return Quarter.of(timezone.localdate()).previous


def return_of(reference: str, supplier: str, back: int = 0) -> DeliveryReturn:
    quarter = last()
    for _ in range(back):
        quarter = quarter.previous
    return DeliveryReturn.objects.get(
        contract__reference=reference,
        supplier__name=SUPPLIERS[supplier][0],
        financial_year=quarter.start_year,
        quarter=quarter.number,
    )


# --- figures ------------------------------------------------------------------------------


def test_every_stored_pound_is_that_of_its_quantity(demo) -> None:
    lines = list(ReturnLine.objects.select_related("commitment__measure", "commitment__value"))
    assert len(lines) > 200
    for line in lines:
        measure, value = line.commitment.measure, line.commitment.value
        unit = value.value_pounds if value else None
        share = line.attribution_share
        for quantity, pounds in (
            (line.reported_quantity, line.reported_pounds),
            (line.verified_quantity, line.verified_pounds),
        ):
            assert pounds == price_line(quantity, unit, measure.kind, share), line
    for row in Commitment.objects.select_related("measure", "value"):
        if row.agreed_on:
            unit = row.value.value_pounds if row.value else None
            assert row.committed_pounds == price_line(row.promised_quantity, unit, row.measure.kind)


def test_every_quantity_is_counted_from_what_was_typed(demo) -> None:
    for line in ReturnLine.objects.filter(is_counted=True).select_related("commitment__measure"):
        rule = CountingRule(line.commitment.measure.counting)
        assert line.reported_quantity == count(rule, inputs_of(line)), line
    # Nobody counts for more than the first twelve months.
    groups = (
        ReturnLine.objects.filter(commitment__measure__counting="first_year", is_counted=True)
        .values("commitment", "happened_on")
        .annotate(months=Sum("months_quantity"))
    )
    assert groups and all(group["months"] <= 12 for group in groups)


def test_promises_are_pinned_to_their_day_and_profiles_add_up(demo) -> None:
    for row in Commitment.objects.select_related("measure", "value").prefetch_related("profile"):
        check_profile(
            row.promised_quantity,
            [(part.period, part.due_quantity) for part in row.profile.all()],
            start=row.starts,
            end=row.due,
            rule=CountingRule(row.measure.counting),
        )
        if row.value and row.agreed_on and row.offer_id is None:
            assert row.value.valid_from <= row.agreed_on
            assert row.value.valid_to is None or row.agreed_on <= row.value.valid_to
    for contract in OUR_OWN:
        assert not unexplained(standing(contract.pk)), contract


def test_each_return_that_was_sent_says_who_did_what(demo) -> None:
    sent = DeliveryReturn.objects.exclude(state=DeliveryReturn.State.DRAFT)
    for row in sent.prefetch_related("events", "lines"):
        actions = [event.action for event in row.events.all()]
        assert actions[0] == "started" and "submitted" in actions, row
        assert row.counted_in is not None and row.submitted_at <= timezone.now()
        moments = [event.at for event in row.events.all()]
        assert moments == sorted(moments)
        for line in row.lines.all():
            decided = {event.action for event in row.events.all() if event.line_id == line.pk}
            wanted = {"accepted": "accepted", "part": "part", "sent_back": "sent_back"}
            assert line.state == "open" or wanted[line.state] in decided
            assert (line.counted_year, line.counted_quarter) == (
                row.counted_year,
                row.counted_quarter,
            )
    files = EvidenceFile.objects.all()
    assert {file.kind for file in files} == {"txt", "png"}
    assert all(default_storage.size(str(file.file.name)) == file.file_bytes for file in files)
    told = ReturnLine.objects.filter(reported_quantity__gt=0, is_counted=True)
    assert not told.filter(evidence_links__isnull=True).exists()


# --- stories ------------------------------------------------------------------------------


def test_agreements_of_every_kind_and_rule(demo) -> None:
    kinds = Contract.objects.filter(commitments__isnull=False).distinct().values_list("kind")
    found = [kind for (kind,) in kinds]
    assert found.count("grant") >= 3 and found.count("planning") >= 2
    assert found.count("pledge") >= 3 and len(found) >= 25
    counted = Commitment.objects.counted()
    rules = set(counted.values_list("measure__counting", flat=True))
    assert rules == {"units", "fte_years", "first_year", "hours_people", "percentage"}
    assert counted.filter(measure__kind="record_only").exists()
    varied = Commitment.objects.get(replaces__isnull=False)
    assert varied.state == "agreed" and varied.replaces.state == "withdrawn"
    quarters = {row.period for row in DeliveryReturn.objects.exclude(state="draft")}
    assert quarters == set(demo_quarters(timezone.localdate())) and max(quarters) == last()


def test_good_late_disputed_and_short(demo) -> None:
    today = timezone.localdate()
    rows = Commitment.objects.counted().select_related(*JOINED)

    def ratings(reference: str) -> list[Rating]:
        return [
            each.rating
            for each in paces_of(rows.filter(contract__reference=reference), as_of=today)
        ]

    assert set(ratings("DEMO-002")) == {Rating.GREEN}
    assert not ReturnLine.objects.filter(
        delivery_return__contract__reference="DEMO-002"
    ).exclude(state="accepted")  # fmt: skip
    # Larkfield's last two returns never came.
    late = Organisation.objects.get(name=SUPPLIERS["larkfield"][0])
    due = [each for each in returns_due([late.pk], today) if each.reference == "DEMO-006"]
    assert {last(), last().previous} <= {each.quarter for each in due}
    # 40 hours claimed, 25 confirmed: 15 are disputed.
    line = return_of("DEMO-008", "oakapple").lines.get(commitment__number=1)
    assert (line.reported_quantity, line.verified_quantity) == (Decimal(40), Decimal(25))
    assert line.confirmations.get().confirmed_quantity == 25 and line.state == "part"
    assert not line.confirmations.get().sent_to
    assert Rating.RED in ratings("DEMO-028")
    recovery = RecoveryAction.objects.get(commitment__contract__reference="DEMO-028")
    assert recovery.state == "open" and recovery.owner and recovery.shortfall_quantity > 0


def test_sent_back_in_part_absurd_and_twice(demo) -> None:
    back = return_of("DEMO-001", "bramblewick")
    assert back.state == "sent_back" and "third" in back.sent_back_reason
    part = return_of("DEMO-014", "penny-lantern").lines.get(state="part")
    assert part.decision_reason and part.verified_quantity == part.reported_quantity - 8
    absurd = return_of("DEMO-022", "hollowmere").lines.get(reported_quantity=9000)
    assert (
        absurd.warning_reason and absurd.reported_quantity > 3 * absurd.commitment.promised_quantity
    )
    flag = DuplicateFlag.objects.get()
    places = {
        flag.first.delivery_return.contract.reference,
        flag.second.delivery_return.contract.reference,
    }
    assert flag.kind == "same_file" and places == {"DEMO-012", "DEMO-055"}
    assert ConfirmationRequest.objects.filter(state="asked", expires_at__gt=timezone.now()).exists()  # fmt: skip


def test_zero_beside_missing_shares_and_the_next_quarter(demo) -> None:
    zero = return_of("DEMO-007", "oakapple").lines.get()
    assert zero.reported_quantity == 0 and zero.state == "accepted"
    with pytest.raises(DeliveryReturn.DoesNotExist):
        return_of("DEMO-007", "larkfield")
    shares = sorted(ActivityClaim.objects.values_list("claimed_share", flat=True))
    assert shares == [Decimal("0.3"), Decimal("0.5")]
    assert ActivityClaim.objects.values("activity").distinct().count() == 1
    moved = DeliveryReturn.objects.exclude(state="draft").exclude(quarter=F("counted_quarter"))
    row = moved.get()
    assert row.contract.reference == "DEMO-025"
    assert (row.period, row.counted_in) == (last().previous, last())
    # Closed when it came, and the quarter in which it counts is open.
    standing = ClosedQuarter.objects.filter(reopened_at__isnull=True)
    closed = {Quarter(each.financial_year, each.quarter) for each in standing}
    assert row.period in closed and row.counted_in not in closed
    first = ClosedQuarter.objects.exclude(reopened_at=None).get()
    assert first.closed_at < row.submitted_at < first.reopened_at


def test_a_hub_answers_after_the_quarter_was_closed(demo) -> None:
    line = return_of("DEMO-G02", "tallow-street", 1).lines.get()
    assert line.state == "accepted" and line.verified_quantity == line.reported_quantity
    first, again = ClosedQuarter.objects.filter(
        financial_year=last().previous.start_year, quarter=last().previous.number
    ).order_by("closed_at")
    assert first.closed_at < line.confirmations.get().answered_at < first.reopened_at
    assert first.reopened_at < line.decided_at < again.closed_at and not again.reopened_at
    assert "Invented" in first.reopened_reason


def test_tenders_and_a_contract_that_mobilises(demo) -> None:
    states = {row.contract.reference: row for row in Tender.objects.all()}
    sealed = states["DEMO-047"]
    assert sealed.state == "open" and sealed.closes_at > timezone.now()
    assert sealed.bids.filter(state="submitted").count() == 2
    scored = states["DEMO-048"]
    scores = EvaluatorScore.objects.filter(bid__tender=scored).order_by("bid", "evaluator")
    assert scored.state == "evaluating" and abs(scores[0].score - scores[1].score) >= 2
    won = states["DEMO-050"]
    assert won.state == "awarded" and {bid.state for bid in won.bids.all()} == {"won", "lost"}
    contract = won.contract
    assert contract.stage == Contract.Stage.MOBILISING and len(blockers(contract)) >= 3
    assert all(tender.is_demo for tender in states.values())


def test_what_was_offered_stands_beside_what_was_agreed(demo) -> None:
    offers = Offer.objects.select_related("requested__measure", "requested__value")
    for offer in offers:
        unit = offer.requested.value.value_pounds if offer.requested.value else None
        kind = offer.requested.measure.kind
        assert offer.offered_pounds == price_line(offer.offered_quantity, unit, kind)
    agreed = Commitment.objects.counted().filter(offer__isnull=False)
    assert agreed.count() >= 8
    assert all(row.value == row.offer.requested.value for row in agreed)


def test_priorities_and_a_rating(demo) -> None:
    years = LocalPriorityYear.objects.all()
    assert len(years) == 2 and all("invented" in year.consultation for year in years)
    assert all(year.priorities.count() >= 5 and year.views.count() >= 3 for year in years)
    rating = DeliveryRating.objects.select_related("contract").get()
    assert rating.state == "replied" and rating.reply
    assert rating.contract.awards.get().value_pounds > 5_000_000


def test_the_demo_supplier_finds_each_kind_of_work(demo) -> None:
    supplier = User.objects.get(email__startswith="supplier@")
    own = own_suppliers(supplier)
    assert len(own) == 1
    mine = DeliveryReturn.objects.filter(supplier__in=own)
    assert {"draft", "sent_back", "verified"} <= {row.state for row in mine}
    assert returns_due(own, timezone.localdate())
    assert Bid.objects.filter(organisation__in=own, state="invited", tender__state="open").exists()
    assert Commitment.objects.filter(
        supplier__in=own, state="proposed", supplier_accepted_at=None
    ).exists()


# --- invented, once, and removable --------------------------------------------------------


def test_everything_is_marked_and_nothing_is_tied_to_what_is_real(demo) -> None:
    assert not Commitment.objects.filter(is_demo=False).exists()
    assert not DeliveryReturn.objects.filter(is_demo=False).exists()
    assert Organisation.objects.filter(is_demo=False).exists()  # the real hubs are there
    real = Organisation.objects.filter(is_demo=False)
    assert not Commitment.objects.filter(partner__in=real).exists()
    assert not Commitment.objects.filter(supplier__in=real).exists()
    assert not ReturnLine.objects.filter(partner__in=real).exists()
    assert not ConfirmationRequest.objects.filter(organisation__in=real).exists()
    assert not StakeholderView.objects.filter(organisation__in=real).exists()
    assert not Bid.objects.filter(organisation__in=real).exists()
    assert all("Invented" in name and "(demo)" in name for name, _ in PARTNERS.values())
    assert {deal.supplier for deal in DEALS} <= set(SUPPLIERS)
    assert {plan.kind for plan in NEW_AGREEMENTS} == {"grant", "planning", "pledge"}


def test_it_is_whole_and_a_rehearsal_left_nothing(demo) -> None:
    assert demo.first["created"] > demo.rehearsed["created"] > 100 and demo.left == 0
    assert len(PLANS) == 60 and len(NEW_AGREEMENTS) == 8 and OUR_OWN.count() == 68
    assert Payment.objects.count() > 2500
    people = User.objects.filter(email__endswith=settings.DEMO_EMAIL_DOMAIN)
    assert {grant.role for person in people for grant in person.grants.all()} == set(ROLES) - {
        "public"
    }
    assert all(person.check_password(settings.DEMO_PASSWORD) for person in people)
    summary = portfolio_figures(make_user(), timezone.localdate()).summary
    assert summary.over_threshold > 30
    assert summary.without_social_value > 0 and summary.cannot_say > 0


def test_a_second_load_changes_nothing_and_reset_leaves_what_is_not_the_demos(demo) -> None:
    before, unchanged = sizes(), demo.first["created"]
    assert load() == {"created": 0, "updated": 0, "unchanged": unchanged}
    assert sizes() == before
    file = ImportRun.objects.get().file.name
    load("--dry-run", "--reset")
    assert default_storage.exists(file) and OUR_OWN.count() == 68
    # With an agreement of the council's own all comes again, but closed quarters and their reports.
    mine = make_contract(
        title="A real one", directorate=Organisation.objects.get(name="Place (demo)")
    )
    closings = ClosedQuarter.objects.count()
    again = load("--reset")["created"]
    assert unchanged // 2 < again < unchanged - closings
    assert load() == {"created": 0, "updated": 0, "unchanged": again}
    mine.refresh_from_db()
    assert not mine.directorate.is_demo
    assert not ClosedQuarter.objects.exists()
    assert OUR_OWN.count() == 68 and sizes() == before
    assert Commitment.history.count() == Commitment.objects.count() + _changes_of_commitments()


def _changes_of_commitments() -> int:
    """Versions beyond each row's first: nothing is left of the rows that were removed."""
    held = set(Commitment.objects.values_list("pk", flat=True))
    assert set(Commitment.history.values_list("id", flat=True)) == held
    return Commitment.history.count() - len(held)


# The first and last quarter worked out by hand: the last that is over stays open, and two whole
# financial years before it are closed.
@pytest.mark.parametrize(
    ("day", "first", "last", "number"),
    [
        ((2026, 10, 1), (2024, 1), (2026, 2), 10),
        ((2026, 12, 31), (2024, 1), (2026, 2), 10),
        ((2027, 1, 1), (2024, 1), (2026, 3), 11),
        ((2027, 4, 1), (2024, 1), (2026, 4), 12),
        ((2027, 7, 1), (2025, 1), (2027, 1), 9),
        ((2028, 2, 29), (2025, 1), (2027, 3), 11),
    ],
)
def test_the_quarters_hold_two_whole_years_and_end_with_the_last_that_is_over(
    day: tuple[int, int, int], first: tuple[int, int], last: tuple[int, int], number: int
) -> None:
    found = demo_quarters(datetime.date(*day))
    assert (found[0], found[-1], len(found)) == (Quarter(*first), Quarter(*last), number)
    assert found[-1].end < datetime.date(*day) <= found[-1].next.end
    assert all(one.next == two for one, two in zip(found, found[1:], strict=False))
    assert len(found) - 1 >= 8
