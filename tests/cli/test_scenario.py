"""The commands `flask scenario …`: what they start, and what remains afterwards."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from movr.database import admin
from movr.database.engine import parse_uri
from scenarios import demo, traveller
from tests import plain_http
from tests.cli.test_serve import wait_until, with_settings
from tests.conftest import PARTS, ROOT, free_port, plain_client
from tests.leftovers import Started, processes_of
from tests.visitor import Visitor

TIMEOUT = 90  # seconds
NOT_SOON = 1_000_000  # vehicles per city: takes long
STANDARD = 4  # databases: three of PostgreSQL itself, and MovR's


class Clone:
    """A copy of MovR in a temporary folder, with separate state, used from the command line."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.folder = folder
        self.uri = uri
        self.state = folder / ".movr" / "scenarios"
        self.started: list[subprocess.Popen[str]] = []
        for part in (*PARTS, "pyproject.toml"):
            (folder / part).symlink_to(ROOT / part)
        shutil.copy(ROOT / "server.py", folder)  # no symlink, which Python would resolve

    def start(self, *command: str, **settings: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=with_settings(DEBUG="1", WORKERS="1", DB_URI=self.uri, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def scenario(self, *words: str) -> "subprocess.Popen[str]":
        return self.start(sys.executable, "-m", "flask", "--app", "server", "scenario", *words)

    def run(self, *words: str, status: int = 0) -> str:
        """Run a command that ends with this status, and return its output."""
        command = self.scenario(*words)
        output, _ = command.communicate(timeout=TIMEOUT)
        assert command.returncode == status, output
        assert "Traceback" not in output
        return output

    def up(self, name: str, *options: str) -> str:
        """Start a scenario and return its URL."""
        self.run("up", name, *options)
        return str(self.file(name)["url"])

    def file(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.state / f"{name}.json").read_text())
        return found

    def has_database(self, name: str) -> bool:
        engine = create_engine(parse_uri(self.uri))
        try:
            with engine.connect() as connection:
                found = text("SELECT 1 FROM pg_database WHERE datname = :name")
                return connection.execute(found, {"name": f"movr_{name}"}).first() is not None
        finally:
            engine.dispose()

    def has_nothing_of(self, name: str) -> bool:
        return not self.has_database(name) and not list(self.state.glob(f"{name}*"))

    def clear_away(self) -> None:
        for process in self.started:
            process.terminate()
            process.communicate(timeout=TIMEOUT)
        for file in self.state.glob("*.json"):
            self.scenario("down", file.stem).communicate(timeout=TIMEOUT)


@pytest.fixture
def clone(server: str) -> Iterator[Clone]:
    """A clone of MovR whose databases are on the tests' server."""
    clone = Clone(Path(tempfile.mkdtemp(prefix="movr-")), server)
    yield clone
    clone.clear_away()
    shutil.rmtree(clone.folder)


def is_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def is_serving(url: str) -> bool:
    try:
        return plain_http.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


# Start and stop


def test_up_serves_the_scenario_and_down_leaves_nothing(clone: Clone) -> None:
    output = clone.run("up", "traveller")
    url, group = clone.file("traveller")["url"], clone.file("traveller")["group"]

    for line in (url, *traveller.TRAVELLER, "movr_traveller", "scenario down traveller"):
        assert line in output
    with plain_client(url) as client:
        visitor = Visitor(client)
        visitor.log_in(*traveller.TRAVELLER[1:])
        assert visitor.active_ride()
    listed = clone.run("list")
    assert "traveller     A rider from New York with" in listed
    assert f"is up: {url}" in listed
    assert url in clone.run("up", "traveller", status=1)
    assert is_serving(url)

    assert "traveller is down" in clone.run("down", "traveller")

    assert not is_serving(url)
    wait_until(lambda: not is_left(group), "the end of all its processes")
    assert clone.has_nothing_of("traveller")
    assert url not in clone.run("list")
    assert "not up" in clone.run("down", "traveller", status=1)


def test_a_scenario_has_its_size_and_only_its_owner_s_file_holds_the_password(
    clone: Clone,
) -> None:
    """The tests' server trusts all clients, so any password is accepted."""
    url = parse_uri(clone.uri)
    if url.password:
        pytest.skip("this server asks for its password")
    clone.uri = admin.uri_text(url.set(password="hunter2"))

    output = clone.run("up", "metropolis", "--rows", "3") + clone.run("list")

    page = plain_http.get(f"{clone.file('metropolis')['url']}/vehicles").text
    assert page.count('<li class="vehicle-card"') == 3
    assert "hunter2" not in output
    assert (clone.state / "metropolis.json").stat().st_mode & 0o777 == 0o600


def test_two_are_up_at_once_and_one_stays_when_the_other_goes(clone: Clone) -> None:
    empty, demo_url = clone.up("empty"), clone.up("demo")

    assert empty != demo_url
    with plain_client(demo_url) as client:
        assert Visitor(client).log_in(*demo.RIDER[1:]).status_code == 303
    with plain_client(empty) as client:
        assert Visitor(client).log_in(*demo.RIDER[1:]).status_code != 303

    clone.run("down", "empty")

    assert is_serving(demo_url)
    assert clone.has_nothing_of("empty")
    assert clone.has_database("demo")


# Interrupted


@pytest.mark.parametrize(("ending", "meanwhile"), [(signal.SIGINT, "up"), (signal.SIGTERM, "down")])
def test_an_interrupted_up_leaves_nothing(
    clone: Clone, ending: signal.Signals, meanwhile: str
) -> None:
    command = clone.scenario("up", "metropolis", "--rows", str(NOT_SOON))
    wait_until(lambda: has_vehicles(clone), "the first vehicles", pause=0.3)
    assert "is being created" in clone.run(meanwhile, "metropolis", status=1)

    command.send_signal(ending)
    output, _ = command.communicate(timeout=TIMEOUT)

    assert command.returncode == 1
    assert "Aborted!" in output
    assert "Traceback" not in output
    assert clone.has_nothing_of("metropolis")


def has_vehicles(clone: Clone) -> bool:
    if not clone.has_database("metropolis"):
        return False
    engine = create_engine(parse_uri(admin.sibling_uri(clone.uri, "movr_metropolis")))
    try:
        with engine.connect() as connection:
            if not connection.dialect.has_table(connection, "rides"):
                return False
            return connection.execute(text("SELECT 1 FROM rides LIMIT 1")).first() is not None
    finally:
        engine.dispose()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_ends_the_embedded_server_too(
    clone: Clone, ending: signal.Signals
) -> None:
    clone.uri = ""
    command = clone.scenario("up", "metropolis", "--rows", str(NOT_SOON))
    databases_of_server = clone.folder / ".movr" / "postgresql" / "base"
    wait_until(lambda: len([*databases_of_server.glob("*/")]) > STANDARD, "the scenario's database")
    begun = Started.by(str(clone.folder))
    assert begun.processes

    command.send_signal(ending)
    output, _ = command.communicate(timeout=TIMEOUT)

    assert command.returncode == 1
    assert "Traceback" not in output
    assert processes_of(str(clone.folder)) == set()
    assert list(clone.state.glob("*")) == []
    assert len([*databases_of_server.glob("*/")]) == STANDARD


def test_down_cleans_up_after_a_killed_up(clone: Clone) -> None:
    command = clone.scenario("up", "metropolis", "--rows", str(NOT_SOON))
    wait_until(lambda: has_vehicles(clone), "the first vehicles", pause=0.3)
    command.kill()
    command.communicate()

    assert "its server has ended" in clone.run("list")
    clone.run("down", "metropolis")

    assert clone.has_nothing_of("metropolis")


def test_a_dead_server_is_detected_and_up_starts_again(clone: Clone) -> None:
    first = clone.up("empty")
    os.killpg(clone.file("empty")["group"], signal.SIGKILL)
    wait_until(lambda: "its server has ended" in clone.run("list"), "the end of the server")

    second = clone.up("empty")

    assert is_serving(second)
    assert not is_serving(first) or first == second
    clone.run("down", "empty")
    assert clone.has_nothing_of("empty")


# Refused


def test_a_database_that_exists_already_is_neither_used_nor_dropped(clone: Clone) -> None:
    admin.create_database(clone.uri, "movr_empty")
    try:
        assert "already exists" in clone.run("up", "empty", status=1)
        assert clone.has_database("empty")
        assert list(clone.state.glob("*")) == []
    finally:
        admin.drop_database(clone.uri, "movr_empty")


def test_an_unknown_name_is_refused_with_a_list_of_those_there_are(app: Flask) -> None:
    for name in ("rushhour", "../../demo"):
        assert f"'{name}' is not one of 'demo', 'empty', " in refused(app, "up", name)
        assert f"'{name}' is not one of 'demo', 'empty', " in refused(app, "down", name)


@pytest.mark.parametrize("rows", ["0", "-1", "many", "1.5"])
def test_an_invalid_number_of_rows_is_refused(app: Flask, rows: str) -> None:
    assert "Invalid value for '--rows'" in refused(app, "up", "metropolis", "--rows", rows)


def test_rows_are_refused_for_a_scenario_of_fixed_size(app: Flask) -> None:
    assert "takes no --rows" in refused(app, "up", "race", "--rows", "5")


def refused(app: Flask, *words: str) -> str:
    done = app.test_cli_runner().invoke(args=["scenario", *words])
    assert done.exit_code != 0
    return done.output


# On the embedded server


def test_the_embedded_server_runs_as_long_as_a_scenario_is_up(clone: Clone) -> None:
    clone.uri = ""
    running = clone.folder / ".movr" / "postgresql" / "postmaster.pid"
    make_run = clone.start(sys.executable, "server.py", PORT=str(free_port()))
    wait_until(running.exists, "the embedded server")
    url = clone.up("empty")

    make_run.terminate()
    make_run.communicate(timeout=TIMEOUT)

    assert running.exists()
    assert is_serving(url)
    clone.run("list")
    assert is_serving(url)

    clone.run("down", "empty")

    assert not is_serving(url)
    assert not running.exists()
    assert list(clone.state.glob("*")) == []
