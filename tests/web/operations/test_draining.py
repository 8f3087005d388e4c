"""Draining: a process that gets SIGTERM reports not ready, finishes its requests and stops."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from subprocess import Popen

import httpx
import pytest
from sqlalchemy import Engine, text

from tests import plain_http
from tests.cli.test_serve import wait_until
from tests.conftest import START_TIMEOUT, plain_client, running, visitors
from tests.web.operations.test_metrics import numbers, of

Served = tuple[str, Popen[bytes]]
LONG = "600"  # seconds; no test waits so long


@pytest.fixture(scope="module")
def draining(database: str) -> Iterator[Served]:
    """A gunicorn that got SIGTERM, with a long DRAIN_SECONDS; the last test here stops it."""
    with running(DB_URI=database, DEBUG="1", DRAIN_SECONDS=LONG) as (url, process):
        os.kill(process.pid, signal.SIGTERM)
        wait_until(lambda: plain_http.get(f"{url}/readyz").status_code == 503, "readiness turns")
        yield url, process


def test_a_draining_process_reports_not_ready_with_the_reason(draining: Served) -> None:
    url, _ = draining

    reply = plain_http.get(f"{url}/readyz")

    assert reply.status_code == 503
    assert "draining" in reply.json()["reason"]


def test_a_draining_process_is_alive_and_serves_new_requests(draining: Served) -> None:
    url, _ = draining

    assert plain_http.get(f"{url}/healthz").status_code == 200
    assert plain_http.get(url).status_code == 200


def test_a_draining_process_closes_connections_after_the_response(draining: Served) -> None:
    url, _ = draining

    assert plain_http.get(url).headers["Connection"] == "close"


def test_a_second_sigterm_stops_it_at_once(draining: Served) -> None:
    url, process = draining

    os.kill(process.pid, signal.SIGTERM)

    assert process.wait(START_TIMEOUT) == 0
    with pytest.raises(httpx.ConnectError):
        plain_http.get(f"{url}/healthz")


def test_it_stops_after_drain_seconds(database: str) -> None:
    with running(DB_URI=database, DEBUG="1", DRAIN_SECONDS="1") as (url, process):
        assert plain_http.get(f"{url}/readyz").status_code == 200
        os.kill(process.pid, signal.SIGTERM)

        assert process.wait(START_TIMEOUT) == 0


def test_a_request_in_flight_is_finished(database: str, engine: Engine) -> None:
    """The request waits for a locked row while the process gets SIGTERM."""
    with (
        running(DB_URI=database, DEBUG="1") as (url, process),
        visitors(lambda: plain_client(url)) as new,
        ThreadPoolExecutor(1) as pool,
    ):
        rider = new()
        vehicle = rider.register().add_vehicle()
        with engine.begin() as connection:
            connection.execute(
                text("SELECT id FROM vehicles WHERE city = :city AND public_id = :id FOR UPDATE"),
                {"city": "new york", "id": vehicle},
            )
            reply = pool.submit(rider.start, vehicle)
            wait_until(lambda: _is_in_a_transaction(url), "the request waits for the row")
            os.kill(process.pid, signal.SIGTERM)
            wait_until(lambda: _is_closed(url), "the listener is closed")

        assert reply.result().status_code == 303
        assert process.wait(START_TIMEOUT) == 0


def _is_in_a_transaction(url: str) -> bool:
    found = numbers(plain_http.get(f"{url}/metrics"))
    return of(found, "movr_database_connections_in_use", pool="write") > 0


def _is_closed(url: str) -> bool:
    try:
        plain_http.get(f"{url}/healthz")
    except httpx.TransportError:
        return True
    return False
