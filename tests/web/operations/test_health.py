"""Health checks: liveness and readiness."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import URL, Engine, event

from bench.latency_proxy import LatencyProxy
from movr.database import schema
from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from tests.cli.test_serve import wait_until
from tests.clock import Clock
from tests.conftest import free_port, settings_for, visiting
from tests.movr.database.test_contract import move_to_the_future
from tests.visitor import Visitor
from tests.web.operations.test_metrics import numbers, of
from web.app import create_app
from web.operations.health import CACHE_SECONDS, CHECK_TIMEOUT, NO_ANSWER, Readiness


@pytest.fixture
def early_app(empty_database: str, clock: Clock) -> Flask:
    """MovR on a database without tables, with this clock."""
    app = create_app(settings_for(empty_database))
    app.extensions["readiness"] = Readiness(clock)
    return app


@pytest.fixture
def early_visitor(early_app: Flask) -> Iterator[Visitor]:
    """A visitor of `early_app`."""
    with visiting(early_app) as new:
        yield new()


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Yield a list of the statements that this app sends during the block."""
    sent: list[str] = []

    def note(*arguments: object) -> None:
        sent.append(str(arguments[2]))

    engines = app.extensions["movr"].engines
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield sent
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_healthz_sends_no_statement(visitor: Visitor) -> None:
    reply = visitor.get("/healthz")

    assert (reply.status_code, reply.json()) == (200, {"status": "alive"})
    assert 'desc="0 statements"' in reply.headers["Server-Timing"]


def test_it_is_ready_at_the_newest_schema(visitor: Visitor) -> None:
    reply = visitor.get("/readyz")

    assert (reply.status_code, reply.json()) == (200, {"status": "ready"})


def test_it_is_not_ready_before_the_first_migration_and_says_what_to_do(
    early_visitor: Visitor,
) -> None:
    reply = early_visitor.get("/readyz")

    assert reply.status_code == 503
    assert reply.json()["status"] == "not ready"
    assert "flask --app server db upgrade" in reply.json()["reason"]
    assert early_visitor.get("/healthz").status_code == 200


def test_a_page_before_the_first_migration_is_a_503(early_visitor: Visitor) -> None:
    reply = early_visitor.get("/vehicles")

    assert reply.status_code == 503
    assert reply.headers["Retry-After"]


def test_it_becomes_ready_by_the_migrations_without_a_restart(
    early_visitor: Visitor, empty_engine: Engine, clock: Clock
) -> None:
    before = early_visitor.get("/readyz").status_code

    schema.upgrade(empty_engine)
    clock.now += CACHE_SECONDS

    assert (before, early_visitor.get("/readyz").status_code) == (503, 200)


def test_it_is_not_ready_after_a_downgrade(early_visitor: Visitor, empty_engine: Engine) -> None:
    schema.upgrade(empty_engine)
    schema.downgrade(empty_engine, "base")

    assert early_visitor.get("/readyz").status_code == 503


def test_it_stays_ready_when_newer_code_has_migrated_the_database(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    """During a rolling deployment, old replicas continue to serve."""
    schema.upgrade(empty_engine)
    move_to_the_future(empty_engine)

    assert early_visitor.get("/readyz").status_code == 200


def test_it_is_not_ready_when_newer_code_has_removed_what_this_code_needs(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    """A rollback too far then stops before the first pod of the newer code."""
    schema.upgrade(empty_engine)
    move_to_the_future(empty_engine, "of the future")

    reply = early_visitor.get("/readyz")

    assert reply.status_code == 503
    assert "run a newer version of MovR" in reply.json()["reason"]


def test_it_is_not_ready_before_the_last_migration(
    early_visitor: Visitor, empty_engine: Engine
) -> None:
    schema.upgrade(empty_engine)
    schema.downgrade(empty_engine, "-1")

    assert early_visitor.get("/readyz").status_code == 503


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_gets_no_cookie(visitor: Visitor, path: str) -> None:
    assert "Set-Cookie" not in visitor.get(path).headers


def test_the_schema_version_is_not_read_again_after_one_success(
    early_app: Flask, early_visitor: Visitor, empty_engine: Engine, clock: Clock
) -> None:
    """On CockroachDB the table is in one region, whose loss must not affect the others."""
    schema.upgrade(empty_engine)
    early_visitor.get("/readyz")
    clock.now += CACHE_SECONDS

    with statements(early_app) as sent:
        assert early_visitor.get("/readyz").status_code == 200

    assert sent == ["SELECT 1"]


def test_many_probes_send_one_statement_a_second(
    early_app: Flask, early_visitor: Visitor, clock: Clock
) -> None:
    early_visitor.get("/readyz")
    with statements(early_app) as sent:
        for _ in range(20):
            early_visitor.get("/readyz")
        assert sent == []

        clock.now += CACHE_SECONDS
        early_visitor.get("/readyz")
        assert sent


class HoldingProxy(LatencyProxy):
    """A proxy that can hold back replies."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self.flows = threading.Event()
        self.flows.set()

    def on_answer(self) -> None:
        self.flows.wait()


def test_only_one_probe_waits_for_a_hanging_database(database: str, clock: Clock) -> None:
    with HoldingProxy(parse_uri(database)) as wire, ThreadPoolExecutor(1) as pool:
        app = create_app(settings_for(uri_text(wire.url)))
        app.extensions["readiness"] = Readiness(clock)
        with visiting(app) as new:
            visitor, other = new(), new()
            visitor.get("/readyz")
            visitor.get("/vehicles")  # connects
            clock.now += CACHE_SECONDS
            wire.flows.clear()
            wire.reset()
            waiting = pool.submit(visitor.get, "/readyz")
            wait_until(lambda: wire.round_trips == 1, "the database is asked")

            soon = other.get("/readyz")
            clock.now += CHECK_TIMEOUT
            late = other.get("/readyz")
            wire.flows.set()

            assert soon.status_code == waiting.result().status_code == 200
            assert (late.status_code, late.json()["reason"]) == (503, NO_ANSWER.reason)


@pytest.fixture
def stranded() -> Iterator[Visitor]:
    uri = f"postgresql://movr@127.0.0.1:{free_port()}/movr"
    with visiting(create_app(settings_for(uri))) as new:
        yield new()


def test_only_internal_clients_see_the_driver_s_message(stranded: Visitor) -> None:
    inside = stranded.get("/readyz")
    public = stranded.get("/readyz", {"X-Forwarded-For": "203.0.113.7"})

    assert "Connection refused" in inside.json()["cause"]
    assert public.json().keys() == {"status", "reason"}
    assert inside.json()["reason"] == public.json()["reason"]


def test_an_unavailable_database_is_counted_at_readyz(stranded: Visitor) -> None:
    def refusals() -> float:
        labels = {"route": "/readyz", "reason": "DatabaseUnavailable"}
        return of(numbers(stranded.get("/metrics")), "movr_refusals_total", **labels)

    before = refusals()
    stranded.get("/readyz")

    assert refusals() - before == 1
