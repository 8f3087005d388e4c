"""`make load` as a command: its output, its exit and its cleanup."""

import re
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import Engine, text

from loadtest.__main__ import main
from tests import databases
from tests.cli.test_serve import NO_SETTINGS, is_open, wait_until, with_settings
from tests.conftest import free_port, serving
from tests.leftovers import Started, left_in, processes_of
from tests.terminal import Command, RunHere

TIMEOUT = 120  # seconds
ALL_KINDS = "10"  # the fewest riders among whom each kind of them is
NOTHING: tuple[set[int], set[str]] = (set(), set())


class LoadTestRun(Command):
    """A run of `python -m loadtest`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        defaults = {
            "WORKERS": "1",
            "RIDERS": "5",
            "ARRIVALS": "10",
            "THINK": "0.2",
            "HEADLESS": "1",
        }
        environment = with_settings(TMPDIR=str(folder), **defaults | settings)
        super().__init__([sys.executable, "-m", "loadtest"], folder / "output", environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.press_ctrl_c()
            self.process.wait(TIMEOUT)

    def wait_for_writes(self, number: int) -> None:
        """Wait until the site has acknowledged this number of writes."""

        def there_are() -> bool:
            assert self.process.poll() is None, self.output
            counted = re.findall(r"(\d+) acknowledged writes", self.output)
            return bool(counted) and int(counted[-1]) >= number

        wait_until(there_are, "so many writes")

    def done(self, event: str) -> int:
        """Return the number of this event in the summary."""
        found = re.search(rf"(\d+)  {event}", self.output)
        assert found, self.output
        return int(found[1])

    def end(self) -> int:
        return self.process.wait(TIMEOUT)

    def begun(self) -> Started:
        """Return the processes started so far."""
        return Started.by(str(self._folder))

    def left(self) -> tuple[set[int], set[str]]:
        """Return the processes and files that remain."""
        files = left_in(str(self._folder)) - {self._file.name}
        return processes_of(str(self._folder)), files


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary folder with a short name: the length of a socket path is limited."""
    return tmp_path_factory.mktemp("c")


def refused(run_here: RunHere, **settings: str) -> str:
    """Run the load test in this process, with settings that it refuses; return what it prints."""
    ended = run_here(main, **NO_SETTINGS | {"HEADLESS": "1"} | settings)
    assert ended.returncode == 1
    return ended.stdout + ended.stderr


def load_databases(engine: Engine) -> set[str]:
    """The databases of load tests on this server."""
    query = text(r"SELECT datname FROM pg_database WHERE datname LIKE 'movr\_load\_%'")
    with engine.connect() as connection:
        return set(connection.execute(query).scalars())


@contextmanager
def failing() -> Iterator[str]:
    """The URL of a site that responds to every request with 500."""

    class Failing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(500)

        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Failing)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{site.server_port}"
    finally:
        site.shutdown()
        site.server_close()
        thread.join()


def test_a_short_run_on_a_temporary_movr_succeeds_and_leaves_nothing(folder: Path) -> None:
    with LoadTestRun(folder, WORKERS="2", RIDERS=ALL_KINDS, SECONDS="3") as load_test:
        assert load_test.end() == 0, load_test.output

    assert load_test.done("account opened") > 0
    assert "The database agrees" in load_test.output
    assert "Traceback" not in load_test.output
    assert load_test.left() == NOTHING


def test_on_a_server_of_ours_its_database_is_there_for_the_run_only(
    folder: Path, server: str, session_engine: Engine
) -> None:
    with LoadTestRun(folder, TEST_DB_URI=server) as load_test:
        load_test.wait_for_writes(1)
        during = load_databases(session_engine)
        load_test.press_ctrl_c()

        assert load_test.end() == 0, load_test.output

    assert during - load_databases(session_engine)
    assert "The database agrees" in load_test.output


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_it_prints_the_summary_and_leaves_nothing(
    folder: Path, ending: signal.Signals
) -> None:
    with LoadTestRun(folder) as load_test:
        load_test.wait_for_writes(20)
        begun = load_test.begun()
        assert len(begun.processes) > 5  # the database, the server and Locust, which must all end
        assert begun.ports
        load_test.send_signal(ending)

        assert load_test.end() == 0, load_test.output

    assert load_test.done("ride started") >= load_test.done("ride ended") > 0
    assert "The database agrees" in load_test.output
    assert "Traceback" not in load_test.output
    assert load_test.left() == NOTHING
    assert not any(map(is_open, begun.ports))


def test_ctrl_c_while_it_starts_leaves_nothing(folder: Path) -> None:
    with LoadTestRun(folder) as load_test:
        wait_until(lambda: "Starting MovR" in load_test.output, "the start")
        load_test.press_ctrl_c()

        assert load_test.end() == 1

    assert "Traceback" not in load_test.output
    assert load_test.left() == NOTHING


