"""Returns for programs: a supplier fills in and sends its own, and reads nobody else's."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import get_token_model
from rest_framework.test import APIClient

from contracts.models import Commitment, DeliveryReturn, ReturnLine
from contracts.services.returns import open_return
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

pytestmark = pytest.mark.django_db
LAST = Quarter.of(timezone.localdate()).previous
BOTH = {"declared_this_agreement": True, "declared_committed": True}


def client_of(role: str = "coordinator", organisation: Organisation | None = None) -> APIClient:
    user = make_user(role, organisation)
    _, token = get_token_model().objects.create(user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def promise(**values: Any) -> Commitment:
    supplier = values.pop("supplier", None) or make_organisation()
    contract = values.pop("contract", None) or make_contract(
        awarded_on=LAST.start,
        suppliers=[supplier],
        start=LAST.start,
        end=LAST.start + datetime.timedelta(days=700),
    )
    return make_commitment(contract, supplier=supplier, **{"evidence_rule": "", **values})


def begun(commitment: Commitment) -> ReturnLine:
    row = open_return(
        contract=commitment.contract,
        supplier=commitment.supplier,
        quarter=LAST,
        by=None,
        now=timezone.now(),
    )
    return row.lines.get()  # type: ignore[no-any-return]


def patched(client: APIClient, line: ReturnLine, values: Any, etag: str = "") -> Any:
    address = f"/api/v1/return-lines/{line.pk}/"
    etag = etag or client.get(address)["ETag"]
    return client.patch(address, values, format="json", HTTP_IF_MATCH=etag)


def test_a_return_is_begun_filled_in_and_sent() -> None:
    commitment = promise(measure=make_measure(counting="hours_people"))
    client = client_of("supplier", commitment.supplier)
    wanted = {"contract": commitment.contract_id, "quarter": LAST.code}
    made = client.post("/api/v1/returns/", wanted, format="json")
    assert made.status_code == 201, made.content
    again = client.post("/api/v1/returns/", wanted, format="json")
    assert again.json() == made.json()
    assert client.get(made["Location"]).json() == made.json()
    (line,) = made.json()["lines"]
    assert (line["given_quantity"], line["reported_quantity"]) == (None, None)
    row = ReturnLine.objects.get(pk=line["id"])
    values = {"hours_quantity": "2", "people_quantity": "8", "unit": "hours"}
    saved = patched(client, row, values)
    assert saved.status_code == 200, saved.content
    assert (saved.json()["counted_now"], saved.json()["version"]) == ("16.0000", 2)
    assert saved.json()["explanation"] == "2 hours x 8 people = 16"
    told = client.patch(
        made["Location"], {"narrative": "A good start."}, format="json", HTTP_IF_MATCH=made["ETag"]
    )
    assert told.json()["narrative"] == "A good start."
    address = f"{made['Location']}submit/"
    sent = client.post(address, BOTH, format="json")
    assert sent.status_code == 201, sent.content
    assert (sent.json()["state"], sent.json()["counted_quarter"]) == ("submitted", LAST.code)
    # 16 hours at £10.
    assert sent.json()["lines"][0]["reported_pounds"] == "160.00"
    repeated = client.post(address, BOTH, format="json")
    assert repeated.json() == sent.json()
    assert AuditEvent.objects.filter(verb="return submitted").count() == 1


def test_what_cannot_be_is_refused_in_words_as_problem_details() -> None:
    line = begun(promise())
    client = client_of("supplier", line.delivery_return.supplier)
    cases = {
        "cannot be negative": {"given_quantity": "-1"},
        "counted in hours": {"given_quantity": "1", "unit": "people"},
        "as text": {"given_quantity": 5},
        "not known": {"reported_quantity": "5"},
        "full postcode": {"place": "M33 1AA"},
        "up to 100%": {"attribution_share": "1.5000"},
    }
    for words, values in cases.items():
        answer = patched(client, line, values)
        assert answer.status_code == 400, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        assert words in answer.content.decode(), answer.content
    unsent = client.post(
        f"/api/v1/returns/{line.delivery_return_id}/submit/",
        {"declared_this_agreement": True, "declared_committed": False},
        format="json",
    )
    assert unsent.status_code == 400
    assert "Tick this if" in unsent.content.decode()
    line.refresh_from_db()
    assert (line.version, line.given_quantity) == (1, None)


def test_zero_and_null_are_two_things() -> None:
    line = begun(promise())
    client = client_of("supplier", line.delivery_return.supplier)
    assert patched(client, line, {"given_quantity": "0"}).json()["counted_now"] == "0.0000"
    assert patched(client, line, {"given_quantity": None}).json()["counted_now"] is None


def test_a_stale_version_changes_nothing() -> None:
    line = begun(promise())
    client = client_of("supplier", line.delivery_return.supplier)
    etag = client.get(f"/api/v1/return-lines/{line.pk}/")["ETag"]
    assert patched(client, line, {"given_quantity": "3"}).status_code == 200
    lost = patched(client, line, {"given_quantity": "9"}, etag)
    assert lost.status_code == 412
    assert lost.json()["stored"]["given_quantity"] == "3.0000"
    without = client.patch(f"/api/v1/return-lines/{line.pk}/", {"given_quantity": "9"}, format="json")  # fmt: skip
    assert without.status_code == 428
    address = f"/api/v1/returns/{line.delivery_return_id}/"
    seen = client.get(address).json()["fingerprint"]
    patched(client, line, {"given_quantity": "4"})
    unseen = client.post(f"{address}submit/", {**BOTH, "fingerprint": seen}, format="json")
    assert unseen.status_code == 412, unseen.content
    line.refresh_from_db()
    assert line.given_quantity == 4 and line.delivery_return.state == "draft"


def test_nobody_elses_return_is_found_or_touched() -> None:
    commitment = promise()
    line = begun(commitment)
    client = client_of("supplier", promise(contract=commitment.contract).supplier)
    for address in (
        f"/api/v1/returns/{line.delivery_return_id}/",
        f"/api/v1/return-lines/{line.pk}/",
        f"/api/v1/returns/{10**30}/",
    ):
        assert client.get(address).status_code == 404
        assert client.patch(address, {}, format="json", HTTP_IF_MATCH='"1"').status_code == 404
    send = f"/api/v1/returns/{line.delivery_return_id}/submit/"
    assert client.post(send, BOTH, format="json").status_code == 404
    assert client.post(send, {}, format="json").status_code == 404
    assert client.get("/api/v1/returns/").json()["results"] == []
    assert client.get("/api/v1/return-lines/").json()["results"] == []
    query = f"?return={line.delivery_return_id}"
    assert client.get(f"/api/v1/return-lines/{query}").json()["results"] == []
    wanted = {
        "contract": commitment.contract_id,
        "quarter": LAST.code,
        "supplier": commitment.supplier_id,
    }
    assert client.post("/api/v1/returns/", wanted, format="json").status_code == 400
    stranger = client_of("supplier", make_organisation())
    wanted.pop("supplier")
    assert stranger.post("/api/v1/returns/", wanted, format="json").status_code == 400


def test_an_officer_reads_and_does_not_write() -> None:
    line = begun(promise())
    client = client_of()
    address = f"/api/v1/returns/{line.delivery_return_id}/"
    # A draft is its supplier's own.
    assert client.get(address).status_code == 404
    assert client.get("/api/v1/returns/").json()["results"] == []
    assert client.get("/api/v1/return-lines/").json()["results"] == []
    assert client.get(f"/api/v1/return-lines/{line.pk}/").status_code == 404
    DeliveryReturn.objects.update(state="submitted")
    line.is_counted = True
    line.save()
    assert client.get(address).status_code == 200
    answer = client.patch(address, {"narrative": "x"}, format="json", HTTP_IF_MATCH='"1"')
    assert answer.status_code == 403
    assert patched(client, line, {"given_quantity": "3"}).status_code == 403
    assert client.post(f"{address}submit/", BOTH, format="json").status_code == 403
    wanted = {"contract": line.commitment.contract_id, "quarter": LAST.code}
    assert client.post("/api/v1/returns/", wanted, format="json").status_code == 403


def test_values_that_a_licence_keeps_back_are_left_out() -> None:
    measure = make_measure(
        make_edition(values_may_be_published=False, text_may_be_published=False),
        value="12.34",
        title="Licensed words",
    )
    commitment = promise(measure=measure)
    row = make_return(commitment.contract, commitment.supplier, LAST)
    make_line(row, commitment, "40", verified="40")
    for client in (client_of(), client_of("supplier", commitment.supplier)):
        for address in (
            f"/api/v1/returns/{row.pk}/",
            "/api/v1/return-lines/",
            "/api/v1/return-lines/?format=csv",
            f"/api/v1/return-lines/{row.lines.get().pk}/",
        ):
            answer = client.get(address)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert b"493.6" not in body and b"Licensed words" not in body, address
            assert b"40.0000" in body


def test_lists_filter_and_come_as_csv() -> None:
    commitment = promise()
    row = make_return(commitment.contract, commitment.supplier, LAST)
    make_line(row, commitment, "40", verified="25")
    client = client_of()
    (shown,) = client.get(f"/api/v1/returns/?quarter={LAST.code}").json()["results"]
    assert (shown["quarter"], shown["counted_quarter"], shown["lines"]) == (LAST.code, LAST.code, 1)
    assert client.get("/api/v1/returns/?state=draft").json()["results"] == []
    assert client.get("/api/v1/returns/?state=rubbish").status_code == 400
    (line,) = client.get(f"/api/v1/return-lines/?counted={LAST.code}").json()["results"]
    assert (line["reported_pounds"], line["verified_quantity"]) == ("400.00", "25.0000")
    for wrong in ("?counted=never", "?return=x", "?colour=red"):
        assert client.get(f"/api/v1/return-lines/{wrong}").status_code == 400
    text = b"".join(client.get("/api/v1/returns/?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert text.splitlines()[0].startswith("id,contract_id") and text.count("\n") == 2


@pytest.mark.parametrize("address", ["/api/v1/returns/", "/api/v1/return-lines/"])
def test_lists_ask_as_often_for_twenty_as_for_one(address: str) -> None:
    supplier = make_organisation()
    client = client_of("supplier", supplier)
    counts = []
    for number in (1, 19):
        for _ in range(number):
            commitment = promise(supplier=supplier)
            make_line(make_return(commitment.contract, supplier, LAST), commitment)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 7, counts
    assert DeliveryReturn.objects.count() == 20
