"""Results of a benchmark: saved as JSON, printed as a table, compared with others."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from bench import terminal
from bench.load import Load


@dataclass(slots=True)
class Page:
    """A page's statements and round trips, and its runs on MovR and on the floor."""

    statements: int
    round_trips: int
    app: list[Load] = field(default_factory=list)
    floor: list[Load] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """The requests per second of each run."""
        return [load.rate for load in self.app]

    @property
    def shares(self) -> list[float]:
        """MovR's rate divided by the floor's, for each run."""
        return [app.rate / floor.rate for app, floor in zip(self.app, self.floor, strict=True)]

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the page from its JSON data."""
        runs = {side: [Load(**load) for load in data[side]] for side in ("app", "floor")}
        return cls(data["statements"], data["round_trips"], **runs)


@dataclass(slots=True)
class Results:
    """All pages of one benchmark, and facts about the machine.

    `growth` is the median p50 in milliseconds, by page and number of vehicles.
    """

    facts: dict[str, str]
    pages: dict[str, Page]
    growth: dict[str, dict[str, float]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Save the results as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Load saved results."""
        data = json.loads(path.read_text())
        pages = {name: Page.of_json(page) for name, page in data["pages"].items()}
        return cls(data["facts"], pages, data["growth"])

    def as_text(self) -> str:
        """Return the results as tables, with the medians of the runs."""
        facts = "\n".join(f"{name}: {fact}" for name, fact in self.facts.items())
        parts = [facts, terminal.table([HEAD, *(_row(*page) for page in self.pages.items())])]
        if self.growth:
            parts.append(terminal.table(list(_growth(self.growth))))
        return "\n\n".join(parts)


HEAD = (
    *("page", "req/s", "floor's", "share", "p50 ms", "floor's", "p99 ms", "floor's"),
    *("CPU ms", "floor's", "database's", "statements", "round trips"),
)


def _row(name: str, page: Page) -> Sequence[str]:
    def both(what: str, form: str) -> Iterator[str]:
        for runs in (page.app, page.floor):
            yield format(statistics.median(getattr(load, what) for load in runs), form)

    return (
        name,
        *both("rate", ".0f"),
        f"{statistics.median(page.shares):.0%}",
        *both("p50", ".1f"),
        *both("p99", ".1f"),
        *both("cpu", ".2f"),
        f"{statistics.median(load.database for load in page.app):.2f}",
        str(page.statements),
        str(page.round_trips),
    )


def _growth(growth: Mapping[str, Mapping[str, float]]) -> Iterator[Sequence[str]]:
    """Yield the rows of a table of p50 by number of vehicles."""
    sizes = list(next(iter(growth.values())))
    yield ("p50 ms by vehicles in all", *sizes, "grows")
    for page, times in growth.items():
        ratio = times[sizes[-1]] / times[sizes[0]]
        yield (page, *(f"{times[size]:.2f}" for size in sizes), f"x {ratio:.2f}")


def compare(old: Results, new: Results) -> str:
    """Return a table of the ratios new/old, marked * where the runs of both do not overlap."""
    head = ("page", "req/s", "old", "new", "share of floor", "old", "new")
    rows = [
        (name, *_compared(was.rates, now.rates, ".0f"), *_compared(was.shares, now.shares, ".0%"))
        for name, was in old.pages.items()
        if (now := new.pages.get(name))
    ]
    changed = {name for name in old.facts if old.facts[name] != new.facts.get(name)}
    notes = [f"{name}: {old.facts[name]} → {new.facts.get(name)}" for name in sorted(changed)]
    return "\n".join([terminal.table([head, *rows]), "", *notes])


def _compared(old: Sequence[float], new: Sequence[float], form: str) -> Iterator[str]:
    was, now = statistics.median(old), statistics.median(new)
    mark = "*" if max(old) < min(new) or max(new) < min(old) else " "
    yield f"x {now / was:.2f}{mark}"
    yield format(was, form)
    yield format(now, form)
