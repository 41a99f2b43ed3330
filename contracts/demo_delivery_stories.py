"""The demo's returns that tell a story, written step by step through the services.

Each is what a visitor will recognise: sent back, disputed by a hub, accepted in part, claimed twice, absurd but explained, shared with others, falling behind.
"""

from __future__ import annotations

import datetime
import io
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from trafford_sv.core.periods import Quarter

from .demo_delivery_plans import DEALS
from .demo_delivery_rows import World, pace_of, profile_by_quarter, typed
from .models import ConfirmationRequest, DeliveryReturn, ReturnLine
from .services.confirmations import answer_confirmation, ask_confirmation, link_of
from .services.evidence import link_evidence, store_evidence
from .services.returns import (
    LineChange,
    claim_share,
    open_return,
    save_lines,
    save_return,
    start_activity,
    submit_return,
)
from .services.verification import accept_line, accept_part, send_back_line, verify_return

# The return that comes after its quarter was closed, and the one whose hub answers after it.
WALKS = ("DEMO-025", "marigold")
YOUTH_NIGHTS = ("DEMO-G02", "tallow-street")


@dataclass(frozen=True)
class Sent:
    """A return that was sent, its lines by the commitment's number."""

    row: DeliveryReturn
    lines: Mapping[int, ReturnLine]


def tell_stories(world: World) -> int:
    """Every story; how many returns were written."""
    before = DeliveryReturn.objects.count()
    _sent_back(world)
    _disputed(world)
    _in_part(world)
    _absurd(world)
    _same_file(world)
    _shared(world)
    _waits_for_the_hub(world)
    _begun(world)
    return DeliveryReturn.objects.count() - before


# --- one story each ---------------------------------------------------------------------------


def _sent_back(world: World) -> None:
    sent = _send(world, "DEMO-001", "bramblewick", 0)
    at = world.moment(sent.row.period, 26)
    for number in (1, 2, 3):
        _accept(world, sent.lines[number], at)
    line = ReturnLine.objects.get(pk=sent.lines[4].pk)
    send_back_line(
        line=line,
        reason="The sheet has counts for two of the three days only. Please add the third, or "
        "report what it shows.",
        expected_version=line.version,
        by=world.officer(sent.row.contract),
        now=at,
    )


def _disputed(world: World) -> None:
    """The supplier claims 40 hours, the hub confirms 25; both sides see the 15 between."""
    hours = {1: {"hours_quantity": Decimal(5), "people_quantity": Decimal(8)}}
    sent = _send(world, "DEMO-008", "oakapple", 0, hours)
    request = _ask(world, sent.lines[1], "hub", world.moment(sent.row.period, 22))
    answer_confirmation(
        token=urlsplit(link_of(request=request)).path.rstrip("/").rsplit("/", 1)[-1],
        quantity=Decimal(25),
        comment="The second afternoon was called off. Invented answer.",
        role="Hub worker (invented)",
        now=world.moment(sent.row.period, 25),
    )
    at = world.moment(sent.row.period, 28)
    for number in (1, 2):
        _accept(world, sent.lines[number], at)


def _in_part(world: World) -> None:
    sent = _send(world, "DEMO-014", "penny-lantern", 0)
    at = world.moment(sent.row.period, 27)
    line = ReturnLine.objects.get(pk=sent.lines[1].pk)
    accept_part(
        line=line,
        quantity=(line.reported_quantity or Decimal(0)) - Decimal(8),
        reason="One of the sessions was for the contract’s own staff, which is not in the promise.",
        expected_version=line.version,
        by=world.officer(sent.row.contract),
        now=at,
    )
    _accept(world, sent.lines[2], at)


def _absurd(world: World) -> None:
    """A quantity that was asked about, kept with the supplier's reason, and waits for an officer."""
    said = {
        "given_quantity": Decimal(9000),
        "warning_reason": "We counted everybody who took a leaflet at the spring fair. Invented.",
    }
    _send(world, "DEMO-022", "hollowmere", 0, {1: said})


