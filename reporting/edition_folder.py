"""An edition as a folder that can be checked anywhere: its data, its files, and a hash of each part. Pure.

    dataset.json    the exact text that was published
    report.pdf ...  the files drawn from it (those that were made)
    evidence.csv    the hash of each file that proof rests on, with the row it serves
    hashes.json     a hash of every field, section, figure, row and file, and one of them all
    SHA256SUMS      the same for files, as `sha256sum --check` reads it
    README.txt      how to check it

`check_folder` needs nothing else: no database, no network. It works every figure out again from its
rows, and names what was altered, down to the row. Somebody who rewrites the whole folder, lists of hashes
included, is found by hashes from outside it. There are three, shown beside the edition:

* of the data: proves dataset.json, and with it evidence.csv and README.txt, which follow from it;
* of each drawn file: proves that file, which is drawn after the data was published;
* of the list of both (`manifest_of`): proves all of them with one hash, but cannot say which one differs.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from .datasets import Dataset, DatasetUnreadable, read_dataset, recompute_all

DATA, HASHES, SUMS, EVIDENCE, README = (
    "dataset.json", "hashes.json", "SHA256SUMS", "evidence.csv", "README.txt",
)  # fmt: skip
EVIDENCE_FOLDER = "evidence/"
_LISTS = ("sections", "figures", "rows", "evidence")
_EVIDENCE_NAME = re.compile(r"evidence/([0-9a-f]{64})(\.[a-z0-9]+)?$")


@dataclass(frozen=True)
class Checked:
    """`altered` names each part that is not as it was published, empty where all is.

    `differences` are figures that do not follow from their rows. `unproved`: files that no hash from
    outside the folder proves; the folder's own lists agree with them, which a forger can see to.
    """

    figures: int
    recomputed: int
    differences: tuple[str, ...]
    altered: tuple[str, ...]
    sha256: str = ""
    unproved: tuple[str, ...] = ()
    manifest_sha256: str = ""

    @property
    def holds(self) -> bool:
        return not self.differences and not self.altered


def folder_of(text: str, drawn: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every file of the folder by its name. `text` is the stored dataset; `drawn` the files made from it."""
    plain = json.loads(text)
    files = {
        DATA: text.encode(),
        **drawn,
        EVIDENCE: _evidence_lines(plain),
        README: _readme(plain),
    }
    hashes: dict[str, Any] = {
        "sha256": digest(files[DATA]),
        "items": dict(items_of(plain)),
        "files": {name: digest(content) for name, content in files.items()},
    }
    hashes["root"] = _root(hashes)
    files[HASHES] = _exact(hashes)
    files[SUMS] = _sums(files)
    return files


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def manifest_of(hashes: Mapping[str, str]) -> str:
    """One hash of the data and the drawn files, by name: of the lines of `sha256sum dataset.json report.*`."""
    lines = (f"{value}  {name}\n" for name, value in sorted(hashes.items()))
    return digest("".join(lines).encode())


def _drawn(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.startswith("report.")}


def _exact(plain: Any) -> bytes:
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _root(hashes: Mapping[str, Any]) -> str:
    return digest(_exact({name: hashes[name] for name in ("sha256", "items", "files")}))


def _sums(files: Mapping[str, bytes]) -> bytes:
    return "".join(
        f"{digest(content)}  {name}\n" for name, content in sorted(files.items()) if name != SUMS
    ).encode()


