"""Interrupted benchmarks: whenever they are stopped, they leave nothing behind."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bench import terminal
from tests import databases
from tests.cli.test_serve import wait_until
from tests.leftovers import Started
from tests.terminal import Command

TIMEOUT = 120  # seconds
LAB = ("bench.lab", "--rounds", "1000", "--distances", "0", "5")
DRILL = ("bench.drill", "--phase", "2")
BENCH = ("bench", "--quick", "--rows", "1000000")

Begin = Callable[..., "Running"]


class Running(Command):
    """A running benchmark with its temporary files in this folder."""

    def __init__(self, folder: Path, command: tuple[str, ...], uri: str) -> None:
        self.folder = folder / "temporary"
        self._results = folder / "results"
        for made in (self.folder, self._results):
            made.mkdir()
        super().__init__(
            [sys.executable, "-m", *command, "--out", str(self._results)],
            folder / "output",
            {
                **os.environ,
                "DB_URI": uri,
                "DATABASE_URL": "",
                "TMPDIR": str(self.folder),
                "WORKERS": "1",
            },
        )

    def until_it_says(self, word: str) -> None:
        wait_until(lambda: word in self.output or self.process.poll() is not None, word)
        assert self.process.poll() is None, self.output

    def until_its_database_server_starts(self) -> None:
        wait_until(lambda: any(self.folder.glob("movr-*/postgresql/log")), "the start of its log")

    def leaves_nothing_after(self, ending: signal.Signals) -> None:
        """Stop the benchmark as a terminal or the system does, and check what is left."""
        started = Started.by(str(self.folder))
        assert started.processes
        self.send_signal(ending)
        self.process.wait(TIMEOUT)

        assert self.output.splitlines()[-1] == "Interrupted: nothing is left behind."
        assert "Traceback" not in self.output
        assert self.process.returncode == terminal.INTERRUPTED
        assert started.is_over(str(self.folder))
        assert list(self._results.iterdir()) == []


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start benchmarks and stop them at the end of the test."""
    with tempfile.TemporaryDirectory() as folder:  # a short path for the socket
        begun: list[Running] = []

        def begin(command: tuple[str, ...], uri: str = "") -> Running:
            begun.append(Running(Path(folder), command, uri))
            return begun[-1]

        yield begin
        for running in begun:
            running.process.terminate()
            running.process.wait(TIMEOUT)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ended_while_its_database_server_starts(begin: Begin, ending: signal.Signals) -> None:
    running = begin(LAB)
    running.until_its_database_server_starts()

    running.leaves_nothing_after(ending)


def test_ended_while_it_measures(begin: Begin) -> None:
    running = begin(LAB)
    running.until_it_says("Measuring")

    running.leaves_nothing_after(signal.SIGINT)


def test_ended_while_the_drill_has_stopped_the_database(begin: Begin) -> None:
    running = begin(DRILL)
    running.until_it_says("the database stops")

    running.leaves_nothing_after(signal.SIGINT)


def test_ended_while_it_loads_a_metropolis(begin: Begin) -> None:
    running = begin(BENCH)
    running.until_it_says("Loading")

    running.leaves_nothing_after(signal.SIGINT)


def test_ended_it_leaves_no_database_on_the_server_of_db_uri(begin: Begin, server: str) -> None:
    running = begin(BENCH, server)
    running.until_it_says("Measuring")
    assert benchmarks_of(server)

    running.leaves_nothing_after(signal.SIGTERM)

    assert not benchmarks_of(server)


def benchmarks_of(server: str) -> set[str]:
    """Return the names of the benchmark databases on this server."""
    engine = databases.connect(server)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT datname FROM pg_database"))
        names = {name for name in found.scalars() if name.startswith("movr_bench")}
    engine.dispose()
    return names


def test_a_bar_in_a_log_says_each_tenth_once(capsys: pytest.CaptureFixture[str]) -> None:
    show = terminal.bar("Loading")

    for thousandth in range(1001):
        show(thousandth / 1000)

    assert capsys.readouterr().err.splitlines() == [f"Loading {n / 10:4.0%}" for n in range(11)]
