"""Small believable rows from a measure to a verified line. Append; change nothing others rely on."""

from __future__ import annotations

import datetime
import hashlib
import itertools
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile

from contracts.models import (
    Bid,
    Commitment,
    ConfirmationRequest,
    Contract,
    DeliveryRating,
    DeliveryReturn,
    DuplicateFlag,
    EvidenceFile,
    EvidenceLink,
    Measure,
    MeasureEdition,
    MeasureOutcome,
    MeasureTheme,
    MeasureValue,
    Offer,
    ProfileQuarter,
    RecoveryAction,
    RequestedMeasure,
    ReturnLine,
    ReturnUpload,
    Tender,
)
from contracts.valuation import Kind, price_line
from tests.factories import make_contract, make_organisation
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

NOON = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
Q1 = Quarter(2026, 1)
_numbers = itertools.count(1)


def make_edition(**values: Any) -> MeasureEdition:
    """An open edition whose text and values may be published, unless told otherwise."""
    number = next(_numbers)
    return MeasureEdition.objects.create(
        **{
            "key": f"edition-{number}",
            "name": f"Invented measures {number}",
            "publisher": "A test",
            "valid_from": datetime.date(2020, 4, 1),
            "licence": "Open Government Licence v3.0",
            "values_may_be_published": True,
            "text_may_be_published": True,
            "provenance": "Made up for a test.",
            **values,
        }
    )


def make_measure(
    edition: MeasureEdition | None = None, *, value: str | None = "10", **values: Any
) -> Measure:
    """A social measure of hours worth £10 each; `value=None` for one without a value."""
    number = next(_numbers)
    edition = edition or make_edition()
    theme, _ = MeasureTheme.objects.get_or_create(edition=edition, title="Jobs")
    outcome, _ = MeasureOutcome.objects.get_or_create(theme=theme, title="More people in work")
    measure = Measure.objects.create(
        **{
            "edition": edition,
            "outcome": outcome,
            "code": f"M{number}",
            "title": f"Hours of help {number}",
            "unit": "hours",
            "kind": Measure.Kind.SOCIAL,
            "evidence_asked": "A sign-in sheet with counts",
            **values,
        }
    )
    if value is not None and measure.kind != Measure.Kind.RECORD_ONLY:
        make_value(measure, value)
    return measure


def make_value(
    measure: Measure,
    pounds: str = "10",
    valid_from: datetime.date = datetime.date(2020, 4, 1),
    **values: Any,
) -> MeasureValue:
    return MeasureValue.objects.create(
        measure=measure,
        value_pounds=Decimal(pounds),
        valid_from=valid_from,
        source_title="Made up for a test",
        **values,
    )


def make_commitment(
    contract: Contract | None = None,
    *,
    supplier: Organisation | None = None,
    measure: Measure | None = None,
    quantity: str = "100",
    profile: dict[Quarter, str] | None = None,
    agreed: bool = True,
    **values: Any,
) -> Commitment:
    """An agreed commitment of 100 hours at £10 over the four quarters of 2026/27."""
    supplier = supplier or make_organisation()
    contract = contract or make_contract(
        value="1000000",
        awarded_on=datetime.date(2026, 3, 1),
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.LIVE,
    )
    measure = measure or make_measure()
    value = measure.values.order_by("-valid_from").first()
    state = {
        "state": Commitment.State.AGREED,
        "agreed_on": NOON.date(),
        "council_accepted_at": NOON,
        "council_accepted_by_name": "An officer",
        "supplier_accepted_at": NOON,
        "supplier_accepted_by_name": "A supplier's user",
    }
    commitment = Commitment.objects.create(
        **{
            "contract": contract,
            "supplier": supplier,
            "number": contract.commitments.count() + 1,
            "measure": measure,
            "value": value,
            "promised_quantity": Decimal(quantity),
            "committed_pounds": price_line(
                Decimal(quantity), value.value_pounds if value else None, Kind(measure.kind)
            ),
            "owner_name": "Social value lead",
            "evidence_rule": "A sign-in sheet with counts",
            "starts": contract.start,
            "due": contract.end,
            **(state if agreed else {}),
            **values,
        }
    )
    if profile is None:
        first = Quarter.of(commitment.starts or datetime.date(2026, 4, 1))
        quarters = [first, first.next, first.next.next, first.next.next.next]
        each = Decimal(quantity) / 4
        profile = {quarter: str(each) for quarter in quarters}
    for quarter, due in profile.items():
        ProfileQuarter.objects.create(
            commitment=commitment,
            financial_year=quarter.start_year,
            quarter=quarter.number,
            due_quantity=Decimal(due),
        )
    return commitment


