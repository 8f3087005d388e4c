"""The latency lab: its linear fit, its run and its cleanup."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench import lab
from bench.http import Unexpected
from bench.plot import page, plot
from bench.slopes import Slope
from tests.conftest import ROOT
from tests.leftovers import left_in

TIMEOUT = 120  # seconds
LAB = (sys.executable, "-m", "bench.lab", "--rounds", "1", "--distances", "0", "5")

TWO = Slope("Vehicles", 2, ((0, 4.0), (10, 24.5), (40, 84.0), (80, 163.0)))
SEVEN = Slope("Start <a> ride", 7, ((0, 6.0), (10, 76.0), (40, 286.0), (80, 566.0)))


def start_lab(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start the lab on an embedded server, with its temporary files in this folder."""
    return subprocess.Popen(
        [*LAB, *options],
        cwd=ROOT,
        env={**os.environ, "DB_URI": "", "DATABASE_URL": "", "TMPDIR": str(folder), "WORKERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_slope_is_the_number_of_round_trips() -> None:
    assert SEVEN.fitted == pytest.approx(7)
    assert TWO.fitted == pytest.approx(1.98, abs=0.005)
    assert TWO.agrees


def test_a_slope_that_differs_from_the_count_is_named() -> None:
    wrong = Slope("Rides", 1, TWO.points)

    assert not wrong.agrees
    with pytest.raises(Unexpected, match=r"^NOT as counted: Rides\."):
        lab.verdict([SEVEN, wrong])
    assert lab.verdict([SEVEN, TWO]).endswith("the worst is off by 0.02 (Vehicles).")


def test_the_table_has_a_line_a_page() -> None:
    lines = lab.as_table([TWO, SEVEN]).splitlines()

    assert lines[0].endswith("at 80 ms  fitted  counted")
    assert lines[2].split() == ["Vehicles", "4.0", "24.5", "84.0", "163.0", "1.98", "2"]


def test_the_page_has_no_external_resources_and_every_number() -> None:
    written = page([TWO, SEVEN])

    assert "Start &lt;a&gt; ride" in written
    assert "<td>163.0</td><td>1.98</td><td>2</td>" in written
    addresses = set(re.findall(r"https?://[^\"\s]+", written))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the XML namespace of SVG
    assert "<script" not in written


def test_the_plot_has_a_line_a_page_and_one_for_many_round_trips() -> None:
    drawn = plot([TWO, SEVEN])

    assert drawn.count("<polyline") == 2
    assert drawn.count('class="many"') == 1
    assert "prefers-color-scheme: dark" in drawn


def test_a_run_measures_every_page_and_leaves_only_its_results(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = start_lab(Path(folder), "--out", str(tmp_path))
        output, errors = done.communicate(timeout=TIMEOUT)

        # The slopes of such a short run may be wrong, which another exit status reports.
        assert done.returncode == ("NOT as counted" in errors)
        assert left_in(folder) == set()
    counted = dict(re.findall(r"^(.*?)  .* (\d+)$", output, re.MULTILINE))
    assert set(lab.STEPS) <= set(counted)
    assert {page: counted[page] for page in ("Vehicles", "Rides", "Start a ride")} == {
        "Vehicles": "1",
        "Rides": "2",
        "Start a ride": "1",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"lab.html", "lab.svg"}
