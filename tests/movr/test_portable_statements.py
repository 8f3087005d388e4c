"""Rules for statements that run on both engines, checked on SQL compiled for CockroachDB."""

import re
from collections.abc import Iterator
from inspect import getmembers
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import (
    CTE,
    ClauseElement,
    Column,
    Dialect,
    Executable,
    Update,
    UpdateBase,
    select,
    update,
)
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.sql import visitors
from sqlalchemy_cockroachdb.psycopg2 import CockroachDBDialect_psycopg2

from movr import data_checks, idempotency, queries, reports, vehicle_import
from movr.changes import accounts, money, operators, reservations, rides, vehicles
from movr.models import User, Vehicle
from movr.personal_data import PARTS
from movr.staff import actions, audit, roles
from movr.staff import queries as staff_queries

# Patterns that compiled statements must not contain, with their sources.
REFUSED = {
    # CockroachDB v22.1 takes the locks of FOR UPDATE only, and does not support SKIP LOCKED:
    # https://www.cockroachlabs.com/docs/v22.1/select-for-update
    "a lock other than FOR UPDATE": r"\b(FOR (SHARE|NO KEY|KEY)|SKIP LOCKED)\b",
    # date_trunc(text, timestamptz, text) exists on PostgreSQL only; timezone() exists on both:
    # https://www.cockroachlabs.com/docs/v22.1/functions-and-operators
    "date_trunc with a zone": r"date_trunc\([^,()]+(\([^()]*\))?,[^,()]+(\([^()]*\))?,",
    # https://www.cockroachlabs.com/docs/stable/postgresql-compatibility
    "MERGE": r"\bMERGE INTO\b",
    "a range type": r"\b(tstzrange|int4range|daterange)\b",
    # The rounding of such a cast depends on the server; floor() does not.
    "a float cast to an integer without floor()": r"CAST\(sqrt",
}


def statements() -> Iterator[tuple[str, Executable]]:
    """Return the statements of all modules that define them, by name."""
    changes = (accounts, money, operators, reservations, rides, vehicles)
    others = (
        reports,
        actions,
        audit,
        roles,
        staff_queries,
        vehicle_import,
        idempotency,
        data_checks,
    )
    modules = (queries, *changes, *others)
    for module in modules:
        for name, value in getmembers(module):
            many = value if isinstance(value, tuple) else (value,)
            for statement in many:
                if (
                    name.isupper()
                    and not name.startswith("_")
                    and isinstance(statement, Executable)
                ):
                    yield name, statement
    yield from ((f"{part.name} of a member", part.statement) for part in PARTS)
    for name in ("RESERVE", "GIVE_UP"):
        yield f"{name} with a key", idempotency.with_key(getattr(reservations, name))
    for name in ("START_RIDE", "END_RIDE", "UNDO_RIDE", "EXPLAIN_UNDO"):
        yield f"{name} with a key", idempotency.with_key(getattr(rides, name))
    names = ("of_type", "whole_city")
    for chosen in product((False, True), repeat=len(names)):
        filters = dict(zip(names, chosen, strict=True))
        yield f"nearest {filters}", queries.nearest(**filters)
        yield f"nearest_with_member {filters}", queries.nearest_with_member(**filters)


def changes_in(statement: ClauseElement) -> list[UpdateBase]:
    """Return all INSERTs, UPDATEs and DELETEs in a statement, including its CTEs."""
    found = (part for part in visitors.iterate(statement) if isinstance(part, UpdateBase))
    return list(dict.fromkeys(found))  # a CTE that is read twice is visited twice


def without_returning(statement: ClauseElement) -> list[str]:
    """Return the data-modifying CTEs without RETURNING.

    CockroachDB refuses them, `WITH clause "x" does not return any columns` (0A000):
    https://www.cockroachlabs.com/docs/stable/common-table-expressions
    """
    ctes = (part for part in visitors.iterate(statement) if isinstance(part, CTE))
    return [
        str(cte.name)
        for cte in ctes
        if isinstance(cte.element, UpdateBase) and not cte.element.returning_column_descriptions
    ]