def make_return(
    contract: Contract, supplier: Organisation, quarter: Quarter = Q1, state: str = "submitted"
) -> DeliveryReturn:
    """A submitted return; it counts in its own quarter."""
    sent = state != "draft"
    return DeliveryReturn.objects.create(
        contract=contract,
        supplier=supplier,
        financial_year=quarter.start_year,
        quarter=quarter.number,
        state=state,
        counted_year=quarter.start_year if sent else None,
        counted_quarter=quarter.number if sent else None,
        declared_this_agreement=sent,
        declared_committed=sent,
        first_submitted_at=NOON if sent else None,
        submitted_at=NOON if sent else None,
        submitted_by_name="A supplier's user" if sent else "",
    )


def make_line(
    delivery_return: DeliveryReturn,
    commitment: Commitment,
    quantity: str | None = "40",
    *,
    verified: str | None = None,
    **values: Any,
) -> ReturnLine:
    """A line priced by the commitment's pinned value, verified where a quantity is given."""
    reported = None if quantity is None else Decimal(quantity)
    checked = None if verified is None else Decimal(verified)
    unit = commitment.value.value_pounds if commitment.value else None
    kind = Kind(commitment.measure.kind)
    share = Decimal(values.get("attribution_share", 1))
    sent = delivery_return.state != DeliveryReturn.State.DRAFT
    state = ReturnLine.State.OPEN
    if checked is not None:
        state = ReturnLine.State.ACCEPTED if checked == reported else ReturnLine.State.PART
    return ReturnLine.objects.create(
        **{
            "delivery_return": delivery_return,
            "commitment": commitment,
            "number": delivery_return.lines.count() + 1,
            "given_quantity": reported,
            "reported_quantity": reported,
            "reported_pounds": price_line(reported, unit, kind, share),
            "verified_quantity": checked,
            "verified_pounds": price_line(checked, unit, kind, share),
            "state": state,
            "is_counted": sent,
            "counted_year": delivery_return.counted_year,
            "counted_quarter": delivery_return.counted_quarter,
            **values,
        }
    )


def make_evidence(
    supplier: Organisation, *lines: ReturnLine, content: bytes = b"ten people came\n"
) -> EvidenceFile:
    """A small text file that serves the lines given."""
    file = EvidenceFile(
        supplier=supplier,
        sha256=hashlib.sha256(content).hexdigest(),
        original_name="sign-in sheet.txt",
        kind="txt",
        file_bytes=len(content),
        uploaded_at=NOON,
        uploaded_by_name="A supplier's user",
    )
    file.file.save("sheet.txt", ContentFile(content), save=False)
    file.save()
    for line in lines:
        EvidenceLink.objects.create(
            file=file, line=line, linked_at=NOON, linked_by_name="A supplier's user"
        )
    return file


def make_tender(
    contract: Contract | None = None, *, measures: list[Measure] | None = None, **values: Any
) -> Tender:
    """An open tender that asks for one measure unless given some."""
    contract = contract or make_contract(
        stage=Contract.Stage.TENDER, estimated_value_pounds=Decimal("500000")
    )
    measures = measures if measures is not None else [make_measure()]
    tender = Tender.objects.create(
        **{
            "contract": contract,
            "edition": measures[0].edition if measures else make_edition(),
            "state": Tender.State.OPEN,
            "priced_on": NOON.date(),
            "closes_at": NOON + datetime.timedelta(days=30),
            **values,
        }
    )
    for position, measure in enumerate(measures):
        RequestedMeasure.objects.create(
            tender=tender,
            measure=measure,
            value=measure.values.order_by("-valid_from").first(),
            position=position,
        )
    return tender


