"""A small council with a little of everything, and each kind of report published from it.

Every name and number is invented.
"""

from __future__ import annotations

import datetime
import io
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image

from contracts.models import Contract, Measure
from reporting.models import ReportEdition
from reporting.services.committee import begin_paper, write_paper
from reporting.services.editions import publish_edition
from reporting.services.star_readings import work_out_measures, write_comment
from tests.factories import make_contract, make_organisation, make_threshold, make_ward
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_evidence,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from tests.factories_needs import make_hub, make_need
from tests.factories_plan import make_action
from tests.factories_steering import hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.core.services.quarters import close_quarter

from .test_annual_figures import story
from .test_committee_paper import REST
from .test_star_quarterly import approve

NOW = datetime.datetime(2027, 6, 1, 12, tzinfo=datetime.UTC)
YEAR = FinancialYear(2026)
Q1 = Quarter(2026, 1)
Q2 = Q1.next
# Each registered kind and the period that is published of it.
PERIODS: dict[str, Any] = {
    "star-quarterly": Q2, "steering-pack": Q1, "annual": YEAR, "committee-paper": Q1,
}  # fmt: skip


def a_small_council() -> None:
    """Two agreements, one of each kind of value, with offers, returns, proof, a need, a story with a
    picture, an action, a meeting, a paper, and the five measures worked out for two quarters.
    """
    held = approve()
    make_threshold()
    for number, quantity in enumerate(("40", "7.5")):
        supplier = make_organisation()
        contract = make_contract(
            value="1000000", awarded_on=datetime.date(2026, 3, 1), suppliers=[supplier],
            start=datetime.date(2026, 4, 1), end=datetime.date(2027, 3, 31),
            stage=Contract.Stage.LIVE, title=f"Agreement {number} (invented)",
            directorate=make_organisation(f"Service {number}", "council_service"),
        )  # fmt: skip
        kind = (Measure.Kind.SOCIAL, Measure.Kind.LOCAL_ECONOMIC)[number]
        measure = make_measure(value="10", kind=kind)
        make_bid(make_tender(contract, measures=[measure]), supplier, state="won")
        promise = make_commitment(contract, supplier=supplier, measure=measure)
        first = make_return(contract, supplier, Q1)
        make_evidence(supplier, make_line(first, promise, quantity, verified=quantity))
        then = make_return(contract, supplier, Q2)
        make_line(then, promise, "12", verified="11")
        make_line(first, promise, "3", verified="3", counted_year=2026, counted_quarter=2)
    ward = make_ward(name="Seenward")
    make_hub("A hub (invented)", ward)
    make_need(ward, title="A need (invented)", open_from=datetime.date(2026, 5, 1))
    make_action(title="Write a guide")
    picture = io.BytesIO()
    Image.new("RGB", (320, 180), "#0b5563").save(picture, "PNG")
    story(picture_alt="Four raised beds.").picture.save("a.png", ContentFile(picture.getvalue()))
    chair = make_chair()
    meeting = make_meeting(datetime.date(2026, 7, 14))
    make_item(meeting, "Grants in 3 wards")
    hold(meeting, chair, make_seat(), chair=chair)
    for quarter in (Q1, Q2):
        work_out_measures(quarter=quarter, by=None, now=NOW)
    write_comment(
        measure=held["returns-received"], quarter=Q2, expected_version=None, by="Olive Officer",
        now=NOW, text="Every return came in.",
    )  # fmt: skip
    paper = begin_paper(quarter=Q1, by=None, now=NOW)
    write_paper(paper=paper, changes=REST, expected_version=paper.version, by=None, now=NOW)
    for quarter in YEAR.quarters:
        close_quarter(quarter=quarter, by=None, now=NOW)


def publish(kind: str) -> ReportEdition:
    """Edition 1 of a kind, of a small council."""
    return publish_edition(kind=kind, period=PERIODS[kind], number=1, by=None, now=NOW)
