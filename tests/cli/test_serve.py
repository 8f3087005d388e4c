"""`python server.py`: start, stop, restart, and error messages."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.serve import serve
from movr.database import admin
from scenarios import demo
from tests import plain_http
from tests.conftest import ROOT, app_with_commands, free_port, plain_client, wait_until_answering
from tests.databases import fresh_database
from tests.terminal import Command, RunHere
from tests.visitor import Visitor

TIMEOUT = 60  # seconds
SECRET = "eleven dogs sing under the pier"

# Set to empty, which means unset, so that a developer's .env file has no effect.
NO_SETTINGS = dict.fromkeys(
    [
        *("DB_URI", "DATABASE_URL", "SECRET_KEY", "DEBUG", "REGION", "CITY_HEADER"),
        *("PROXY_HOPS", "PORT", "POOL_SIZE", "PAGE_SIZE", "WRITES_PER_MINUTE"),
    ],
    "",
)
SERVER = (sys.executable, "server.py")
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py")
FLASK = (sys.executable, "-m", "flask", "--app", "server")


def with_settings(**settings: str) -> dict[str, str]:
    """Return an environment with these MovR settings and no others."""
    return {**os.environ, **NO_SETTINGS, **settings}


def run(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=with_settings(**settings),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def wait_until(happened: Callable[[], bool], what: str, *, pause: float = 0.05) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not happened():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(pause)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Running(Command):
    """`python server.py`."""

    def __init__(self, folder: Path, uri: str, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = with_settings(DEBUG="1", PORT=str(self.port), DB_URI=uri, **settings)
        super().__init__(SERVER, folder / "output", environment)

    @property
    def is_left(self) -> bool:
        """Return True while a process of the group is running."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def wait_until_serving(self) -> None:
        """Wait until the greeting is printed and the page answers, after filling the database."""
        wait_until(lambda: self.url in self.output or self.process.poll() is not None, self.output)
        wait_until_answering(f"{self.url}/healthz", self.process)

    def stop(self) -> None:
        """Stop all processes. SIGKILL would leave files in shared memory."""
        self.process.terminate()
        try:
            self.end()
        finally:
            if self.is_left:
                os.killpg(self.process.pid, signal.SIGKILL)

    def end(self) -> int:
        status = self.process.wait(TIMEOUT)
        wait_until(lambda: not self.is_left, "the end of all processes")
        return status


@contextmanager
def started(folder: Path, uri: str, **settings: str) -> Iterator[Running]:
    running = Running(folder, uri, **settings)
    try:
        running.wait_until_serving()
        yield running
    finally:
        running.stop()


@contextmanager
def visiting(running: Running) -> Iterator[Visitor]:
    with plain_client(running.url) as client:
        yield Visitor(client)


@pytest.fixture
def new_database(server: str) -> Iterator[str]:
    with fresh_database(server) as uri:
        yield uri


# Start, stop, restart


def test_one_command_prepares_a_database_serves_it_and_says_how_to_log_in(
    tmp_path: Path, new_database: str
) -> None:
    with started(tmp_path, new_database, WORKERS="1") as running, visiting(running) as visitor:
        for line in (running.url, *demo.RIDER, *demo.OWNER):
            assert line in running.output
        page = visitor.get("/vehicles")
        assert page.status_code == 200
        assert page.text.count('<li class="vehicle-card"') >= 20
        assert visitor.get("/readyz").status_code == 200
        assert visitor.log_in(*demo.RIDER[1:]).status_code == 303
        assert visitor.log_in(*demo.OWNER[1:]).status_code == 303
        visitor.post("/forgot", username=demo.RIDER.username)
        wait_until(lambda: "/reset?token=" in running.output, "the letter in the output")
        with socket.socket() as probe:  # it serves this machine only
            assert probe.connect_ex(("127.0.0.2", running.port)) != 0


def test_ctrl_c_ends_everything_and_the_next_start_has_the_data(
    tmp_path: Path, demo_database: str
) -> None:
    with started(tmp_path, demo_database) as running, visiting(running) as visitor:
        username = visitor.register().username
        vehicle = visitor.add_vehicle()
        running.press_ctrl_c()

        assert running.end() == 0
        assert not is_open(running.port)
        assert "Traceback" not in running.output

    with started(tmp_path, demo_database, WORKERS="1") as again, visiting(again) as visitor:
        assert visitor.log_in(username).status_code == 303
        assert str(vehicle) in visitor.get(f"/users/{visitor.id}").text
        again.press_ctrl_c()

        assert again.end() == 0


def test_a_second_ctrl_c_leaves_nothing_behind(tmp_path: Path, demo_database: str) -> None:
    with started(tmp_path, demo_database) as running:
        for _ in range(3):
            running.press_ctrl_c()

        running.end()

        assert not is_open(running.port)


def test_sigterm_ends_everything_too(tmp_path: Path, demo_database: str) -> None:
    with started(tmp_path, demo_database) as running:
        running.process.terminate()

        assert running.end() == 0
        assert not is_open(running.port)


# Errors at start


def serve_here(run_here: RunHere, uri: str) -> subprocess.CompletedProcess[str]:
    """Run `python server.py` in this process, on a database that it refuses."""
    return run_here(serve, **NO_SETTINGS | {"DEBUG": "1", "PORT": str(free_port()), "DB_URI": uri})