def make_bid(
    tender: Tender,
    organisation: Organisation | None = None,
    *,
    quantity: str | None = "50",
    state: str = "submitted",
) -> Bid:
    """A submitted bid that offers the quantity of each measure asked for."""
    bid = Bid.objects.create(
        tender=tender,
        organisation=organisation or make_organisation(),
        state=state,
        submitted_at=NOON if state == "submitted" else None,
        submitted_by_name="A bidder's user" if state == "submitted" else "",
    )
    offered = None if quantity is None else Decimal(quantity)
    for asked in tender.requested.select_related("measure", "value"):
        Offer.objects.create(
            bid=bid,
            requested=asked,
            offered_quantity=offered,
            offered_pounds=price_line(
                offered,
                asked.value.value_pounds if asked.value else None,
                Kind(asked.measure.kind),
            ),
        )
    return bid


def make_recovery(commitment: Commitment, **values: Any) -> RecoveryAction:
    """An open recovery action, due at the end of June 2026, that nobody owns yet."""
    return RecoveryAction.objects.create(
        **{
            "commitment": commitment,
            "shortfall_quantity": Decimal(20),
            "reason": "Behind its profile.",
            "due": datetime.date(2026, 6, 30),
            "opened_at": NOON,
            "opened_by_name": "An officer",
            **values,
        }
    )


def make_rating(contract: Contract, supplier: Organisation, **values: Any) -> DeliveryRating:
    """A proposed rating "Good" for the year from April 2025."""
    return DeliveryRating.objects.create(
        **{
            "contract": contract,
            "supplier": supplier,
            "year_starts": datetime.date(2025, 4, 1),
            "year_ends": datetime.date(2026, 3, 31),
            "proposed_code": "1",
            "basis": {"kpis": [], "method": "A test"},
            "reasons": ["100.0% of what was due is verified, by weight."],
            "proposed_at": NOON,
            "proposed_by_name": "An officer",
            "reply_due": datetime.date(2026, 6, 3),
            **values,
        }
    )


def make_request(line: ReturnLine, hub: Organisation | None = None, **values: Any) -> Any:
    """A question to a hub about a line, out until the year 2030."""
    number = next(_numbers)
    return ConfirmationRequest.objects.create(
        **{
            "line": line,
            "organisation": hub or make_organisation("", "hub"),
            "sent_to": "hub@example.org",
            "link_seed": f"seed-{number}",
            "token_hash": hashlib.sha256(f"request {number}".encode()).hexdigest(),
            "asked_quantity": line.reported_quantity or 0,
            "asked_at": NOON,
            "asked_by_name": "An officer",
            "expires_at": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC),
            **values,
        }
    )


def make_flag(one: ReturnLine, another: ReturnLine, **values: Any) -> DuplicateFlag:
    """The two lines may be one thing claimed twice."""
    first, second = sorted((one, another), key=lambda line: line.pk)
    return DuplicateFlag.objects.create(
        **{"first": first, "second": second, "kind": "same_event", "found_at": NOON, **values}
    )


def make_picture(supplier: Organisation, *lines: ReturnLine) -> EvidenceFile:
    """A picture as evidence, with the one that pages show."""
    file = make_evidence(supplier, *lines, content=b"a picture")
    file.kind, file.original_name = "jpeg", "stall.jpg"
    file.shown_file.save("stall", ContentFile(b"a picture without its place"), save=False)
    file.save()
    return file


def make_upload(delivery_return: DeliveryReturn, **values: Any) -> ReturnUpload:
    """A return workbook that changes nothing and waits to be looked at."""
    return ReturnUpload.objects.create(
        **{
            "delivery_return": delivery_return,
            "original_name": "return.xlsx",
            "file_sha256": "0" * 64,
            "uploaded_at": NOON,
            "uploaded_by_name": "A supplier's user",
            **values,
        }
    )
