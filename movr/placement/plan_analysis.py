"""Analysis of CockroachDB's query plans: the cities whose rows a plan reads or writes.

Steps that access the key space (scans, lookup joins, index joins, writes) are compared with the
indexes of the models. The cities of a step are proven if its index begins with a city column and
the plan names the city of each key that the step reads or writes. A read of a global table stays in
its region, a write does not. Unknown kinds of steps are reported as unproven.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table, UniqueConstraint

from movr.models import Base
from movr.placement.definitions import GLOBAL_TABLES, TABLES
from movr.placement.explain import (
    Cities,
    Step,
    cities_named,
    cities_of_rows,
    cities_of_spans,
    names,
    parse,
)

Columns = list[tuple[str, Cities]]  # names, each with the column's possible cities if known

_UNKNOWN: Final[Cities] = frozenset()
_CITY_COLUMNS: Final = frozenset({"city", "rider_city"})
_SCANS: Final = ("scan", "revscan")
_INSERTS: Final = ("insert", "insert fast path", "upsert")
_SETS: Final = ("union", "intersect", "except")
# Steps that process the output of other steps and do not access the key space.
_PROCESSING: Final = re.compile(
    r"(project|render|filter|limit|sort|top-k|distinct|group|ordinality|max1row|window|values"
    r"|norows|emptyrow|buffer|scan buffer|root|subquery|constraint-check|error if rows|project set"
    r"|(hash|merge|cross) join|union|intersect|except)\b"
)
# The value that an upsert writes: the new one, or that of the existing row.
_CHOICE: Final = re.compile(r"CASE WHEN \w+ IS NULL THEN (\S+) ELSE (\S+) END")


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a table, primary or secondary. `columns` includes the stored columns."""

    table: str
    name: str
    columns: tuple[str, ...]
    is_global: bool = False
    is_partial: bool = False

    @property
    def full_name(self) -> str:
        """The index's name in plans, `table@index`."""
        return f"{self.table}@{self.name}"

    @property
    def is_primary(self) -> bool:
        """True if this is the table's primary index."""
        return self.name == f"{self.table}_pkey"

    @property
    def begins_with_city(self) -> bool:
        """True if the index is sorted by a city column first."""
        return self.columns[0] in _CITY_COLUMNS


def indexes_of(table: Table, *, is_global: bool = False) -> Iterator[Index]:
    """Yield the primary index of a table and all others."""
    for constraint in (table.primary_key, *table.constraints):
        if constraint is table.primary_key or isinstance(constraint, UniqueConstraint):
            columns = tuple(column.name for column in constraint.columns)
            yield Index(table.name, str(constraint.name), columns, is_global)
    for index in table.indexes:
        options = index.dialect_options["postgresql"]
        columns = (*(column.name for column in index.columns), *(options["include"] or ()))
        is_partial = options["where"] is not None
        yield Index(table.name, str(index.name), columns, is_global, is_partial)


INDEXES: Final = {
    index.full_name: index
    for tables, is_global in ((TABLES, False), (GLOBAL_TABLES, True))
    for table in tables
    for index in indexes_of(table, is_global=is_global)
}


def read(plan: str) -> tuple[Cities, tuple[str, ...]]:
    """Return the cities whose rows a plan accesses, and the reasons why it may access others."""
    steps = [step for root in parse(plan) for step in root.walk()]
    reader = _Reader({step.get("label"): step for step in steps if step.name == "buffer"})
    for step in steps:
        reader.read(step)
    if not steps:
        reader.unproven.append("the server gave no plan")
    return frozenset(reader.cities), tuple(dict.fromkeys(reader.unproven))


