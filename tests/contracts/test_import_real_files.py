"""The published files that lie beside a full working copy; skipped where they are absent."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.core.management import call_command

from contracts.models import Award, Contract
from trafford_sv.core.models import DataFlag

OCDS = "contracts/ocds_contracts_finder_awards_2020_2025_housing_care.json"
FINDER = "contracts/contracts_finder_awards_2020-07_to_10_over_1m.csv"
GM = ("Bolton", "Bury", "Greater Manchester Combined", "Manchester City", "Oldham", "Rochdale",
      "Salford", "Stockport", "Tameside", "Trafford", "Wigan")  # fmt: skip


def run(capsys, path, kind):
    try:
        call_command("import_contracts", str(path), "--format", kind, "--json")
    except SystemExit as ended:
        assert ended.code in (0, None)
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.django_db
def test_632_releases_are_578_contracts(shared_data, capsys):
    counts = run(capsys, shared_data / OCDS, "ocds")
    assert (counts["rows"], counts["created"], counts["rejected"]) == (632, 578, 0)
    # 672 awards in the releases; 35 of them are later words on an award that was there.
    assert Award.objects.count() == 637
    assert not Award.objects.filter(value_pounds__lte=1).exists()
    buyers = [c.buyer.name for c in Contract.objects.select_related("buyer")]
    assert sum(name.startswith(GM) and "Police" not in name for name in buyers) == 13
    again = run(capsys, shared_data / OCDS, "ocds")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 578)


@pytest.mark.django_db
def test_1000_awards_and_the_seddon_contract_once(shared_data, capsys):
    call_command("load_reference", "--only", "areas", "--only", "postcodes", "--json")
    counts = run(capsys, shared_data / FINDER, "contracts-finder")
    assert (counts["rows"], counts["created"], counts["rejected"]) == (1000, 1000, 0)
    award = Award.objects.get(value_pounds=Decimal("18013000"))
    supplier = award.suppliers.get()
    assert (supplier.postcode, supplier.locality) == ("BL4 0NN", "greater_manchester")
    assert award.contract.buyer.name == "Trafford Council"
    codes = DataFlag.objects.values_list("code", flat=True)
    assert sum(code == "low_above_high" for code in codes) == 5
    assert sum(code == "suspicious_value" for code in codes) == 1
    again = run(capsys, shared_data / FINDER, "contracts-finder")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 1000)
