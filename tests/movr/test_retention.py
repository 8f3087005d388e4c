"""What is older than its period is removed, and nothing else."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, insert, text, update

from movr import retention, transactions
from movr.database.admin import uri_text
from movr.database.invariants import find_violations
from movr.formats import ERASED
from movr.models import (
    ApiToken,
    AuditEntry,
    Base,
    IdempotencyKey,
    Letter,
    Report,
    User,
    Vehicle,
    VehicleEvent,
)
from movr.movr import MovR
from movr.results import VehicleKey
from movr.retention import RULES
from tests.conftest import app_with_commands
from tests.databases import TABLES, all_rows, rows_of
from tests.movr.people import a_member, a_past_ride, a_vehicle

CITY = "new york"
NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
ANYONE = {"reporter_city": CITY, "reporter_id": uuid4()}


def add(connection: Connection, model: type[Base], **values: Any) -> None:
    """Add a row, with a random id."""
    connection.execute(insert(model), {"city": CITY, "id": uuid4(), **values})


def change(connection: Connection, vehicle: VehicleKey, **values: Any) -> None:
    of = (Vehicle.city == vehicle.city, Vehicle.id == vehicle.id)
    connection.execute(update(Vehicle).where(*of).values(values))


def a_letter(connection: Connection, at: datetime) -> None:
    add(connection, Letter, kind="receipt", created_at=at, due_at=at, sent_at=at)


def a_device(connection: Connection, at: datetime) -> None:
    times = dict.fromkeys(("created_at", "last_used_at", "access_until", "refresh_until"), at)
    device = {"holder_id": a_member(connection).id, "device": "my phone", "session_epoch": 0}
    add(connection, ApiToken, **device, **times, access_hash="x", refresh_hash="x")


def a_key(connection: Connection, at: datetime) -> None:
    add(connection, IdempotencyKey, fingerprint="x", created_at=at)


def a_reservation(connection: Connection, at: datetime) -> None:
    member = a_member(connection)
    of = (User.city == member.city, User.id == member.id)
    reserved = {"reservation_city": CITY, "reservation_public_id": uuid4()}
    connection.execute(update(User).where(*of).values(reservation_until=at, **reserved))


def a_reserved_vehicle(connection: Connection, at: datetime) -> None:
    vehicle = a_vehicle(connection, a_member(connection))
    by = {"reserved_by_city": CITY, "reserved_by_id": uuid4()}
    change(connection, vehicle, reserved_until=at, **by)


def a_report(connection: Connection, at: datetime) -> None:
    what = {"vehicle_id": uuid4(), "kind": "brakes", "words": "It squeals", "created_at": at}
    closed = {"closed_at": at, "outcome": "mended"}
    add(connection, Report, **ANYONE, **what, **closed, latitude=40.7128, longitude=-74.006)


def an_old_ride(connection: Connection, at: datetime) -> None:
    vehicle, rider = a_vehicle(connection, a_member(connection)), a_member(connection)
    a_past_ride(connection, vehicle, rider, at, length=timedelta(0), distance=10)


def a_removed_vehicle(connection: Connection, at: datetime) -> None:
    vehicle = a_vehicle(connection, owner := a_member(connection), "my garage")
    transactions.remove_vehicle(connection, vehicle, owner, now=at)


def events(connection: Connection, at: datetime) -> None:
    """Add two events of a vehicle, of which the last one stays."""
    states = ("available", "non_operational", "available")
    vehicle = {"vehicle_id": uuid4(), "event_types": ["maintenance"]}
    for minute, (before, after) in enumerate(pairwise(states)):
        change = {"previous_state": before, "state": after}
        add(connection, VehicleEvent, **vehicle, **change, happened_at=at + minute * MINUTE)


def an_audit_entry(connection: Connection, at: datetime) -> None:
    subject = {"subject_kind": "ride", "subject_city": CITY, "subject_id": uuid4()}
    add(connection, AuditEntry, happened_at=at, action="x", reason="x", **subject)


MAKERS = (
    a_letter,
    a_device,
    a_key,
    a_reservation,
    a_reserved_vehicle,
    a_report,
    an_old_ride,
    a_removed_vehicle,
    events,
    an_audit_entry,
)
# How many rows have these values afterwards, of the two that each maker has added.
LEFT: Mapping[str, Callable[[dict[str, list[dict[str, Any]]]], int]] = {
    "a_letter": lambda rows: len(rows["outbox"]),
    "a_device": lambda rows: len(rows["api_tokens"]),
    "a_key": lambda rows: len(rows["idempotency_keys"]),
    "a_reservation": lambda rows: sum(bool(row["reservation_until"]) for row in rows["users"]),
    "a_reserved_vehicle": lambda rows: sum(bool(row["reserved_by_id"]) for row in rows["vehicles"]),
    "a_report": lambda rows: sum(row["words"] == "It squeals" for row in rows["reports"]),
    "an_old_ride": lambda rows: sum(row["start_location"] != ERASED for row in rows["rides"]),
    "a_removed_vehicle": lambda rows: sum(
        row["last_location"] == "my garage" for row in rows["vehicles"]
    ),
    "events": lambda rows: len(rows["vehicle_events"]),
    "an_audit_entry": lambda rows: len(rows["audit_entries"]),
}


def applied(movr: MovR, rule: retention.Rule, *, is_trial: bool = False) -> int:
    return sum(step.rows for step in movr.retention.apply(rule, CITY, is_trial=is_trial))


@pytest.mark.parametrize(
    ("rule", "make"), [*zip(RULES, MAKERS, strict=True)], ids=[make.__name__ for make in MAKERS]
)
def test_what_is_older_than_its_period_is_removed_and_nothing_else(
    movr: MovR,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    rule: retention.Rule,
    make: Callable[[Connection, datetime], None],
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    with engine.begin() as connection:
        for days in (rule.days + 1, rule.days - 0.5):
            make(connection, NOW - timedelta(days=days))
    before = all_rows(engine)

    assert applied(movr, rule, is_trial=True) == 1
    assert all_rows(engine) == before
    assert applied(movr, rule) == 1
    after = all_rows(engine)
    assert applied(movr, rule) == 0

    of_make = LEFT[make.__name__]
    assert of_make(before) - of_make(after) == 1
    assert all_rows(engine) == after
    assert len([table for table in before if before[table] != after[table]]) == 1
    assert len(after["rides"]) == len(before["rides"])
    assert find_violations(engine) == []


def test_an_interrupted_removal_of_events_leaves_whole_chains(
    movr: MovR, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    (rule,) = (rule for rule, make in zip(RULES, MAKERS, strict=True) if make is events)
    with engine.begin() as connection:
        for _ in range(3):
            vehicle, rider = a_vehicle(connection, a_member(connection)), a_member(connection)
            for days in (2, 1):
                start = NOW - timedelta(days=days)
                a_past_ride(connection, vehicle, rider, start, length=MINUTE, distance=None)
        in_the_past = {"happened_at": VehicleEvent.happened_at - timedelta(days=rule.days)}
        connection.execute(update(VehicleEvent).values(in_the_past))

    violations = [find_violations(engine) for _ in movr.retention.apply(rule, CITY)]

    assert violations == [[]] * 8  # after each batch
    assert len(rows_of(engine, "vehicle_events")) == 3


def test_a_letter_that_no_process_has_sent_for_a_month_is_not_sent_any_more(
    movr: MovR, engine: Engine
) -> None:
    with engine.begin() as connection:
        for days in (RULES[0].days + 1, RULES[0].days - 1):
            at = NOW - timedelta(days=days)
            add(connection, Letter, kind="account_suspended", created_at=at, due_at=at)

    assert applied(movr, RULES[0]) == 1
    (left,) = rows_of(engine, "outbox")
    assert left["created_at"] == at


def test_the_command_counts_first_and_removes_then(database: str, engine: Engine) -> None:
    with engine.begin() as connection:
        for make in MAKERS:
            make(connection, NOW - timedelta(days=4_000))
    before = all_rows(engine)
    app: Flask = app_with_commands(database)
    runner = app.test_cli_runner()

    trial = runner.invoke(args=["retention", "run", "--dry-run"])
    assert all_rows(engine) == before
    run = runner.invoke(args=["retention", "run"])

    app.extensions["movr"].close()
    for rule in RULES:
        assert f"{rule.what}: 1 would be removed ({rule.period} after {rule.since})" in trial.output
        assert f"{rule.what}: 1 removed ({rule.period} after {rule.since})" in run.output
    assert runner.invoke(args=["retention", "list"]).output.count(" after ") == len(RULES)


@pytest.fixture
def app_s_role(own_engine: Engine) -> Iterator[str]:
    """The URI of a database as MovR connects to it: as a role that may not delete rows."""
    role, password = f"movr_test_{secrets.token_hex(4)}", own_engine.url.password
    # An insecure CockroachDB refuses passwords; a server that asks for them needs one.
    secret = f" WITH PASSWORD '{password}'" if password else ""
    rights = f"SELECT, INSERT, UPDATE ON {', '.join(TABLES)}"
    with own_engine.begin() as connection:
        connection.execute(text(f"CREATE USER {role}{secret}"))
        connection.execute(text(f"GRANT {rights} TO {role}"))
    yield uri_text(own_engine.url.set(username=role))
    with own_engine.begin() as connection:
        connection.execute(text(f"REVOKE {rights} FROM {role}"))
        connection.execute(text(f"DROP USER {role}"))


def test_movr_s_own_role_may_remove_nothing(app_s_role: str, own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        a_letter(connection, NOW - timedelta(days=4_000))
    before = all_rows(own_engine)
    app = app_with_commands(app_s_role)

    refused = app.test_cli_runner().invoke(args=["retention", "run"])

    app.extensions["movr"].close()
    assert refused.exit_code == 1
    assert "The database refused: " in refused.output
    assert "Traceback" not in refused.output
    assert all_rows(own_engine) == before


def test_security_md_and_the_privacy_page_name_every_period(
    session_app: Flask,
) -> None:
    security = " ".join(Path("SECURITY.md").read_text().split())
    page = session_app.test_client().get("/privacy").text

    for rule in RULES:
        assert f"{rule.what}: {rule.period} after {rule.since}" in security
        assert f"<li>{rule.what}: {rule.period} after {rule.since}</li>" in page