def changed_twice(statement: ClauseElement) -> set[str]:
    """Return the tables that a statement modifies more than once.

    CockroachDB refuses this since v20.1, "multiple modification subqueries of the same table":
    https://www.cockroachlabs.com/docs/stable/known-limitations
    """
    tables = [str(change.entity_description["table"].name) for change in changes_in(statement)]
    return {table for table in tables if tables.count(table) > 1}


def updates_without_key(statement: ClauseElement) -> list[str]:
    """Return the tables of UPDATEs that do not find their rows by the primary key.

    On a prerelease of CockroachDB v22.1 such an UPDATE lost another one (docs/multi-region.md).
    """
    found = []
    for change in changes_in(statement):
        if isinstance(change, Update):
            table = change.entity_description["table"]
            where = visitors.iterate(change.whereclause) if change.whereclause is not None else ()
            named = {
                column.name
                for column in where
                if isinstance(column, Column) and column.table.name == table.name
            }
            if not named >= {column.name for column in table.primary_key}:
                found.append(table.name)
    return found


def stale(dialect: Dialect) -> list[str]:
    """Return the names of the statements that are follower reads."""
    compiled = ((name, str(any_.compile(dialect=dialect))) for name, any_ in STATEMENTS)
    return [name for name, sql in compiled if "AS OF SYSTEM TIME" in sql]


STATEMENTS: list[tuple[str, Any]] = list(statements())


def test_statements_are_found() -> None:
    names = {name for name, _ in STATEMENTS}

    assert {"SESSION_MEMBER", "HISTORY", "START_RIDE", "END_RIDE", "UPDATE_REGIONS"} <= names


@pytest.mark.parametrize(("name", "statement"), STATEMENTS)
def test_a_statement_keeps_cockroachdbs_rules(name: str, statement: Any) -> None:
    compiled = str(statement.compile(dialect=CockroachDBDialect_psycopg2()))

    assert not without_returning(statement), name
    assert not changed_twice(statement), name
    assert not updates_without_key(statement), name
    broken = [rule for rule, pattern in REFUSED.items() if re.search(pattern, compiled)]
    assert not broken, compiled


def test_only_open_data_and_older_rides_may_be_stale_and_only_on_cockroachdb() -> None:
    """A page with a button acts on what it shows; the first page shows the ride that has ended."""
    elsewhere: Dialect = PGDialect_psycopg2()  # type: ignore[no-untyped-call]

    assert stale(CockroachDBDialect_psycopg2()) == ["FREE_VEHICLES", "OLDER_RIDES"]
    assert stale(elsewhere) == []


# The rules detect violations


def test_a_cte_without_returning_is_found() -> None:
    silent = update(User).values(is_owner=True).cte("silent")

    assert without_returning(select(User.id).add_cte(silent)) == ["silent"]


def test_an_update_without_the_key_is_found() -> None:
    by_owner = update(Vehicle).values(color="red").where(Vehicle.city == "rome")

    assert updates_without_key(by_owner) == ["vehicles"]
    assert updates_without_key(by_owner.where(Vehicle.id == UUID(int=0))) == []


def test_a_table_changed_twice_is_found() -> None:
    once = update(Vehicle).values(color="red").returning(Vehicle.id).cte("once")
    twice = update(Vehicle).values(brand="Kona").where(Vehicle.id.in_(select(once.c.id)))

    assert changed_twice(twice) == {"vehicles"}


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("a lock other than FOR UPDATE", "SELECT id FROM users FOR SHARE"),
        ("a lock other than FOR UPDATE", "SELECT id FROM users FOR UPDATE SKIP LOCKED"),
        ("date_trunc with a zone", "SELECT date_trunc('day', start_time, 'Europe/Rome')"),
        ("MERGE", "MERGE INTO users USING u ON true"),
        ("a range type", "SELECT tstzrange(a, b)"),
        ("a float cast to an integer without floor()", "CAST(sqrt(2) AS BIGINT)"),
    ],
)
def test_a_text_that_differs_is_found(rule: str, sql: str) -> None:
    assert re.search(REFUSED[rule], sql)
