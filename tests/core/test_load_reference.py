"""One command loads every app's reference data, says what it did, and can rehearse."""

import json

import pytest
from django.core.management import call_command

from trafford_sv.core import reference_data
from trafford_sv.core.reference_data import Counts, loaders, register_loader
from trafford_sv.directory.models import Area


@pytest.fixture
def one_loader(db, monkeypatch):
    """Only a small loader of one area, as an app would register it."""
    monkeypatch.setattr(reference_data, "_REGISTRY", {})

    def load(now, dry_run):
        if Area.objects.exists():
            return Counts(unchanged=1)
        if not dry_run:
            Area.objects.create(code="E1", boundary_year=2023, name="Invented", kind="ward")
        return Counts(created=1)

    register_loader("invented wards", load)


def run(capsys, *arguments):
    call_command("load_reference", *arguments)
    return capsys.readouterr().out


def test_loads_twice_without_change(one_loader, capsys):
    first = run(capsys, "--json").splitlines()[-1]
    assert json.loads(first) == {"created": 1, "updated": 0, "unchanged": 0}
    second = run(capsys, "--json").splitlines()[-1]
    assert json.loads(second) == {"created": 0, "updated": 0, "unchanged": 1}


def test_a_rehearsal_says_and_writes_nothing(one_loader, capsys):
    assert "1 created" in run(capsys, "--dry-run")
    assert not Area.objects.exists()


def test_an_unknown_name_is_refused_with_the_names_there_are(one_loader, capsys):
    with pytest.raises(SystemExit) as refused:
        call_command("load_reference", "--only", "nothing")
    assert refused.value.code == 2
    assert "invented wards" in capsys.readouterr().err


def test_the_directory_brings_its_three():
    assert list(loaders())[:3] == ["areas", "postcodes", "hubs"]
