"""The table and the plot of `make drill`: what riders of each city saw, second by second."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final

from bench import terminal
from bench.plot import COLOURS, SVG_STYLE
from movr.cities import CITIES, find_city

WIDTH, LEFT, RIGHT, TOP, LANE = 960, 130, 940, 96, 42  # pixels
BAR: Final = 34  # pixels, the height of the busiest second
TITLE: Final = "What riders of each city see while a region and then the database fails"
LEGEND: Final = (
    "A number counts answers of the city's own region in that second,"
    " +n those of another region, !n errors."
)
_STYLE: Final = """
:root { --abroad: #b7791f } @media (prefers-color-scheme: dark) { :root { --abroad: #f0b849 } }
.home { fill: var(--line) } .abroad { fill: var(--abroad) } .failed { fill: var(--many) }
.event { stroke: var(--faint); stroke-dasharray: 3 4 }
"""
_KINDS: Final = {
    "home": "answers of the city's own region",
    "abroad": "of another region",
    "failed": "errors",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of the drill, `at` seconds after its beginning."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Cell:
    """The number of answers in a city and second, by where they came from."""

    home: int = 0
    abroad: int = 0
    failed: int = 0

    def __str__(self) -> str:
        marked = ((self.home, ""), (self.abroad, "+"), (self.failed, "!"))
        return " ".join(f"{mark}{number}" for number, mark in marked if number) or "·"


Cells = Mapping[str, Sequence[Cell]]  # by city, a cell for each second


def short(region: str) -> str:
    """Return `europe-west1` for `gcp-europe-west1`."""
    return region.removeprefix("gcp-")


def cities_in(path: Path) -> int:
    """Return the number of cities with an answer in this file."""
    return len({city for _, city, _, _ in _answers(path)})


def read(path: Path, began: float, seconds: int) -> Cells:
    """Count the answers in this file, for each city and second since the drill began."""
    counted = Counter(
        (city, int(at - began), _kind(city, status, region))
        for at, city, status, region in _answers(path)
        if at >= began
    )
    return {
        city.name: [
            Cell(**{kind: counted[city.name, second, kind] for kind in _KINDS})
            for second in range(seconds)
        ]
        for city in CITIES
    }


def _answers(path: Path) -> Iterator[tuple[float, str, int, str]]:
    """Yield the complete lines of a file that may still be written."""
    if path.exists():
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                at, city, status, region = json.loads(line)
                yield at, city, status, region


def _kind(name: str, status: int, region: str) -> str:
    if not status or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "failed"
    city = find_city(name)
    return "home" if city and city.region == region else "abroad"


def as_table(cells: Cells, happenings: Sequence[Happening]) -> str:
    """Return a table with a line for each second and a column for each city."""
    events = {int(happening.at): happening.what for happening in happenings}
    rows = [
        [str(second), *map(str, of_all), events.get(second, "")]
        for second, of_all in enumerate(zip(*cells.values(), strict=True))
    ]
    totals = [str(_total(of_city)) for of_city in cells.values()]
    labels = [city.label for city in CITIES]
    head = ["second", *labels, "event"]
    return f"{terminal.table([head, *rows, ['all', *totals, '']])}\n\n{LEGEND}"


def _total(cells: Sequence[Cell]) -> Cell:
    return Cell(**{kind: sum(getattr(cell, kind) for cell in cells) for kind in _KINDS})


def plot(cells: Cells, happenings: Sequence[Happening]) -> str:
    """Return the plot as SVG, with light and dark colours: a lane of bars for each city."""
    height = TOP + LANE * len(cells) + 60
    seconds = len(next(iter(cells.values())))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{TITLE}</title>",
            f"<style>{COLOURS}{SVG_STYLE}{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="var(--paper)"/>',
            f'<text class="title" x="16" y="30">{TITLE}</text>',
            *_legend(),
            *_events(happenings, seconds, height - 56),
            *_lanes(cells, seconds),
            *_axis(seconds, height - 40),
            f'<text class="faint" x="16" y="{height - 12}">{_origin()}</text>',
            "</svg>",
        ]
    )


def _x(second: float, seconds: int) -> float:
    return round(LEFT + (RIGHT - LEFT) * second / seconds, 1)


def _origin() -> str:
    return f"Answers a second. Measured by make drill, {datetime.now(UTC):%d %B %Y}"


def _legend() -> Iterator[str]:
    x = LEFT
    for kind, what in _KINDS.items():
        yield f'<rect class="{kind}" x="{x}" y="44" width="12" height="12"/>'
        yield f'<text x="{x + 18}" y="55">{what}</text>'
        x += 40 + 7 * len(what)


def _events(happenings: Sequence[Happening], seconds: int, bottom: int) -> Iterator[str]:
    for happening in happenings:
        x = _x(happening.at, seconds)
        yield f'<line class="event" x1="{x}" x2="{x}" y1="{TOP - 12}" y2="{bottom}"/>'
        yield f'<text class="faint" x="{x}" y="{TOP - 16}">{happening.what}</text>'


def _lanes(cells: Cells, seconds: int) -> Iterator[str]:
    busiest = max(cell.home + cell.abroad + cell.failed for row in cells.values() for cell in row)
    for lane, (city, row) in enumerate(zip(CITIES, cells.values(), strict=True), 1):
        ground = TOP + LANE * lane
        yield f'<text x="16" y="{ground - 10}">{city.label}</text>'
        yield f'<line class="rule" x1="{LEFT}" x2="{RIGHT}" y1="{ground}" y2="{ground}"/>'
        for second, cell in enumerate(row):
            yield from _bar(cell, _x(second, seconds), ground, BAR / (busiest or 1))


def _bar(cell: Cell, x: float, y: float, pixels: float) -> Iterator[str]:
    """Yield a bar that stands on y, with `pixels` for each answer."""
    for kind in _KINDS:
        if high := round(getattr(cell, kind) * pixels, 1):
            y = round(y - high, 1)
            yield f'<rect class="{kind}" x="{x}" y="{y}" width="8" height="{high}"/>'


def _axis(seconds: int, y: int) -> Iterator[str]:
    for second in range(0, seconds + 1, 10):
        x = _x(second, seconds)
        yield f'<text class="faint" x="{x}" y="{y}" text-anchor="middle">{second} s</text>'
