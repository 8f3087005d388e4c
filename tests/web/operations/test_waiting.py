"""What requests wait for while a table is locked, and while clients do nothing."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine, text

from movr.database.deadline import REQUEST_DEADLINE
from movr.database.engine import is_cockroachdb
from tests import raw_http
from tests.cli.test_serve import wait_until
from tests.conftest import serving
from web.operations.gunicorn_worker import PROBE_THREADS

THREADS = 4
QUEUED = 6 * THREADS
PROBE_SECONDS = 0.1
CLOSE = b"GET /healthz HTTP/1.1\r\nHost: movr.test\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def worker(database: str) -> Iterator[str]:
    """The URL of MovR with a single worker."""
    with serving(DB_URI=database, DEBUG="1", WORKERS="1", THREADS=str(THREADS)) as url:
        yield url


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Keep all others from reading the table of vehicles inside the block."""
    if is_cockroachdb(engine.url):
        pytest.skip("CockroachDB has no LOCK TABLE")
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE vehicles IN ACCESS EXCLUSIVE MODE"))
        yield


def waiters(engine: Engine) -> int:
    """Return how many connections wait for a lock."""
    query = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with engine.connect() as connection:
        found: int = connection.execute(query).scalar_one()
        return found


def seconds_for(url: str) -> float:
    """Return the seconds until a response on a new connection."""
    parts = urlsplit(url)
    request = raw_http.request(b"GET", parts.path.encode(), [(b"Host", b"movr.test")])
    began = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=15) as client:
        client.sendall(request)
        assert client.makefile("rb").readline().split()[1] in {b"200", b"503"}
    return time.monotonic() - began


def test_a_request_s_deadline_counts_from_when_it_was_accepted(worker: str, engine: Engine) -> None:
    with locked(engine), ThreadPoolExecutor(QUEUED) as pool:
        seconds = list(pool.map(seconds_for, [f"{worker}/vehicles"] * QUEUED))

    assert max(seconds) < REQUEST_DEADLINE + 1  # for the refusals themselves, on a busy machine


@contextmanager
def queue(url: str) -> Iterator[None]:
    """Keep several clients for each thread asking for this page inside the block."""
    is_over = Event()

    def ask() -> None:
        while not is_over.is_set():
            seconds_for(url)

    with ThreadPoolExecutor(QUEUED) as pool:
        for _ in range(QUEUED):
            pool.submit(ask)
        try:
            yield
        finally:
            is_over.set()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_answered_while_all_threads_wait_for_a_lock(
    worker: str, engine: Engine, path: str
) -> None:
    seconds_for(worker + path)  # connects to the database
    with locked(engine), queue(f"{worker}/vehicles"):
        wait_until(lambda: waiters(engine) >= THREADS, "threads that wait")

        assert min(seconds_for(worker + path) for _ in range(3)) < PROBE_SECONDS


@contextmanager
def connections(url: str, *, sending: bytes) -> Iterator[None]:
    """Keep as many connections as there are threads open inside the block.

    gunicorn accepts connections in their order, so it has these when it accepts a later one.
    """
    place = (urlsplit(url).hostname, urlsplit(url).port)
    with ExitStack() as stack:
        for _ in range(THREADS):
            client = stack.enter_context(socket.create_connection(place))
            client.sendall(sending)
            if sending == CLOSE:
                client.recv(1)  # the response: now the server waits for the client to close
        yield


@pytest.mark.parametrize("sending", [b"", CLOSE], ids=["send nothing", "do not close"])
def test_clients_that_do_nothing_make_no_other_wait(worker: str, sending: bytes) -> None:
    with connections(worker, sending=sending):
        assert seconds_for(f"{worker}/login") < 1


UNFINISHED = {
    "a head without an end": b"GET /healthz HTTP/1.1\r\nHost: movr.test\r\n",
    "no body": b"GET /healthz HTTP/1.1\r\nHost: movr.test\r\nContent-Length: 9\r\n\r\n",
    "no chunk": b"GET /readyz HTTP/1.1\r\nHost: movr.test\r\nTransfer-Encoding: chunked\r\n\r\n",
}


@pytest.mark.parametrize("sending", UNFINISHED.values(), ids=UNFINISHED)
def test_a_probe_is_answered_while_all_threads_read_what_clients_send(
    worker: str, sending: bytes
) -> None:
    with connections(worker, sending=sending):
        assert seconds_for(f"{worker}/healthz") < 1  # gunicorn would wait for a body for 5


def padded(path: bytes, length: int) -> bytes:
    """Return a request of this length in bytes."""
    headers = [(b"Host", b"movr.test"), (b"X-Padding", b"")]
    shortest = len(raw_http.request(b"GET", path, headers))
    headers[1] = (b"X-Padding", b"x" * (length - shortest))
    return raw_http.request(b"GET", path, headers)


CONNECTIONS = 60  # of a worker at most


@pytest.fixture(scope="module")
def narrow_worker(database: str) -> Iterator[str]:
    """The URL of MovR with a single worker that accepts few connections."""
    narrow = f"--worker-connections={CONNECTIONS}"
    with serving(DB_URI=database, DEBUG="1", WORKERS="1", GUNICORN_CMD_ARGS=narrow) as url:
        yield url


def test_idle_connections_never_keep_others_from_being_accepted(narrow_worker: str) -> None:
    """Those that have sent a request are fewer: gunicorn closes some of them."""
    place = (urlsplit(narrow_worker).hostname, urlsplit(narrow_worker).port)
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(place))

        assert seconds_for(f"{narrow_worker}/healthz") < 3  # the worker looks once a second


def test_connections_that_clients_do_not_close_never_keep_others_from_being_accepted(
    narrow_worker: str,
) -> None:
    place = (urlsplit(narrow_worker).hostname, urlsplit(narrow_worker).port)
    with ExitStack() as stack:
        for _ in range(3 * CONNECTIONS):
            client = stack.enter_context(socket.create_connection(place))
            client.sendall(CLOSE)

        assert seconds_for(f"{narrow_worker}/healthz") < 3


def test_a_probe_is_answered_while_other_requests_are_sent_between_probes(
    worker: str, engine: Engine
) -> None:
    # gunicorn reads the first two at once, so that the third is what the socket has next.
    requests = [padded(path, 4096) for path in (b"/healthz", b"/vehicles", b"/healthz")]
    place = (urlsplit(worker).hostname, urlsplit(worker).port)
    seconds_for(f"{worker}/readyz")  # connects to the database
    with locked(engine), ExitStack() as stack:
        for _ in range(PROBE_THREADS):
            client = stack.enter_context(socket.create_connection(place))
            client.sendall(b"".join(requests))
        wait_until(lambda: waiters(engine) >= PROBE_THREADS, "threads that wait")

        assert seconds_for(f"{worker}/healthz") < 1
