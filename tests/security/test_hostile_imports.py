"""Files with cells made to hurt: a sentence or a rejected row, never a server error.

On PostgreSQL too, which refuses what SQLite takes.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contracts.models import Contract
from tests.contracts.test_import_contracts import RELEASE
from tests.factories import make_user
from trafford_sv.core.models import ImportRun

NASTY = ["a\x00b", "NaN", "sNaN", "1e999999", "1" * 5000, "0001-01-01", "9999-12-31", "\u202e",
    "=1+1", "../../etc/passwd", "x" * 40_000, "\U0001f4a9"]  # fmt: skip
SHOWN = ("import-detail", "import-rejects")
COLUMNS = {"reference": "Ref", "title": "Title", "supplier": "Supplier", "value": "Value",
    "award_date": "Award date"}  # fmt: skip


@pytest.fixture
def officer(client: Client, db: None) -> Client:
    client.force_login(make_user("coordinator"))
    return client


def bring_in(client: Client, name: str, body: bytes, kind: str, **more: str) -> ImportRun | None:
    """Choose, map, check, apply what is valid and look at it; None where the file is refused."""
    answer = client.post(
        reverse("import-new"), {"kind": kind, "file": SimpleUploadedFile(name, body), **more}
    )
    assert answer.status_code in (200, 302)
    run = ImportRun.objects.order_by("-created_at").first()
    if run is None:
        return None
    if run.facts.get("headings") and kind == "contracts-table":
        client.post(reverse("import-columns", args=[run.pk]), COLUMNS)
    client.post(reverse("import-apply", args=[run.pk]), {"only_valid": "yes"})
    run.refresh_from_db()
    for shown in SHOWN:
        answer = client.get(reverse(shown, args=[run.pk]))
        assert answer.status_code == 200
        if answer.streaming:
            b"".join(answer.streaming_content)
    assert run.state not in (ImportRun.State.PLANNING, ImportRun.State.APPLYING)
    assert "Something went wrong" not in run.message
    return run


def leaves(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in leaves(value, (*path, key))]
    if isinstance(node, list):
        return [leaf for at, value in enumerate(node) for leaf in leaves(value, (*path, at))]
    return [path]


def with_leaf(release: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(release)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return changed  # type: ignore[no-any-return]


@pytest.mark.parametrize("number", range(len(NASTY) + 4))
def test_any_value_anywhere_in_a_release(officer: Client, number: int) -> None:
    value = [*NASTY, "\ud800", 10**30, {"a": ["\x00"]}, -1.5][number]
    releases = []
    for at, path in enumerate(leaves(RELEASE)):
        release = with_leaf(RELEASE, path, value)
        if path != ("ocid",):
            release["ocid"] = f"ocds-test-{at}"
        releases.append(release)
    body = json.dumps({"version": "1.1", "releases": releases}).encode()
    bring_in(officer, "releases.json", body, "contracts-ocds")


def test_any_value_in_any_cell(officer: Client) -> None:
    good = ["C{}", "Grounds", "Invented Greens Ltd", "1234", "03/05/2025"]
    lines = ["Ref,Title,Supplier,Value,Award date", *["C,Long enough,Invented,1,03/05/2025"] * 200]
    for number, value in enumerate(NASTY):
        for at in range(len(good)):
            row = [good[0].format(f"{number}-{at}"), *good[1:]]
            row[at] = value
            lines.append(",".join(f'"{cell}"' for cell in row))
    bring_in(officer, "register.csv", "\n".join(lines).encode(), "contracts-table")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"releases": ' * 50_000,
        b'{"releases": [' + b"9" * 10_000 + b"]}",
        b'{"releases": [NaN, Infinity, {"ocid": NaN}]}',
        b'{"releases": [{"ocid": "\\ud800", "id": "\\u0000"}]}',
        b'{"releases": [1e999999999, {"ocid": 1e999999999}]}',
    ],
    ids=["deep", "deeper", "long number", "no numbers", "half letters", "endless"],
)
def test_json_that_is_made_to_hurt(officer: Client, body: bytes) -> None:
    bring_in(officer, "releases.json", body, "contracts-ocds")
    assert Contract.objects.count() == 0


@pytest.mark.parametrize(
    "name",
    ["../../../etc/cron.d/x.csv", "a\r\nSet-Cookie: b=c.csv", "x" * 400 + ".csv", "\x00.csv"],
)
def test_a_file_name_is_only_ever_shown(officer: Client, name: str) -> None:
    run = bring_in(officer, name, b"Ref,Title\nC1,Grounds\n", "contracts-table")
    if run is not None:
        assert run.file.name.startswith("imports/") and ".." not in run.file.name
        assert "/" not in run.original_name