def _same_file(world: World) -> None:
    """One sheet for two agreements: the second submission is flagged, and an officer decides."""
    sheet = ("talks-at-the-school.png", picture((7, 12, 9, 15)))
    _send(world, "DEMO-012", "thistledown", 0, file=sheet)
    sent = _send(world, "DEMO-055", "thistledown", 0, file=sheet, days=15)
    # Somebody at the school has been asked, and has not answered yet.
    asked = max(world.moment(sent.row.period, 21), world.now - datetime.timedelta(days=4))
    _ask(world, sent.lines[1], "school", asked)


def _shared(world: World) -> None:
    """One fair, two suppliers: half for the one, three tenths for the other, a fifth unclaimed."""
    quarter = world.quarters[-2]
    activity = start_activity(
        title="Invented health and care fair",
        happened_on=quarter.start + datetime.timedelta(days=40),
        by=world.voice("larkfield"),
        now=world.moment(quarter, 4),
    )
    for supplier, share in (("larkfield", "0.5"), ("oakapple", "0.3")):
        sent = _send(
            world, "DEMO-007", supplier, 1,
            {1: {"happened_on": activity.happened_on, "given_quantity": Decimal(180)}},
            share=(activity.code, Decimal(share)),
        )  # fmt: skip
        _verify(world, sent)


def _waits_for_the_hub(world: World) -> None:
    """The quarter is closed before the hub answers; `decide_late` tells the rest."""
    sent = _send(world, *YOUTH_NIGHTS, 1)
    _ask(world, sent.lines[1], "hub", world.moment(sent.row.period, 34))


# --- after a quarter was closed ---------------------------------------------------------------


def is_told_late(world: World) -> bool:
    """The stories below are told, or the demo was loaded for another day than this one."""
    quarter = world.quarters[-2]
    of_quarter = DeliveryReturn.objects.filter(
        financial_year=quarter.start_year, quarter=quarter.number
    )
    reference, supplier = YOUTH_NIGHTS
    waits = of_quarter.filter(
        contract__reference=reference,
        supplier=world.directory.suppliers[supplier],
        state=DeliveryReturn.State.SUBMITTED,
        is_demo=True,
    )
    return not waits.exists() or of_quarter.filter(contract__reference=WALKS[0]).exists()


def send_late(world: World) -> None:
    """Where its quarter is closed by now, it counts in the next one and says so."""
    sent = _send(world, *WALKS, 1, days=44)
    _verify(world, sent, 50)
    DeliveryReturn.objects.filter(pk=sent.row.pk).update(is_demo=True)


def answer_late(world: World) -> None:
    """The hub confirms all of it, after the quarter was closed."""
    line = _youth_nights(world).lines.get()
    request = line.confirmations.get()
    answer_confirmation(
        token=urlsplit(link_of(request=request)).path.rstrip("/").rsplit("/", 1)[-1],
        quantity=request.asked_quantity,
        comment="Counted from our own sheets. Invented answer.",
        role="Hub worker (invented)",
        now=world.moment(world.quarters[-2], 52),
    )


def decide_late(world: World) -> None:
    _verify(world, Sent(_youth_nights(world), {}), 55)


def _youth_nights(world: World) -> DeliveryReturn:
    quarter, (reference, supplier) = world.quarters[-2], YOUTH_NIGHTS
    return DeliveryReturn.objects.get(
        contract__reference=reference,
        supplier=world.directory.suppliers[supplier],
        financial_year=quarter.start_year,
        quarter=quarter.number,
    )


def _begun(world: World) -> None:
    """The running quarter's return, begun and not sent."""
    open_return(
        contract=world.contracts["DEMO-001"],
        supplier=world.directory.suppliers["bramblewick"],
        quarter=Quarter.of(world.today),
        by=world.voice("bramblewick"),
        now=world.now,
    )


# --- steps ------------------------------------------------------------------------------------