def assert_refused(ended: subprocess.CompletedProcess[str], *, says: str, status: int = 1) -> None:
    assert ended.returncode == status
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert says in ended.stderr


def test_a_port_in_use_is_named_and_is_the_only_complaint(new_database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        ended = run(*SERVER, DEBUG="1", PORT=port, DB_URI=new_database)

    assert_refused(ended, says=f"Port {port} is in use.")


def test_a_database_out_of_reach_is_named_without_its_password(run_here: RunHere) -> None:
    port = free_port()
    uri = f"postgresql://movr:hunter2@127.0.0.1:{port}/movr"

    ended = serve_here(run_here, uri)

    assert_refused(ended, says=f"127.0.0.1:{port}")
    assert "hunter2" not in ended.stderr


def test_every_host_of_an_unreachable_database_is_named(run_here: RunHere) -> None:
    hosts = [f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"]
    uri = f"postgresql://movr:hunter2@/movr?host={hosts[0]}&host={hosts[1]}"

    ended = serve_here(run_here, uri)

    assert_refused(ended, says=f"at {', '.join(hosts)}: ")
    assert "hunter2" not in ended.stderr


def test_a_database_that_is_not_there_is_named_without_its_password(
    run_here: RunHere, server: str
) -> None:
    uri = admin.sibling_uri(server, "no_such_database")

    ended = serve_here(run_here, uri)

    assert_refused(ended, says="DB_URI")


def test_an_address_that_libpq_does_not_take_is_refused_in_one_sentence(
    run_here: RunHere,
) -> None:
    uri = "postgresql://movr:hunter2@127.0.0.1/movr?sslmod=verify-full"

    ended = serve_here(run_here, uri)

    assert_refused(ended, says="DB_URI")


def test_production_needs_a_secret_key(new_database: str) -> None:
    ended = run(*SERVER, DEBUG="0", PORT=str(free_port()), DB_URI=new_database)

    assert_refused(ended, says="SECRET_KEY")


def test_all_invalid_settings_are_named_at_once(run_here: RunHere) -> None:
    wrong = {"DEBUG": "0", "PORT": "many", "REGION": "moon", "DB_URI": "mysql://m:hunter2@h/m"}

    ended = run_here(serve, **NO_SETTINGS | wrong)

    assert_refused(ended, says="SECRET_KEY")
    assert all(name in ended.stderr for name in ("PORT", "REGION", "DB_URI"))
    assert "hunter2" not in ended.stderr


def test_gunicorn_without_settings_refuses_in_one_sentence() -> None:
    ended = run(*GUNICORN, "-b", f"127.0.0.1:{free_port()}", "server:app")

    assert ended.returncode != 0
    assert len(ended.stderr.splitlines()) == 1
    assert "DB_URI" in ended.stderr
    assert "SECRET_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_in_json_every_line_is_an_object_including_those_of_gunicorn(new_database: str) -> None:
    settings = with_settings(DB_URI=new_database, DEBUG="1", LOG_FORMAT="json")
    port = free_port()
    process = subprocess.Popen(
        [*GUNICORN, "-b", f"127.0.0.1:{port}", "server:app"],
        cwd=ROOT,
        env=settings,
        stderr=subprocess.PIPE,
    )
    wait_until_answering(f"http://127.0.0.1:{port}/healthz", process)
    plain_http.get(f"http://127.0.0.1:{port}/healthz", headers={"X-Request-ID": "from-the-proxy"})
    process.terminate()
    _, log = process.communicate(timeout=TIMEOUT)

    entries = [json.loads(line) for line in log.splitlines()]
    assert {entry["logger"] for entry in entries} == {"gunicorn.error", "movr.access"}
    assert "from-the-proxy" in {entry.get("request_id") for entry in entries}


# Migrations


def test_the_commands_run_migrations_up_and_down(new_database: str) -> None:
    app = app_with_commands(new_database)
    runner = app.test_cli_runner()

    def db(*command: str) -> str:
        ended = runner.invoke(args=["db", *command])
        assert ended.exit_code == 0, ended.output
        return ended.output

    assert "(head)" not in db("current")
    assert "0001" in db("history")
    db("upgrade")
    assert "(head)" in db("current")
    assert "(current)" in db("history")
    db("downgrade", "base", "--yes")
    assert "(head)" not in db("current")
    db("upgrade")
    db("downgrade", "--yes")
    db("upgrade", "head")
    assert "(head)" in db("current")
    app.extensions["movr"].close()


def test_the_commands_run_from_a_shell(new_database: str) -> None:
    settings = {"DB_URI": new_database, "SECRET_KEY": SECRET}

    upgrade = run(*FLASK, "db", "upgrade", **settings)
    current = run(*FLASK, "db", "current", **settings)

    assert (upgrade.returncode, current.returncode) == (0, 0), upgrade.stderr + current.stderr
    assert "(head)" in current.stdout


def test_the_commands_refuse_without_settings_in_one_sentence() -> None:
    ended = run(*FLASK, "db", "current")

    assert_refused(ended, says="DB_URI", status=4)


def test_the_commands_show_no_password(new_database: str) -> None:
    """The server trusts all clients, so any password is accepted."""
    uri = new_database.replace("postgres:@", "postgres:hunter2@")

    ended = run(*FLASK, "db", "current", DB_URI=uri, SECRET_KEY=SECRET)

    assert "hunter2" not in ended.stdout + ended.stderr