def test_a_second_ctrl_c_leaves_nothing(folder: Path) -> None:
    with LoadTestRun(folder) as load_test:
        load_test.wait_for_writes(1)
        for _ in range(3):
            load_test.press_ctrl_c()

        load_test.end()

    assert load_test.left() == NOTHING


def test_a_ride_that_was_acknowledged_and_is_lost_is_named(
    folder: Path, demo_database: str
) -> None:
    own_engine = databases.connect(demo_database)
    since = datetime.now(UTC)
    rides: list[str] = []

    def a_ride_has_ended() -> bool:
        with own_engine.begin() as connection:
            ended = "SELECT id FROM rides WHERE start_time > :since AND end_time IS NOT NULL"
            found = connection.execute(text(f"{ended} LIMIT 1"), {"since": since}).scalar()
            if found:
                rides.append(str(found))
                connection.execute(text("DELETE FROM rides WHERE id = :id"), {"id": found})
        return bool(rides)

    with (
        serving(DB_URI=demo_database, DEBUG="1", PROXY_HOPS="1") as url,
        LoadTestRun(folder, URL=url, DB_URI=demo_database) as load_test,
    ):
        wait_until(a_ride_has_ended, "a ride that has ended")
        load_test.press_ctrl_c()

        assert load_test.end() == 1
    own_engine.dispose()

    assert re.search(rf"Lost: ride started, [a-z ]+, {rides[0]}\.", load_test.output)
    assert load_test.left() == NOTHING


def test_a_failing_site_fails_the_run(folder: Path, database: str) -> None:
    settings = {"DB_URI": database, "SECONDS": "2"}
    with failing() as url, LoadTestRun(folder, URL=url, **settings) as load_test:
        assert load_test.end() == 1

    assert "Some requests failed" in load_test.output
    assert "answered 500" in load_test.output


def test_the_web_view_listens_on_the_loopback_only(folder: Path, database: str) -> None:
    port = free_port()
    with (
        failing() as url,
        LoadTestRun(
            folder, URL=url, DB_URI=database, HEADLESS="0", VIEW_PORT=str(port)
        ) as load_test,
    ):
        wait_until(lambda: is_open(port), "the web view")
        load_test.press_ctrl_c()
        load_test.end()

    assert f"http://127.0.0.1:{port}" in load_test.output
    assert load_test.left() == NOTHING


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"RIDERS": "many"}, "RIDERS must be a whole number from 1 to 10,000."),
        ({"RIDERS": "-3"}, "RIDERS must be a whole number from 1 to 10,000."),
        ({"ARRIVALS": "0"}, "ARRIVALS must be a whole number from 1 to 1,000."),
        ({"VIEW_PORT": "99999"}, "VIEW_PORT must be a whole number from 1 to 65,535."),
        ({"THINK": "nan"}, "THINK must be a number from 0.01 to 3,600."),
        ({"URL": "http://127.0.0.1:8000"}, "URL and DB_URI go together"),
        ({"URL": "nonsense", "DB_URI": "nonsense"}, "URL must look like http://127.0.0.1:8000."),
        ({"URL": "http://127.0.0.1:1", "DB_URI": "nonsense"}, "DB_URI must look like postgresql:"),
        ({"TEST_DB_URI": "nonsense"}, "TEST_DB_URI must look like postgresql:"),
    ],
)
def test_an_invalid_setting_is_named(
    run_here: RunHere, settings: dict[str, str], sentence: str
) -> None:
    output = refused(run_here, **settings)

    assert sentence in output
    assert len(output.splitlines()) == 1


def test_a_port_in_use_is_reported_before_anything_starts(run_here: RunHere) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = refused(run_here, HEADLESS="0", VIEW_PORT=str(port))

    assert output == f"VIEW_PORT={port} is not available: Address already in use.\n"


def test_a_database_without_movr_s_schema_is_reported_before_the_riders_start(
    run_here: RunHere, empty_database: str
) -> None:
    output = refused(run_here, URL="http://127.0.0.1:1", DB_URI=empty_database)

    assert output == "The database of DB_URI has another schema than this MovR.\n"


def test_an_unreachable_server_is_reported_before_anything_starts(run_here: RunHere) -> None:
    uri = f"postgresql://movr:hunter2@127.0.0.1:{free_port()}/movr"
    output = refused(run_here, TEST_DB_URI=uri)

    assert "The database server refused: " in output
    assert "hunter2" not in output
    assert "Traceback" not in output


def test_an_unreachable_database_is_reported_before_the_riders_start(run_here: RunHere) -> None:
    uri = f"postgresql://movr:hunter2@127.0.0.1:{free_port()}/movr"
    output = refused(run_here, URL="http://127.0.0.1:1", DB_URI=uri)

    assert "The database of DB_URI does not answer" in output
    assert "hunter2" not in output
    assert "Traceback" not in output
