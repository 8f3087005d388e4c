"""The lab's plot (SVG) and page (HTML), without external resources."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Final

from bench import machine
from bench.slopes import Slope

WIDTH, HEIGHT = 960, 520
LEFT, RIGHT, TOP, BOTTOM = 76, 560, 64, 464  # the axes, in pixels
MANY: Final = 12  # round trips of a hypothetical page with one query per item
TITLE: Final = "What the distance to its database adds to a page"
LETTER: Final = 6.6  # pixels, on average

COLOURS: Final = """
:root { --paper: #fffdf7; --ink: #14211d; --faint: #4a5852; --rule: #dcd3bf; --line: #0b6b48;
  --many: #a8261b; color-scheme: light dark }
@media (prefers-color-scheme: dark) { :root { --paper: #182420; --ink: #f4eedd; --faint: #b4bfb8;
  --rule: #33443d; --line: #5fd3a0; --many: #ff9a8d } }
"""
SVG_STYLE: Final = """
text { fill: var(--ink); font: 13px system-ui, sans-serif }
.title { font-size: 18px; font-weight: 600 }
.faint { fill: var(--faint) }
.rule { stroke: var(--rule) }
.line { stroke: var(--line); stroke-width: 2; fill: none }
.dot { fill: var(--line) }
.many { stroke: var(--many); stroke-width: 2; stroke-dasharray: 6 5 }
.warning { fill: var(--many) }
"""
_PAGE_STYLE: Final = """
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
svg { width: 100%; height: auto }
div { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--rule) }
th:first-child, td:first-child { text-align: left }
footer { color: var(--faint); margin-top: 2rem }
"""


def plot(slopes: Sequence[Slope], *, colours: str = COLOURS) -> str:
    """Return the plot as SVG, with light and dark colours."""
    farthest = max(distance for distance, _ in slopes[0].points)
    scale = Scale(farthest, farthest * (MANY + 0.8))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            "<title>Milliseconds that the distance to its database adds to a page</title>",
            f"<style>{colours}{SVG_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="var(--paper)"/>',
            f'<text class="title" x="{LEFT - 60}" y="30">{TITLE}</text>',
            f'<text class="faint" x="{RIGHT + 12}" y="{TOP - 12}">round trips of</text>',
            *_axes(scale, [distance for distance, _ in slopes[0].points]),
            *_lines(scale, slopes),
            *_many(scale),
            "</svg>",
        ]
    )


class Scale:
    """Conversion of milliseconds to pixels."""

    def __init__(self, farthest: float, longest: float) -> None:
        """Set the maximum of the x axis (distance) and of the y axis (time), in ms."""
        self.farthest, self.longest = farthest or 1, longest or 1

    def x(self, distance: float) -> float:
        """Return the x coordinate of a distance."""
        return round(LEFT + (RIGHT - LEFT) * distance / self.farthest, 1)

    def y(self, time: float) -> float:
        """Return the y coordinate of a time."""
        return round(BOTTOM - (BOTTOM - TOP) * time / self.longest, 1)


def _axes(scale: Scale, distances: Sequence[float]) -> Iterator[str]:
    step = next(s for s in (10, 20, 50, 100, 200, 500, 1000, 5000) if scale.longest / s <= 8)  # noqa: PLR2004 - lines
    for time in range(0, int(scale.longest) + 1, step):
        y = scale.y(time)
        yield f'<line class="rule" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="faint" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{time} ms</text>'
    for distance in distances:
        yield (
            f'<text class="faint" x="{scale.x(distance)}" y="{BOTTOM + 22}" text-anchor="middle">'
            f"{distance:g} ms</text>"
        )
    middle = (LEFT + RIGHT) / 2
    yield (
        f'<text class="faint" x="{middle}" y="{BOTTOM + 44}" text-anchor="middle">'
        "round trip between the app and its database</text>"
    )


def _lines(scale: Scale, slopes: Sequence[Slope]) -> Iterator[str]:
    """Yield a line for each page; pages with the same number of round trips share a label."""
    by_trips = sorted(slopes, key=lambda slope: slope.counted)
    for trips, alike in groupby(by_trips, key=lambda slope: slope.counted):
        pages = list(alike)
        for slope in pages:
            points = [(scale.x(distance), scale.y(time)) for distance, time in slope.added]
            yield f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'
            yield from (f'<circle class="dot" cx="{x}" cy="{y}" r="3"/>' for x, y in points)
        y = scale.y(trips * scale.farthest) + 2
        yield _label(y, trips, _names(pages))


def _names(pages: Sequence[Slope]) -> str:
    """Return as many of the pages' names as fit on a label."""
    names = [page.page.lower() for page in pages]
    room = (WIDTH - RIGHT - 40) / LETTER
    shown = names[:1]
    for name in names[1:]:
        if len(" · ".join([*shown, name])) > room:
            return escape(" · ".join(shown) + " · …")
        shown.append(name)
    return escape(" · ".join(shown))


def _many(scale: Scale) -> Iterator[str]:
    """Yield a dashed line for a page with MANY round trips, which is computed, not measured."""
    x, y = scale.x(scale.farthest), scale.y(MANY * scale.farthest)
    yield f'<line class="many" x1="{LEFT}" y1="{scale.y(0)}" x2="{x}" y2="{y}"/>'
    yield _label(y + 4, MANY, "round trips, computed for comparison", "warning")


def _label(y: float, trips: int, what: str, style: str = "") -> str:
    bold = f'<tspan font-weight="600">{trips}</tspan>'
    return f'<text class="{style}" x="{RIGHT + 12}" y="{y}">{bold} {what}</text>'


def page(slopes: Sequence[Slope]) -> str:
    """Return the HTML page with the plot and a table."""
    distances = "".join(f"<th>{distance:g} ms</th>" for distance, _ in slopes[0].points)
    rows = "\n".join(_row(slope) for slope in slopes)
    when = f"{datetime.now(UTC):%d %B %Y}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MovR's latency lab</title>
<style>{COLOURS}{_PAGE_STYLE}</style>
</head>
<body>
<h1>MovR's latency lab</h1>
<p>The response time of each page at increasing distances from the database, measured over
HTTP on one machine, where a proxy delays the data between MovR and its database by half of
the distance in each direction. The slope of a page's line is how many round trips it makes.</p>
{plot(slopes, colours="")}
<div><table>
<caption>Milliseconds (median) at each distance; round trips as fitted by least squares, and as
counted by the proxy</caption>
<thead><tr><th>page</th>{distances}<th>fitted</th><th>counted</th></tr></thead>
<tbody>
{rows}
</tbody>
</table></div>
<footer>Measured by <code>make lab</code> on {when}: {escape(machine.described())}.</footer>
</body>
</html>
"""


def _row(slope: Slope) -> str:
    times = "".join(f"<td>{time:.1f}</td>" for _, time in slope.points)
    return (
        f"<tr><td>{escape(slope.page)}</td>{times}"
        f"<td>{slope.fitted:.2f}</td><td>{slope.counted}</td></tr>"
    )
