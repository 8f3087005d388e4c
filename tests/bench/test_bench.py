"""The benchmark: its results, comparisons and runs, and its cleanup."""

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import bench.__main__
import bench.compare
import bench.lab
from bench.load import Load
from bench.results import Page, Results, compare
from bench.servers import connected
from movr.database.engine import parse_uri
from scenarios import metropolis
from tests.conftest import ROOT
from tests.leftovers import left_in
from tests.terminal import RunHere

TIMEOUT = 120  # seconds

LOAD = Load(rate=100.0, p50=10.0, p99=30.0, cpu=2.0, database=1.0, own=0.1)


def runs(*rates: float) -> list[Load]:
    return [replace(LOAD, rate=rate) for rate in rates]


def results(*rates: float) -> Results:
    page = Page(2, 3, runs(*rates), runs(*(200.0 for _ in rates)))
    return Results({"python": "3.11"}, {"Vehicles": page}, {"Vehicles": {"1,000": 4, "9,000": 5}})


def test_written_results_are_read_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"

    results(90, 100, 120).write(path)

    assert Results.read(path) == results(90, 100, 120)


def test_the_table_has_medians_beside_the_floor_s() -> None:
    lines = results(90, 100, 120).as_text().splitlines()

    row = next(line for line in lines if line.startswith("Vehicles"))
    assert row.split() == "Vehicles 100 200 50% 10.0 10.0 30.0 30.0 2.00 2.00 1.00 2 3".split()  # noqa: SIM905
    assert lines[0] == "python: 3.11"
    assert lines[-1].split() == ["Vehicles", "4.00", "5.00", "x", "1.25"]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ((180, 200, 240), "x 2.00*"),  # every new run is faster than all old ones
        ((110, 115, 130), "x 1.15 "),  # some new runs are not faster than the best old one
        ((45, 50, 60), "x 0.50*"),
    ],
)
def test_a_change_is_marked_where_it_is_beyond_the_noise(
    new: tuple[float, ...], expected: str
) -> None:
    table = compare(results(90, 100, 120), results(*new))

    assert expected in table.splitlines()[2]


def test_changed_facts_are_reported() -> None:
    other = replace(results(90, 100, 120), facts={"python": "3.14"})

    assert "python: 3.11 → 3.14" in compare(results(90, 100, 120), other)


def test_the_pool_has_a_connection_for_each_loader_of_a_metropolis(empty_database: str) -> None:
    with connected(parse_uri(empty_database)) as engine, ExitStack() as stack:
        for _ in range(metropolis.LOADERS + 1):  # and one more for ANALYZE
            stack.enter_context(engine.connect())


def test_a_quick_run_keeps_results_and_leaves_nothing_else(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = run("bench", "--quick", "--rows", "3", "6", "--out", str(tmp_path), folder=folder)

        assert done.returncode == 0, done.stderr
        assert left_in(folder) == set()
    (path,) = tmp_path.iterdir()
    found = Results.read(path)
    cycle = found.pages["Start and end a ride"]
    assert (found.pages["Vehicles"].round_trips, cycle.round_trips) == (1, 4)
    assert found.growth["Vehicles"].keys() == {"3", "6"}
    assert str(path) in done.stdout
    assert "Measuring 100%" in done.stderr

    with tempfile.TemporaryDirectory() as folder:
        done = run("bench.compare", "--old", str(path), "--new", str(path), folder=folder)
    assert done.returncode == 0
    assert "x 1.00 " in done.stdout


@pytest.mark.parametrize("text", [None, "# MovR", "[]", '{"pages": {}}'])
def test_a_file_without_results_is_refused_in_a_sentence(
    run_here: RunHere, tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "old.json"
    if text is not None:
        path.write_text(text)
    done = run_here(bench.compare.main, "--old", str(path))

    assert done.returncode == 1
    assert done.stderr.startswith(str(path))
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("command", "options", "expected"),
    [
        (bench.__main__, "--rows 0", "invalid whole number from 1 value: '0'"),
        (bench.__main__, "--rows abc", "invalid whole number from 1 value: 'abc'"),
        (bench.lab, "--rounds 0", "invalid whole number from 1 value: '0'"),
        (bench.lab, "--distances -5 0", "invalid whole number from 0 value: '-5'"),
        (bench.lab, "--distances 10 10", "a slope needs two different distances"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_starts(
    run_here: RunHere, command: ModuleType, options: str, expected: str
) -> None:
    done = run_here(command.main, *options.split())

    assert done.returncode == 2
    assert expected in done.stderr
    assert "Starting" not in done.stderr


def run(module: str, *options: str, folder: str) -> subprocess.CompletedProcess[str]:
    """Run a benchmark command on an embedded server, with its temporary files in this folder."""
    return subprocess.run(
        [sys.executable, "-m", module, *options],
        cwd=ROOT,
        env={**os.environ, "DB_URI": "", "DATABASE_URL": "", "TMPDIR": folder},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