def items_of(plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what it is called, its hash) of every part of a dataset, whatever its schema number."""
    for name, value in plain.items():
        if name not in _LISTS or not isinstance(value, list):
            yield f"field “{name}”", digest(_exact(value))
    taken: dict[str, int] = {}

    def once(name: str) -> str:
        taken[name] = taken.get(name, 0) + 1
        return name if taken[name] == 1 else f"{name} (number {taken[name]})"

    for kind, noun in (("sections", "section"), ("figures", "figure")):
        for part in _list(plain, kind):
            key = part.get("id", "?") if isinstance(part, dict) else "?"
            yield once(f"{noun} “{key}”"), digest(_exact(part))
    for rows in _list(plain, "rows"):
        held = rows if isinstance(rows, dict) else {"id": "?", "rows": [rows]}
        key = held.get("id", "?")
        yield (
            once(f"headings of the rows “{key}”"),
            digest(_exact({name: value for name, value in held.items() if name != "rows"})),
        )
        lines = held.get("rows", [])
        for row in lines if isinstance(lines, list) else [lines]:
            first = row[0] if isinstance(row, list) and row else "?"
            yield once(f"row “{first}” of “{key}”"), digest(_exact(row))
        # The order is a part too: two rows that changed places are no longer the same report.
        yield (
            once(f"order of the rows “{key}”"),
            digest(_exact([_first(row) for row in _rows(held)])),
        )
    for number, part in enumerate(_list(plain, "evidence"), start=1):
        key = part.get("sha256", "?")[:16] if isinstance(part, dict) else "?"
        yield once(f"evidence {number}, {key}"), digest(_exact(part))
    for kind in ("sections", "figures", "rows"):
        keys = [part.get("id") if isinstance(part, dict) else None for part in _list(plain, kind)]
        yield f"order of the {kind}", digest(_exact(keys))


def _list(plain: Mapping[str, Any], name: str) -> list[Any]:
    found = plain.get(name, [])
    return found if isinstance(found, list) else []


def _rows(held: Mapping[str, Any]) -> list[Any]:
    found = held.get("rows", [])
    return found if isinstance(found, list) else []


def _first(row: Any) -> Any:
    return row[0] if isinstance(row, list) and row else None


def _evidence_lines(plain: Mapping[str, Any]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["sha256", "kind", "size_bytes", "rows", "row"])
    for one in _list(plain, "evidence"):
        if isinstance(one, dict):
            writer.writerow(
                [one.get(name, "") for name in ("sha256", "kind", "size_bytes", "rows", "row")]
            )
    return out.getvalue().encode()


def _readme(plain: Mapping[str, Any]) -> bytes:
    changed = plain.get("what_changed")
    return f"""{plain.get("title", "")}
{plain.get("subtitle", "")}
Edition {plain.get("number", "")}, published {plain.get("published_at", "")}
{f"What changed: {changed}" if changed else ""}
{DATA} is everything that the report says, with the rows behind each figure.
The other files were drawn from it.

To check this folder, without a database or a network:
    manage.py verify_edition THIS-FOLDER
or, for the files alone, with any computer's own tools:
    sha256sum --check {SUMS}

These two find damage. They cannot find somebody who wrote the folder anew with
its lists of hashes. For that, compare with the hashes that the council shows
beside the edition:
    manage.py verify_edition THIS-FOLDER --sha256 HASH --manifest-sha256 HASH
The SHA-256 of the data proves {DATA}, and nothing about the files drawn
from it. The SHA-256 of all files proves both; so does that of each file, with
--file-sha256 HASH, once for each. What no hash proves is named.

