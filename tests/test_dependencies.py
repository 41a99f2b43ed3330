"""Every dependency says why it is here, and the lock files hold what is asked for, safely."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = PYPROJECT["project"]["dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
REQUIREMENT_LINE = re.compile(r'^ {4}"(?P<requirement>[^"]+)",(?P<rest>.*)$')


def requirement_lines() -> list[tuple[str, str]]:
    """(requirement, what follows it on its line) for every dependency in pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text()
    start = text.index("\ndependencies = [")
    ends = text.index("\n[tool.")
    return [
        (match["requirement"], match["rest"])
        for match in map(REQUIREMENT_LINE.match, text[start:ends].splitlines())
        if match
    ]


def locked(name: str) -> dict[str, str]:
    """{canonical name: version} of a lock file."""
    pins = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", (ROOT / name).read_text(), re.M
    )
    return {canonicalize_name(package): version for package, version in pins}


def test_the_lines_read_here_are_all_the_dependencies():
    asked = [*RUNTIME, *(each for group in GROUPS.values() for each in group)]
    assert sorted(requirement for requirement, _ in requirement_lines()) == sorted(asked)


@pytest.mark.parametrize(("requirement", "rest"), requirement_lines())
def test_a_dependency_has_its_reason(requirement, rest):
    reason = rest.partition("#")[2].strip()
    assert len(reason.split()) >= 2, f"{requirement} needs its reason on the same line"


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("requirements.lock", RUNTIME),
        ("requirements-dev.lock", [*RUNTIME, *GROUPS["dev"], *GROUPS["bench"]]),
    ],
)
def test_a_lock_file_satisfies_what_is_asked(lock, asked):
    versions = locked(lock)
    for requirement in map(Requirement, asked):
        version = versions.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in {lock}: run make lock"
        assert requirement.specifier.contains(version), f"{requirement} but {lock} has {version}"


def test_both_lock_files_agree():
    production, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert production.items() <= development.items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_has_a_hash_for_each_package_and_names_no_host(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text and "--find-links" not in text
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]
    assert blocks
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_test_tools_stay_out_of_production():
    tools = {canonicalize_name(Requirement(each).name) for each in GROUPS["dev"]}
    assert tools.isdisjoint(locked("requirements.lock"))
