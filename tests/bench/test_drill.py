"""The drill: a short run, its table and its plot."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench import drill_report
from bench.drill_report import Cell, Happening
from movr.cities import CITIES, EUROPE_WEST, US_EAST
from tests.conftest import ROOT
from tests.leftovers import left_in

TIMEOUT = 180  # seconds
DRILL = (sys.executable, "-m", "bench.drill", "--phase", "4")
NOW = 1_700_000_000.0


@pytest.fixture
def cells(tmp_path: Path) -> drill_report.Cells:
    """Five answers of two cities in two seconds, and one before the drill."""
    answers = [
        [NOW - 0.5, "paris", 200, EUROPE_WEST],
        [NOW + 0.1, "paris", 200, EUROPE_WEST],
        [NOW + 0.2, "paris", 502, ""],
        [NOW + 1.1, "paris", 303, US_EAST],
        [NOW + 1.2, "boston", 422, US_EAST],
        [NOW + 1.3, "boston", 0, ""],
    ]
    lines = [json.dumps(answer) + "\n" for answer in answers]
    (tmp_path / "answers").write_text("".join(lines) + '[17000, "par')
    return drill_report.read(tmp_path / "answers", NOW, seconds=2)


def test_answers_are_counted_by_city_second_and_where_they_came_from(
    cells: drill_report.Cells,
) -> None:
    assert cells["paris"] == [Cell(home=1, failed=1), Cell(abroad=1)]
    assert cells["boston"] == [Cell(), Cell(home=1, failed=1)]
    assert cells["rome"] == [Cell(), Cell()]


def test_the_table_has_a_line_a_second_and_the_events(cells: drill_report.Cells) -> None:
    lines = drill_report.as_table(cells, [Happening(1.4, "paris is killed")]).splitlines()

    assert [line.split()[0] for line in lines[2:5]] == ["0", "1", "all"]
    assert "1 !1" in lines[2]
    assert re.search(r"\+1 .* paris is killed$", lines[3])
    assert "1 +1 !1" in lines[4]


def test_the_plot_has_a_lane_for_each_city_and_a_line_for_each_event(
    cells: drill_report.Cells,
) -> None:
    drawn = drill_report.plot(cells, [Happening(1.4, "paris is killed")])

    assert all(f">{city.label}</text>" in drawn for city in CITIES)
    assert drawn.count('class="event"') == 1
    assert drawn.count('class="failed"') == 1 + 2  # the legend's
    assert "prefers-color-scheme: dark" in drawn


def test_a_short_drill_serves_each_city_until_the_database_stops_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with tempfile.TemporaryDirectory() as folder:  # a short path for the socket
        done = subprocess.run(
            [*DRILL, "--out", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "DB_URI": "", "DATABASE_URL": "", "COCKROACH": "", "TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        assert left_in(folder) == set()
    totals = re.split(r"\s{2,}", re.findall(r"^all .*$", done.stdout, re.MULTILINE)[0])[1:]
    for city, total in zip(CITIES, totals, strict=True):
        assert ("+" in total) == (city.region == EUROPE_WEST), done.stdout
        assert "!" in total, done.stdout
    assert done.stdout.endswith("0 acknowledged writes are lost.\n")
    assert (tmp_path / "drill.svg").stat().st_size