class _Reader:
    """Collects the cities and the unproven accesses of one plan's steps."""

    def __init__(self, buffers: dict[str, Step]) -> None:
        self._buffers = buffers
        self.cities: set[str] = set()
        self.unproven: list[str] = []

    def read(self, step: Step) -> None:
        """Record what a step accesses itself, apart from its inputs."""
        if step.name in _SCANS:
            self._touch(step.index, cities_of_spans(step.get("spans")))
        elif step.name.startswith("lookup join"):
            self._touch(step.index, self._looked_up(step))
        elif step.name == "index join":
            self._touch(step.index, self._inputs(step).get("city", _UNKNOWN))
        elif step.name in _INSERTS:
            if not step.is_empty:
                self._read_insert(step)
        elif step.name in {"update", "delete"}:
            self._read_update(step)
        elif not _PROCESSING.match(step.name):
            self.unproven.append(f"a step that is not known: {step.name}")

    def _touch(self, index: str, cities: Cities, *, is_write: bool = False) -> None:
        """Record an access to the index entries of these cities."""
        known = INDEXES.get(index)
        if known and known.is_global:
            if is_write:
                self.unproven.append(f"{known.table} is written in every region")
            return
        if known is None:
            self.unproven.append(f"{index or 'an index'} is not known")
        elif not known.begins_with_city:
            self.unproven.append(f"{index} has the entries of all cities together")
        elif not cities:
            self.unproven.append(f"{index} is reached by keys of which the plan names no city")
        self.cities |= cities

    def _read_insert(self, step: Step) -> None:
        """Record an insert: it writes to all indexes of its table and may check foreign keys."""
        table = step.get("into").partition("(")[0]
        values = dict(self._inserted(step))
        for index in INDEXES.values():
            if index.table == table:
                cities = values.get(index.columns[0], _UNKNOWN)
                self._touch(index.full_name, cities, is_write=True)
        for checked in step.all("FK check"):
            self._touch(checked, values.get(_referring_column(table, checked), _UNKNOWN))

    def _read_update(self, step: Step) -> None:
        """Record an update: it writes to the row and to the indexes with a changed column.

        Any change may add the row to a partial index, or remove it.
        """
        table = step.index or step.get("from")
        changed = set(names(step.get("set")))
        found = self._inputs(step)
        for index in INDEXES.values():
            is_written = index.is_primary or index.is_partial or step.name == "delete"
            if index.table == table and (is_written or changed.intersection(index.columns)):
                cities = found.get(index.columns[0], _UNKNOWN)
                self._touch(index.full_name, cities, is_write=True)
        if moved := sorted(changed & _CITY_COLUMNS):
            self.unproven.append(f"{table}.{moved[0]} changes")

    def _looked_up(self, step: Step) -> Cities:
        """Return the cities of the rows that a lookup join looks up."""
        if step.get("remote lookup condition"):
            return _UNKNOWN
        leading = _leading_column(step.index)
        ours, _, theirs = step.get("equality").partition(" = ")
        column = dict(zip(names(theirs), names(ours), strict=False)).get(leading, "")
        named = _of_condition(step.get("lookup condition")).get(leading, _UNKNOWN)
        return self._inputs(step).get(column, named)

    def _inputs(self, step: Step) -> dict[str, Cities]:
        """Return the known cities of a step's input columns."""
        return _by_name(column for source in step.inputs for column in self._columns(source))

    def _columns(self, step: Step) -> Columns:
        """Return the columns of a step's output with their known cities."""
        if step.name == "scan buffer":
            buffer = self._buffers[step.get("label")]
            return _renamed(step.columns, self._columns(buffer.inputs[0]))
        if step.name == "values":
            return list(zip(step.columns, cities_of_rows(step), strict=False))
        if step.name.startswith(_SETS):
            return self._of_all(step)
        known = self._known(step)
        return [(name, known.get(name, _UNKNOWN)) for name in step.columns]

    def _known(self, step: Step) -> dict[str, Cities]:
        if step.name in _SCANS:
            spans = cities_of_spans(step.get("spans"))
            return {_leading_column(step.index): spans}
        if step.name in _INSERTS:
            return dict(self._inserted(step))
        if step.name == "render":
            return self._rendered(step)
        if step.name.startswith("lookup join"):
            return self._joined(step)
        return self._inputs(step) | _of_condition(step.get("filter"))

    def _rendered(self, step: Step) -> dict[str, Cities]:
        """Return the known cities of computed columns: a column, a literal, or a choice of two."""
        inputs = self._inputs(step)
        found = {}
        for key, value in step.attributes:
            choice = _CHOICE.fullmatch(value)
            sources = choice.groups() if choice else (value,)
            known = _all_known(inputs.get(one.strip('"'), cities_named(one)) for one in sources)
            found[key.removeprefix("render ").strip('"')] = known
        return found

    def _joined(self, step: Step) -> dict[str, Cities]:
        """Return the known cities of a lookup join; of the added columns, of the leading one."""
        (source,) = step.inputs
        fed = self._columns(source)
        added = Counter(step.columns) - Counter(name for name, _ in fed)
        leading = _leading_column(step.index)
        cities = self._looked_up(step)
        return _by_name(
            [*fed, *((name, cities if name == leading else _UNKNOWN) for name in added)]
        )

    def _inserted(self, step: Step) -> Columns:
        """Return the columns that an insert writes, from its literal rows or from its input."""
        written = names(step.get("into").partition("(")[2])
        if step.inputs:
            return _renamed(written, self._columns(step.inputs[0]))
        return list(zip(written, cities_of_rows(step), strict=False))

    def _of_all(self, step: Step) -> Columns:
        """Return the columns of a union; a column's cities are known if all inputs know them."""
        sides = zip(*(self._columns(source) for source in step.inputs), strict=False)
        merged = [_all_known(cities for _, cities in side) for side in sides]
        return list(zip(step.columns, merged, strict=False))


def _all_known(found: Iterable[Cities]) -> Cities:
    """Return the union of the cities if each set is known, else an empty set."""
    cities = list(found)
    return _UNKNOWN.union(*cities) if all(cities) else _UNKNOWN


def _by_name(columns: Iterable[tuple[str, Cities]]) -> dict[str, Cities]:
    """Return the known cities by column name, merging columns of the same name."""
    found: dict[str, list[Cities]] = {}
    for name, cities in columns:
        found.setdefault(name, []).append(cities)
    return {name: _all_known(cities) for name, cities in found.items()}


def _renamed(columns: list[str], source: Columns) -> Columns:
    return [(name, cities) for name, (_, cities) in zip(columns, source, strict=False)]


def _leading_column(index: str) -> str:
    known = INDEXES.get(index)
    return known.columns[0] if known else ""


def _referring_column(table: str, checked: str) -> str:
    """Return the table's column with the city of the row that the checked index refers to."""
    (column,) = (
        key.column_keys[0]
        for key in Base.metadata.tables[table].foreign_key_constraints
        if key.referred_table.name == checked.partition("@")[0]
    )
    return column


def _of_condition(condition: str) -> dict[str, Cities]:
    """Return the cities that a conjunction allows for each column."""
    if re.search(r"\b(OR|NOT|CASE)\b", condition):
        return {}
    parts = (part.strip("()") for part in condition.split(" AND "))
    found = (re.fullmatch(r"(\w+) (?:= |IN \()('.*)", part) for part in parts)
    return {one[1]: _all_known(map(cities_named, one[2].split(", "))) for one in found if one}
