"""Dirty values: listed, accepted by a person, or left as they are."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse

from tests.factories import make_contract, make_organisation, make_user
from trafford_sv.core.flags import FlagError
from trafford_sv.core.models import AuditEvent, DataFlag
from trafford_sv.core.services.flags import decide_flag

NOW = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
pytestmark = pytest.mark.django_db


def flag(subject, **values) -> DataFlag:
    return DataFlag.objects.create(
        **{
            "subject_type": subject._meta.model_name,
            "subject_id": str(subject.pk),
            "subject_name": str(subject),
            "field": "postcode",
            "raw": "M32 OTH",
            "proposal": "M32 0TH",
            "code": "postcode",
            "sentence": "“M32 OTH” is not a postcode. It may be M32 0TH.",
            "created_at": NOW,
            **values,
        }
    )


def test_an_accepted_postcode_is_recorded_with_its_reason(client):
    officer, supplier = make_user("coordinator"), make_organisation("Invented Care Ltd")
    client.force_login(officer)
    found = flag(supplier)
    page = client.get(reverse("flag-list")).text
    assert "M32 0TH for Invented Care Ltd" in page
    assert "1 value needs a look" in client.get(reverse("import-list")).text
    client.post(reverse("flag-decide", args=[found.pk]), {"answer": "accept"})
    supplier.refresh_from_db()
    found.refresh_from_db()
    assert (supplier.postcode, supplier.version, found.state) == ("M32 0TH", 2, "accepted")
    assert AuditEvent.objects.filter(verb="proposal accepted").get().before == {
        "postcode": "M32 OTH"
    }
    assert "M32 0TH for Invented" not in client.get(reverse("flag-list")).text


def test_a_company_number_is_added_to_those_held():
    supplier = make_organisation("Invented Care Ltd")
    decide_flag(
        flag=flag(supplier, field="identifiers", raw="1234567", proposal="01234567"),
        accept=True,
        by=None,
        now=NOW,
    )
    assert [(i.scheme, i.value) for i in supplier.identifiers.all()] == [("GB-COH", "01234567")]


def test_what_cannot_be_decided_says_why():
    supplier = make_organisation("Invented Care Ltd", postcode="M33 7ZF")
    with pytest.raises(FlagError, match="has the postcode M33 7ZF by now"):
        decide_flag(flag=flag(supplier), accept=True, by=None, now=NOW)
    about = flag(make_contract(), field="category", proposal="")
    with pytest.raises(FlagError, match="Nothing is proposed"):
        decide_flag(flag=about, accept=True, by=None, now=NOW)
    decide_flag(flag=about, accept=False, by=None, now=NOW)
    with pytest.raises(FlagError, match="decided about this already"):
        decide_flag(flag=about, accept=False, by=None, now=NOW)


@pytest.mark.parametrize(
    ("role", "seen", "decided"),
    [
        ("star_officer", 200, 302),
        ("auditor", 200, 403),
        ("contract_manager", 403, 403),
        ("supplier", 403, 403),
    ],
)
def test_who_may_see_and_decide(client, role, seen, decided):
    supplier = make_organisation()
    reach = supplier if role in ("contract_manager", "supplier") else None
    client.force_login(make_user(role, reach))
    assert client.get(reverse("flag-list")).status_code == seen
    answer = client.post(reverse("flag-decide", args=[flag(supplier).pk]), {"answer": "dismiss"})
    assert answer.status_code == decided