Files of evidence may hold data about people, so they are not here. {EVIDENCE}
has their hashes. Who holds such a file may put it into evidence/, named by its
hash, and it is checked too.
""".encode()


def check_folder(
    files: Mapping[str, bytes],
    *,
    published: str = "",
    manifest: str = "",
    each: Collection[str] = (),
) -> Checked:
    """Works every figure out again and names what was altered.

    Hashes from outside the folder, as published: `published` of the data, `manifest` of data and drawn files
    together, `each` of single files.
    """
    if DATA not in files:
        return Checked(0, 0, (), (f"{DATA} is missing",))
    content = files[DATA]
    altered: list[str] = []
    hashes = _hashes(files.get(HASHES))
    if isinstance(hashes, str):
        altered.append(hashes)
    else:
        altered += _files_altered(files, hashes)
        if digest(content) != hashes["sha256"]:
            altered += _parts_altered(content, hashes["items"])
    found = {name: digest(held) for name, held in {DATA: content, **_drawn(files)}.items()}
    altered += _not_as_published(found, _clean(published), _clean(manifest), set(map(_clean, each)))
    try:
        dataset = read_dataset(content.decode())
    except (DatasetUnreadable, UnicodeDecodeError) as error:
        altered.append(f"{DATA} cannot be read: {error}")
        return Checked(0, 0, (), tuple(dict.fromkeys(altered)), found[DATA])
    altered += _evidence_altered(files, dataset)
    plain = json.loads(content)
    if EVIDENCE in files and files[EVIDENCE] != _evidence_lines(plain):
        altered.append(f"{EVIDENCE} does not follow from {DATA}")
    checked = _worked_out(dataset, tuple(dict.fromkeys(altered)), found[DATA])
    proved = set() if not manifest or _clean(manifest) != manifest_of(found) else set(found)
    proved |= {name for name, value in found.items() if value in set(map(_clean, each))}
    if _clean(published) == found[DATA]:
        proved.add(DATA)
    if DATA in proved:
        proved.add(EVIDENCE)
        if files.get(README) == _readme(plain):
            proved.add(README)
    told = (*found, *(name for name in (EVIDENCE, README) if name in files))
    return replace(
        checked,
        unproved=tuple(sorted(name for name in told if name not in proved)),
        manifest_sha256=manifest_of(found),
    )


def _clean(words: str) -> str:
    return words.strip().lower()


def _not_as_published(
    found: Mapping[str, str], published: str, manifest: str, each: set[str]
) -> Iterator[str]:
    if published and found[DATA] != published:
        yield f"{DATA} is not the one that was published: its SHA-256 is {found[DATA]}"
    if each:
        for name, value in sorted(found.items()):
            if value not in each and (name != DATA or not published):
                yield f"{name} is none of the files that were published: its SHA-256 is {value}"
    if manifest and manifest_of(found) != manifest:
        # Where the data is proved by its own hash, what differs is among what was drawn from it.
        among = [name for name in found if name != DATA or found[DATA] != published]
        yield (
            f"{', '.join(sorted(among))}: not all of them are as published, or one is missing. The SHA-256 of all "
            f"files is {manifest_of(found)}; compare each file with its own (--file-sha256)"
        )


def _worked_out(dataset: Dataset, altered: tuple[str, ...], sha256: str) -> Checked:
    differences = []
    recomputed = 0
    for one in recompute_all(dataset):
        if one.problem:
            differences.append(f"{one.figure.id}: {one.problem}")
            continue
        recomputed += 1
        if not one.agrees and one.difference != Decimal(0):
            differences.append(
                f"{one.figure.id}: it says {one.figure.value}, its rows say {one.value}"
            )
    return Checked(len(dataset.figures), recomputed, tuple(differences), altered, sha256)


def _hashes(content: bytes | None) -> dict[str, Any] | str:
    """The recorded hashes, or a sentence where they cannot be trusted."""
    if content is None:
        return f"{HASHES} is missing"
    try:
        plain = json.loads(content)
        whole = content == _exact(plain) and plain["root"] == _root(plain)
        shaped = all(isinstance(plain[name], dict) for name in ("items", "files"))
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = shaped = False
        plain = {}
    return plain if whole and shaped else f"{HASHES} was altered"


def _files_altered(files: Mapping[str, bytes], hashes: Mapping[str, Any]) -> Iterator[str]:
    recorded: dict[str, str] = hashes["files"]
    for name, wanted in sorted(recorded.items()):
        if name not in files:
            yield f"{name} is missing"
        elif name != DATA and digest(files[name]) != wanted:
            yield f"{name} was altered"
    for name in sorted(files):
        if name not in recorded and name not in (HASHES, SUMS) and not _EVIDENCE_NAME.match(name):
            yield f"{name} is no part of the edition"
    lines = {**recorded, HASHES: digest(files[HASHES])}
    expected = "".join(f"{value}  {name}\n" for name, value in sorted(lines.items())).encode()
    if SUMS not in files:
        yield f"{SUMS} is missing"
    elif files[SUMS] != expected:
        yield f"{SUMS} was altered"


def _parts_altered(content: bytes, recorded: Mapping[str, str]) -> list[str]:
    """Which parts of the data differ from what was recorded of them."""
    try:
        plain = json.loads(content)
        found = dict(items_of(plain))
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        return [f"{DATA} was altered and cannot be read: {error}"]
    said = [
        f"{name} was altered" for name, value in found.items() if recorded.get(name, value) != value
    ]
    said += [f"{name} was added" for name in found if name not in recorded]
    said += [f"{name} was taken away" for name in recorded if name not in found]
    return said or [f"{DATA} was altered: its bytes differ, though each of its parts is the same"]


def _evidence_altered(files: Mapping[str, bytes], dataset: Dataset) -> Iterator[str]:
    listed = {one.sha256 for one in dataset.evidence}
    for name, content in sorted(files.items()):
        match = _EVIDENCE_NAME.match(name)
        if match is None:
            continue
        if match[1] not in listed:
            yield f"{name} is no evidence of this edition"
        elif digest(content) != match[1]:
            yield f"{name} was altered"
