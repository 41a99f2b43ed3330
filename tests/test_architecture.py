"""The walls that import-linter and ruff cannot see. Each exemption is listed with its reason."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.apps import apps
from django.core.management import call_command, get_commands
from django.db import models
from django.db.models import signals

ROOT = Path(__file__).resolve().parent.parent
# Storey of each app label, ground upwards. Neighbours share a number and have no door.
STOREYS = {
    "core": 0,
    "directory": 1,
    "charter": 2,
    "community_needs": 3,
    "contracts": 4,
    "action_plan": 4,
    "reporting": 5,
}
PACKAGES = {
    "core": "trafford_sv.core",
    "directory": "trafford_sv.directory",
    **{label: label for label in STOREYS if label not in {"core", "directory"}},
}


def our_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in STOREYS
    ]


def modules_of(room: str) -> Iterator[ModuleType]:
    """Every module of one room (`services`, `filters`, ...) in every app that has it."""
    for package in PACKAGES.values():
        try:
            module = importlib.import_module(f"{package}.{room}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.{room}":
                raise
            continue
        yield module
        if hasattr(module, "__path__"):
            for found in pkgutil.walk_packages(module.__path__, f"{module.__name__}."):
                yield importlib.import_module(found.name)


def test_every_app_has_its_storey():
    ours = {
        config.label
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in config.path
    }
    assert ours == set(STOREYS)


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_foreign_keys_point_down(model):
    here = model._meta.app_label
    for field in model._meta.get_fields():
        if not field.is_relation or field.auto_created or field.related_model is None:
            continue
        there = field.related_model._meta.app_label
        if there == here or there not in STOREYS:
            continue
        assert STOREYS[there] < STOREYS[here], f"{model._meta.label}.{field.name} points up"


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_no_number_is_a_float(model):
    assert [f.name for f in model._meta.fields if isinstance(f, models.FloatField)] == []


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_a_quantity_carries_its_unit(model):
    """A decimal is pounds, a share, a score or a coordinate, and says so in its name."""
    units = ("pounds", "share", "score", "longitude", "latitude", "weight", "quantity", "seconds")
    nameless = [
        field.name
        for field in model._meta.fields
        if isinstance(field, models.DecimalField) and not field.name.endswith(units)
    ]
    assert nameless == []


# Writes that nobody in particular makes, each with its reason.
NOBODY_WRITES = {
    "charter.services.adoptions.ask_to_adopt": "the organisation, through the public form",
    "charter.services.affirmations.answer_affirmation": "the adopter, by its link",
    "charter.services.pledges.answer_pledge": "whom the pledge was for, by their link",
    "community_needs.services.responses.begin_public_answer": "a resident, by the public link",
    "community_needs.services.responses.send_answer": "a hub or a resident, by their link",
    "contracts.services.confirmations.answer_confirmation": "the beneficiary, by their link",
    "contracts.services.spend.proposals.propose_matches": "the product proposes, a person decides",
    "trafford_sv.core.services.drawn_documents.ask_for_document": "anybody; the log tells what was drawn",
    "trafford_sv.core.services.audit.record_event": "it is what says who",
    "trafford_sv.core.services.imports.mark_rejects_seen": "marks that a page was looked at",
    "trafford_sv.core.services.invitations.accept_invitation": "the invited person, by their link",
}
WRITES = re.compile(
    r"\b(record_event|create_record|update_record)\(|\.(save|delete|create|bulk_create|get_or_create"
    r"|update_or_create)\(|objects\b.*\.update\("
)
REFERENCE_LOADER = re.compile(r"\.load_\w+$")


@functools.cache
def writing_services() -> list[tuple[str, object]]:
    """Public functions of the services rooms that write, by full name.

    Reference data is the product's own and is loaded by the registry's call, (now, dry run).
    """
    found = {}
    for module in modules_of("services"):
        for name, function in vars(module).items():
            if name.startswith("_") or not inspect.isfunction(function):
                continue
            full_name = f"{module.__name__}.{name}"
            if function.__module__ != module.__name__ or REFERENCE_LOADER.search(full_name):
                continue
            if WRITES.search(inspect.getsource(function)):
                found[full_name] = function
    return sorted(found.items())


@pytest.mark.parametrize(
    ("name", "function"), writing_services(), ids=[name for name, _ in writing_services()]
)
def test_a_write_names_its_words_and_says_who(name, function):
    parameters = inspect.signature(function).parameters.values()
    if name in NOBODY_WRITES:
        return
    assert {each.kind for each in parameters} <= {inspect.Parameter.KEYWORD_ONLY}
    assert "by" in {each.name for each in parameters}, f"{name} does not say who did it"


def test_no_exemption_has_outlived_its_service():
    assert set(NOBODY_WRITES) <= {name for name, _ in writing_services()}


def test_no_signal_receivers_of_ours():
    ours = []
    for name in dir(signals):
        signal = getattr(signals, name)
        if not isinstance(signal, signals.ModelSignal):
            continue
        for receiver in signal.receivers:
            function = receiver[1]
            function = function() if hasattr(function, "__callback__") else function
            module = getattr(function, "__module__", "") or ""
            if module.startswith(tuple(PACKAGES.values())):
                ours.append(f"{name}: {module}")
    assert ours == []


def test_no_rooms_without_a_name():
    """Nothing is called utils or helpers: a thing that has no name has no place."""
    tracked = tracked_files()
    assert [f for f in tracked if re.search(r"(^|/)(utils?|helpers?|misc|common)(\.py|/)", f)] == []


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this copy is not a git checkout, so there is no list of tracked files")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


# A folder of one person's machine, or the address of a package registry.
MACHINE = re.compile(
    r"(?<![\w.])/(?:home/(?!app\b)\w+|root|work|Users/\w+)/"
    r"|pypi\.org|files\.pythonhosted|registry\.npmjs|(?:index|extra-index)-url\s*=",
    re.I,
)
TEXT = {
    *(".py", ".toml", ".lock", ".md", ".html", ".txt", ".yml", ".yaml", ".json", ".js", ".css"),
    *(".scss", ".csv", ".svg", ".cfg", ".ini", ".sh", ""),
}
NAMES_MACHINES = {
    "tests/test_architecture.py": "it holds the pattern itself",
}


def test_no_file_names_a_machine_or_a_registry():
    found = []
    for name in tracked_files():
        if Path(name).suffix not in TEXT or name in NAMES_MACHINES or "/vendor/" in name:
            continue
        for number, line in enumerate((ROOT / name).read_text(errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert found == []


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile", "README.md", "LICENSE", "CHANGELOG.md"])
def test_the_front_door_is_there(name):
    assert (ROOT / name).is_file()


@pytest.mark.django_db
def test_reference_data_loads_twice_without_change(capsys):
    import json

    if "load_reference" not in get_commands():
        pytest.fail("there is no load_reference command")
    call_command("load_reference", "--json")
    first = json.loads(capsys.readouterr().out.splitlines()[-1])
    call_command("load_reference", "--json")
    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert first["created"] > 0
    assert (second["created"], second["updated"]) == (0, 0)
    assert second["unchanged"] == first["created"] + first["updated"] + first["unchanged"]


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in PACKAGES.values())


# Commands that write nothing, or are not asked for by other programs.
NO_REHEARSAL = {
    "serve": "it runs the product",
    "verify_audit": "it only reads",
    "verify_edition": "it only reads",
    "spend_retained": "it only reads",
    "portfolio": "it only reads",
}
NO_JSON = {"serve": "people read it, programs do not"}


@pytest.mark.parametrize("name", our_commands())
def test_a_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "Example" in said, "its help has no example"
    if name not in NO_JSON:
        assert "--json" in said
    if name not in NO_REHEARSAL:
        assert "--dry-run" in said


QUEUES = re.compile(r"\.(delay|apply_async)\(")


def test_work_is_queued_through_one_door():
    """`core/queueing.hand_over`, so that no page fails where the queue is away."""
    found = [
        name
        for name in tracked_files()
        if name.endswith(".py")
        and not name.startswith(("tests/", "benchmarks/"))
        and name != "trafford_sv/core/queueing.py"
        and QUEUES.search((ROOT / name).read_text())
    ]
    assert found == []


# FilterSets used by a page alone or the API alone, each with its reason.
ONE_SIDED: dict[str, str] = {
    "AuditFilter": "the audit log is read on its page alone",
    "PrincipleFilter": "the charter's page shows its few principles whole",
    "RequestFilter": "requests to adopt are officers' work, on their page alone",
    "VersionFilter": "versions are few, and their page lists them all",
    "EditionMailFilter": "the log holds addresses; officers settle it on its page alone",
    "StarReadingFilter": "pages show readings by quarter; only programs list them",
}


def test_a_filter_set_serves_the_page_and_the_api():
    from django_filters import FilterSet

    sources = {
        room: "\n".join(Path(str(module.__file__)).read_text() for module in modules_of(room))
        for room in ("views", "api")
    }
    lonely = [
        (filter_set.__name__, room)
        for module in modules_of("filters")
        for filter_set in vars(module).values()
        if inspect.isclass(filter_set)
        and issubclass(filter_set, FilterSet)
        and filter_set.__module__ == module.__name__
        and not filter_set.__name__.startswith("_")
        and filter_set.__name__ not in ONE_SIDED
        for room in sources
        if filter_set.__name__ not in sources[room]
    ]
    assert lonely == []


def templates() -> list[tuple[str, str]]:
    folder = ROOT / "templates"
    return [
        (str(path.relative_to(folder)), path.read_text()) for path in sorted(folder.rglob("*.html"))
    ]


def test_no_template_draws_the_hidden_fields_of_a_form_twice():
    """`gds_fields form` draws the hidden ones too."""
    twice = [
        (name, form)
        for name, text in templates()
        for form in re.findall(r"{% gds_fields (\w+)", text)
        if f"{form}.hidden_fields" in text
    ]
    assert twice == []


def test_a_table_that_scrolls_can_be_scrolled_from_the_keyboard():
    """Lists are left out: each row begins with a link, and the arrows scroll from there."""
    bare = [
        name
        for name, text in templates()
        for tag in re.findall(r'<div class="sv-scroll"[^>]*>', text)
        if name != "components/list_page.html"
        and 'tabindex="0" role="region" aria-label="' not in tag
    ]
    assert bare == []
