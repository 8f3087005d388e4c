"""Parser for the output of CockroachDB's EXPLAIN (VERBOSE): a tree of steps with attributes.

The format is that of v22.1 and later (`EXPLAIN` in CockroachDB's documentation). VERBOSE prints
spans completely, as keys whose parts follow slashes, e.g. `/"new york"/NULL/0` or
`/"paris"-/"paris"/PrefixEnd`. Text is quoted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from movr.cities import find_city

Cities = frozenset[str]

_STEP: Final = re.compile(r"([│├└─ ]*)• (.*)")
_NAME: Final = re.compile(r'"[^"]+"|[^\s,()"]+')
_TEXT: Final = r'"(?:[^"\\]|\\.)*"'
_SPAN: Final = re.compile(rf"(?:{_TEXT}|[^\s\"])+")
_PART: Final = re.compile(rf"/({_TEXT}|(?:(?!-/)[^/\s\"])+)")
_KEY: Final = rf"((?:{_PART.pattern})+)"
_RANGE: Final = re.compile(rf"{_KEY}(?:-{_KEY})?")
_LITERAL: Final = re.compile(r"'([^']*)'(?::::?\w+)?")


@dataclass
class Step:
    """A step of a plan, with its attributes and the steps that are its inputs."""

    name: str
    attributes: list[tuple[str, str]] = field(default_factory=list)
    inputs: list["Step"] = field(default_factory=list)

    def all(self, key: str) -> list[str]:
        """Return the values of all attributes with this key."""
        return [value for name, value in self.attributes if name == key]

    def get(self, key: str) -> str:
        """Return the value of the first attribute with this key, or an empty string."""
        return next(iter(self.all(key)), "")

    @property
    def index(self) -> str:
        """The index that the step reads, as `table@index`; of an UPDATE, the table."""
        return self.get("table").removesuffix(" (partial index)")

    @property
    def columns(self) -> list[str]:
        """The names of the output columns."""
        return names(self.get("columns"))

    @property
    def is_empty(self) -> bool:
        """True if the server knows at planning that the step has no rows, and writes none."""
        if self.name in {"project", "render", "insert", "upsert"} and self.inputs:
            return self.inputs[0].is_empty
        return self.name == "norows"

    def walk(self) -> Iterator["Step"]:
        """Yield this step and all its inputs, recursively."""
        yield self
        for step in self.inputs:
            yield from step.walk()


def parse(plan: str) -> list[Step]:
    """Return the root steps of a plan."""
    roots: list[Step] = []
    path: list[tuple[int, Step]] = []
    for line in plan.splitlines():
        if found := _STEP.fullmatch(line.rstrip()):
            depth, step = len(found[1]), Step(found[2])
            while path and path[-1][0] >= depth:
                path.pop()
            (path[-1][1].inputs if path else roots).append(step)
            path.append((depth, step))
        elif path:
            key, _, value = line.lstrip("│ ").partition(":")
            path[-1][1].attributes.append((key, value.strip()))
    return roots


def names(columns: str) -> list[str]:
    """Return the names in a list of columns, with or without parentheses."""
    return [name.strip('"') for name in _NAME.findall(columns)]


def cities_of_rows(step: Step) -> list[Cities]:
    """Return the cities in each column of a step's literal rows; empty if one is no literal."""
    columns: dict[str, list[Cities]] = {}
    for key, value in step.attributes:
        if found := re.fullmatch(r"row \d+, expr (\d+)", key):
            columns.setdefault(found[1], []).append(cities_named(value))
    return [frozenset().union(*found) if all(found) else frozenset() for found in columns.values()]


def cities_named(expression: str) -> Cities:
    """Return the city if the expression is a literal naming one, else an empty set."""
    literal = _LITERAL.fullmatch(expression)
    return frozenset({literal[1]} if literal and find_city(literal[1]) else ())


def cities_of_spans(spans: str) -> Cities:
    """Return the cities of these spans, or an empty set if the city of any span is unknown."""
    found = [_city_of_span(span) for span in _SPAN.findall(spans)]
    return frozenset(city for city in found if city) if all(found) else frozenset()


def _city_of_span(span: str) -> str | None:
    """Return the city with which all keys of a span begin, or None."""
    ends = _RANGE.fullmatch(span)
    if ends is None:
        return None
    first = _city_of_key(ends[1])
    last = _city_of_key(ends[3]) if ends[3] else first
    return first if first == last else None


def _city_of_key(key: str) -> str | None:
    """Return the city with which a key begins, after the region's byte if there is one."""
    parts = _PART.findall(key)
    if re.fullmatch(r'"(?:.|\\x[0-9a-f]{2})"', parts[0]):
        parts = parts[1:]
    city = parts[0].strip('"') if parts else ""
    return city if find_city(city) else None
