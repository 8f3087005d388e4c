"""The text of CockroachDB's EXPLAIN (VERBOSE): a tree of steps, and what is said of each.

As v22.1 prints it (`EXPLAIN` in CockroachDB's documentation). With VERBOSE, spans are keys with
their parts after slashes, `/"new york"/NULL/0` or `/"paris"-/"paris"/PrefixEnd`, and none is left
out; a part is quoted if it is text.
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
    """A step of a plan, with what the plan says of it, and the steps that feed it."""

    name: str
    said: list[tuple[str, str]] = field(default_factory=list)
    inputs: list["Step"] = field(default_factory=list)

    def all(self, key: str) -> list[str]:
        """What is said under this key."""
        return [value for name, value in self.said if name == key]

    def get(self, key: str) -> str:
        """What is said under this key first; nothing if there is no such key."""
        return next(iter(self.all(key)), "")

    @property
    def columns(self) -> list[str]:
        """The names of its output's columns."""
        return names(self.get("columns"))

    def walk(self) -> Iterator["Step"]:
        """This step, and all below it."""
        yield self
        for step in self.inputs:
            yield from step.walk()


def parse(plan: str) -> list[Step]:
    """The steps at the top of a plan."""
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
            path[-1][1].said.append((key, value.strip()))
    return roots


def names(columns: str) -> list[str]:
    """The names in a list of columns, in parentheses or not."""
    return [name.strip('"') for name in _NAME.findall(columns)]


def tuples(step: Step) -> list[Cities]:
    """The cities that each column of a step's own rows can be, as far as they are all literal."""
    columns: dict[str, list[Cities]] = {}
    for key, value in step.said:
        if found := re.fullmatch(r"row \d+, expr (\d+)", key):
            columns.setdefault(found[1], []).append(cities_named(value))
    return [frozenset().union(*found) if all(found) else frozenset() for found in columns.values()]


def cities_named(expression: str) -> Cities:
    """The city that an expression is; nothing if it is more than a literal, or another one."""
    literal = _LITERAL.fullmatch(expression)
    return frozenset({literal[1]} if literal and find_city(literal[1]) else ())


def cities_of_spans(spans: str) -> Cities:
    """The cities whose entries are in these spans; nothing if that isn't certain of them all."""
    found = [_city_of_span(span) for span in _SPAN.findall(spans)]
    return frozenset(city for city in found if city) if all(found) else frozenset()


def _city_of_span(span: str) -> str | None:
    """The city with which all keys of a span begin, if there is one."""
    ends = _RANGE.fullmatch(span)
    if ends is None:
        return None
    first = _city_of_key(ends[1])
    last = _city_of_key(ends[3]) if ends[3] else first
    return first if first == last else None


def _city_of_key(key: str) -> str | None:
    """The city with which a key begins, after its region where rows have one: of one byte."""
    parts = _PART.findall(key)
    if re.fullmatch(r'"(?:.|\\x[0-9a-f]{2})"', parts[0]):
        parts = parts[1:]
    city = parts[0].strip('"') if parts else ""
    return city if find_city(city) else None
