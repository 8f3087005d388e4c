"""The access log: what it contains, and what it must not contain."""

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from tests.conftest import free_port, settings_for, visiting
from tests.visitor import PASSWORD, Visitor
from web.app import create_app
from web.operations.request_logging import JsonFormatter

SECRETS = (PASSWORD, "ada@example.com", "Lovelace", "csrf_token", "session=")


class Lines(logging.Handler):
    """A log handler that stores records as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def last(self) -> dict[str, object]:
        entry: dict[str, object] = json.loads(self.lines[-1])
        return entry


@pytest.fixture
def log() -> Iterator[Lines]:
    lines, logger = Lines(), logging.getLogger("movr")
    access = logging.getLogger("movr.access")
    logger.addHandler(lines)
    access.setLevel(logging.INFO)
    yield lines
    access.setLevel(logging.NOTSET)
    logger.removeHandler(lines)


def test_each_request_is_logged_as_one_line(visitor: Visitor, log: Lines) -> None:
    visitor.register("paris")
    for _ in range(2):  # after the first search this process knows the density of vehicles
        visitor.get("/vehicles", {"X-City": "paris"})

    entry = log.last()

    assert (entry["method"], entry["route"], entry["status"]) == ("GET", "/vehicles", 200)
    assert (entry["city"], entry["statements"]) == ("paris", 1)
    assert isinstance(entry["milliseconds"], float)


def test_the_time_of_an_entry_is_rfc_3339(visitor: Visitor, log: Lines) -> None:
    before = datetime.now(UTC)
    visitor.get("/")

    written = str(log.last()["time"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", written)
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(written)
    assert datetime.fromisoformat(written) >= before - timedelta(milliseconds=1)


def test_the_route_is_logged_instead_of_the_path(visitor: Visitor, log: Lines) -> None:
    visitor.get("/users/6a0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1?after=x")
    visitor.get("/nothing/of/ours?secret=1")

    assert json.loads(log.lines[0])["route"] == "/users/<uuid:user_id>"
    assert log.last()["route"] == "unknown"
    assert "secret" not in log.lines[-1]


def test_the_request_id_of_the_proxy_is_logged_and_returned(visitor: Visitor, log: Lines) -> None:
    reply = visitor.get("/healthz", {"X-Request-ID": "0123456789abcdef"})

    assert reply.headers["X-Request-ID"] == log.last()["request_id"] == "0123456789abcdef"


@pytest.mark.parametrize("given", ["", "short", "a" * 65, 'x" y="12345678', "12345678\t{}"])
def test_an_invalid_request_id_is_replaced(visitor: Visitor, log: Lines, given: str) -> None:
    reply = visitor.get("/healthz", {"X-Request-ID": given})

    assert reply.headers["X-Request-ID"] == log.last()["request_id"] != given
    assert len(str(log.last()["request_id"])) == 32


def test_no_log_line_contains_personal_data(visitor: Visitor, log: Lines) -> None:
    visitor.register()
    visitor.start(visitor.add_vehicle())
    visitor.end(visitor.active_ride())
    visitor.post("/logout")
    visitor.log_in(visitor.username)
    visitor.log_in(visitor.username, "a wrong password")

    everything = "\n".join(log.lines)
    assert len(log.lines) > 10
    assert [secret for secret in (*SECRETS, visitor.username) if secret in everything] == []


def test_a_failure_is_logged_with_its_request_and_its_cause(app: Flask, log: Lines) -> None:
    with app.test_request_context("/vehicles"):
        app.preprocess_request()
        try:
            raise RuntimeError("on purpose")  # noqa: TRY301 - the cause itself
        except RuntimeError:
            logging.getLogger("movr").exception("GET /vehicles failed")

    entry = log.last()
    assert "RuntimeError: on purpose" in str(entry["exception"])
    assert entry["request_id"]


def test_a_row_rejected_by_the_database_is_not_logged(database: str, log: Lines) -> None:
    """PostgreSQL's message contains "DETAIL: Failing row contains (…, ada@example.com, …)"."""
    app = create_app(settings_for(database))

    @app.get("/fail")
    def fail() -> str:
        row = "'atlantis', '6a0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1', 'ada@example.com'"
        with app.extensions["movr"].engine.begin() as connection:
            connection.execute(text(f"INSERT INTO users (city, id, email) SELECT {row}"))
        return ""

    with visiting(app) as new:
        assert new().get("/fail").status_code == 500

    trace = next(str(json.loads(line)["exception"]) for line in log.lines if "Traceback" in line)
    assert "users" in trace
    assert "Failing row" not in trace
    assert "DETAIL" not in trace


def test_an_unavailable_database_is_logged_with_reason_and_route(log: Lines) -> None:
    uri = f"postgresql://movr@127.0.0.1:{free_port()}/movr"
    with visiting(create_app(settings_for(uri))) as new:
        new().get("/users/6a0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1")
        new().get("/vehicles?after=x")
        new().get("/vehicles")

    (entry,) = (json.loads(line) for line in log.lines if "DatabaseUnavailable" in line)
    assert entry["severity"] == "WARNING"
    assert "GET /vehicles: DatabaseUnavailable" in entry["message"]
    assert "Connection refused" in entry["message"]
    assert "exception" not in entry


def test_an_unexpected_error_is_logged_with_the_route_only(database: str, log: Lines) -> None:
    app = create_app(settings_for(database))

    @app.get("/fail/<name>")
    def fail(name: str) -> str:
        assert not name
        return ""

    with visiting(app) as new:
        new().get("/fail/lovelace")

    assert "GET /fail/<name>" in log.lines[0]
    assert "/fail/lovelace" not in "\n".join(log.lines)