def _send(
    world: World,
    reference: str,
    supplier: str,
    back: int,
    figures: Mapping[int, Mapping[str, Any]] | None = None,
    *,
    file: tuple[str, bytes] | None = None,
    share: tuple[str, Decimal] | None = None,
    days: int = 14,
) -> Sent:
    """Begun, filled in, with a file on each line, and sent. `figures` by the commitment's number."""
    contract = world.contracts[reference]
    quarter = world.quarters[-1 - back]
    who, sent = world.voice(supplier), world.moment(quarter, days)
    began = world.moment(quarter, 5)
    row = open_return(
        contract=contract,
        supplier=world.directory.suppliers[supplier],
        quarter=quarter,
        by=who,
        now=began,
    )
    row = save_return(
        delivery_return=row,
        changes={"narrative": f"An invented quarter of work, {quarter.label}."},
        expected_version=row.version,
        by=who,
        now=began,
    )
    deal = next(one for one in DEALS if (one.reference, one.supplier) == (reference, supplier))
    commitments = {row.pk: row for row in world.held[reference, supplier]}
    due = profile_by_quarter(commitments.values())
    changes = {}
    lines = list(row.lines.order_by("number"))
    for line in lines:
        commitment = commitments[line.commitment_id]
        index = world.quarters_of(commitment).index(quarter)
        values = typed(
            commitment, quarter, due[commitment.pk, quarter], pace_of(deal, commitment), index
        )  # fmt: skip
        values.update((figures or {}).get(commitment.number, {}))
        changes[line.pk] = LineChange(line.version, values)
    save_lines(delivery_return=row, lines=changes, by=who, now=began)
    name, body = file or ("counts.png", picture((len(lines) + 3, 8 + back, 11, 6 + row.pk % 9)))
    kept = store_evidence(
        file=io.BytesIO(body), original_name=name, supplier=row.supplier, by=who, now=began
    )
    for line in row.lines.order_by("number"):
        link_evidence(file=kept, line=line, by=who, now=began)
        if share is not None:
            claim_share(
                line=line, code=share[0], share=share[1], expected_version=line.version, by=who, now=began
            )  # fmt: skip
    row = submit_return(
        delivery_return=row,
        declared_this_agreement=True,
        declared_committed=True,
        by=who,
        now=sent,
    )
    held = row.lines.select_related("commitment")
    return Sent(row, {line.commitment.number: line for line in held})


def _accept(world: World, line: ReturnLine, at: datetime.datetime) -> None:
    stored = ReturnLine.objects.get(pk=line.pk)
    who = world.officer(stored.delivery_return.contract)
    accept_line(line=stored, expected_version=stored.version, by=who, now=at)


def _verify(world: World, sent: Sent, days: int = 28) -> None:
    row = DeliveryReturn.objects.get(pk=sent.row.pk)
    verify_return(
        delivery_return=row,
        expected_version=row.version,
        versions=dict(row.lines.values_list("pk", "version")),
        by=world.officer(row.contract),
        now=world.moment(row.period, days),
    )


def _ask(
    world: World, line: ReturnLine, partner: str, at: datetime.datetime
) -> ConfirmationRequest:
    """Nothing is sent: the address cannot exist."""
    stored = ReturnLine.objects.get(pk=line.pk)
    request = ask_confirmation(
        line=stored,
        organisation=world.partners[partner],
        email=f"{partner}{settings.DEMO_EMAIL_DOMAIN}",
        expected_version=stored.version,
        by=world.officer(stored.delivery_return.contract),
        now=at,
    )
    request.emailed_at = at
    request.save(update_fields=["emailed_at"])
    return request


def picture(counts: tuple[int, ...]) -> bytes:
    """A small PNG of bars, one for each invented count."""
    height, width = 24, 12 * len(counts)
    rows = b"".join(
        b"\x00"
        + b"".join(
            (b"\x1d\x6f\x61" if height - y <= counts[x // 12] and x % 12 < 9 else b"\xf3\xf2\xf1")
            for x in range(width)
        )
        for y in range(height)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip
