"""What can be known of the containers without an engine to run them."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
INSTRUCTIONS = [
    (words[0], words[1])
    for line in DOCKERFILE.splitlines()
    if (words := line.strip().split(None, 1)) and len(words) == 2 and words[0].isupper()
]
REQUIRED = set(
    re.findall(r'required\(\s*"([A-Z_]+)"', (ROOT / "trafford_sv" / "settings.py").read_text())
)
OURS = ["migrate", "web", "worker", "beat"]


def locked_packages() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.M))


def test_settings_say_what_production_requires():
    assert {"SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "DATABASE_URL", "REDIS_URL"} < REQUIRED


@pytest.mark.parametrize("name", OURS)
def test_each_process_is_told_what_production_requires(name):
    assert set(SERVICES[name]["environment"]) >= REQUIRED
    assert SERVICES[name]["environment"]["DEPLOYMENT"] == "production"


def test_all_the_parts_are_there():
    assert set(SERVICES) == {*OURS, "database", "redis", "proxy"}
    version = re.fullmatch(r"postgres:(\d+)-.*", SERVICES["database"]["image"])
    assert version and int(version[1]) >= 15


def test_only_the_proxy_is_open_to_the_world():
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["proxy"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_leans_on_exists(name):
    service = SERVICES[name]
    for other in service.get("depends_on", []):
        assert other in SERVICES
        if isinstance(service["depends_on"], dict):
            condition = service["depends_on"][other]["condition"]
            if condition == "service_healthy":
                assert "healthcheck" in SERVICES[other]
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).is_file(), f"{source} is not there"
        else:
            assert source in COMPOSE["volumes"]


def commands() -> list[list[str]]:
    image = next(json.loads(rest) for word, rest in reversed(INSTRUCTIONS) if word == "CMD")
    words = [image]
    for name in OURS:
        command = SERVICES[name].get("command", [])
        if command[:2] == ["sh", "-c"]:
            words += [each.split() for each in command[2].split(" && ")]
        elif command:
            words.append(command)
    return words


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_command_names_what_the_image_holds(command):
    program = command[0]
    if program == "python":
        assert (ROOT / command[1]).is_file()
        known = subprocess.run(
            [sys.executable, "manage.py", "help", command[2]],
            cwd=ROOT,
            env=os.environ | {"DEPLOYMENT": "test"},
            capture_output=True,
            check=False,
        )
        assert known.returncode == 0
        return
    assert program in locked_packages(), f"{program} is not in requirements.lock"
    target = command[1] if program == "gunicorn" else command[command.index("-A") + 1]
    module, _, attribute = target.partition(":")
    loaded = importlib.import_module(module)
    assert hasattr(loaded, attribute or "celery_app")


def test_the_image_copies_what_is_there():
    sources = [
        source
        for word, rest in INSTRUCTIONS
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    assert [source for source in sources if f"!{source}" not in ignored] == []


def test_the_image_holds_every_app():
    copied = {rest.split()[0] for word, rest in INSTRUCTIONS if word == "COPY"}
    apps = {each.parent.name for each in ROOT.glob("*/apps.py")}
    assert apps < copied


def test_the_image_does_not_run_as_root_and_says_when_it_is_ill():
    assert [rest for word, rest in INSTRUCTIONS if word == "USER"] == ["app"]
    assert any(word == "HEALTHCHECK" and "--interval" in rest for word, rest in INSTRUCTIONS)
    assert "/healthz" in DOCKERFILE


def test_the_same_debian_packages_are_asked_for_everywhere():
    libraries = {"libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fontconfig"}
    for name in ("Dockerfile", ".ci/setup", ".ci/packages", "docs/running.md"):
        text = (ROOT / name).read_text()
        assert [library for library in libraries if library not in text] == [], name


def test_no_secret_is_written_down():
    for name in OURS:
        secret = SERVICES[name]["environment"]["SECRET_KEY"]
        assert re.fullmatch(r"\$\{SECRET_KEY:\?[^}]+\}", secret)
    assert "${POSTGRES_PASSWORD" in SERVICES["database"]["environment"]["POSTGRES_PASSWORD"]


def test_the_guide_names_every_variable():
    guide = (ROOT / "docs" / "running.md").read_text()
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert [name for name in sorted(REQUIRED | asked) if name not in guide] == []


def test_the_compose_client_accepts_the_file():
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("the docker compose client is not on this machine")
    checked = subprocess.run(
        [docker, "compose", "-f", "docker-compose.yml", "config", "--quiet"],
        cwd=ROOT,
        env=os.environ
        | {
            "SECRET_KEY": "x",
            "SITE_HOST": "socialvalue.example.gov.uk",
            "POSTGRES_PASSWORD": "x",
            "EMAIL_URL": "smtp://mail",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
