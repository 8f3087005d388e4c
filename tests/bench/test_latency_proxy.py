"""The latency proxy: the round trips that it counts and the delay that it adds."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import URL

from bench.latency_proxy import LatencyProxy

ROUND_TRIP = 0.1  # seconds


@pytest.fixture
def echo() -> Iterator[URL]:
    """Run a server that sends back what it receives, for one client after another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    while data := client.recv(1024):
                        client.sendall(data)

        threading.Thread(target=serve, daemon=True).start()
        yield URL.create("postgresql", host="127.0.0.1", port=listener.getsockname()[1])


def connect(proxy: LatencyProxy) -> socket.socket:
    return socket.create_connection((proxy.url.host, proxy.url.port), timeout=10)


def hear(client: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        came = client.recv(1 << 16)
        assert came, "the connection was closed"
        received += came
    return received


def test_an_answer_takes_the_distance(echo: URL) -> None:
    with LatencyProxy(echo, distance=ROUND_TRIP) as proxy, connect(proxy) as client:
        began = time.monotonic()
        client.sendall(b"one")

        assert hear(client, 3) == b"one"
        assert time.monotonic() - began >= ROUND_TRIP


def test_what_is_sent_arrives_whole_and_in_order(echo: URL) -> None:
    sent = bytes(range(256)) * 4096
    with LatencyProxy(echo, distance=ROUND_TRIP) as proxy, connect(proxy) as client:
        threading.Thread(target=client.sendall, args=(sent,), daemon=True).start()

        assert hear(client, len(sent)) == sent


def test_a_round_trip_is_counted_when_the_client_sends_after_the_server(echo: URL) -> None:
    with LatencyProxy(echo) as proxy, connect(proxy) as client:
        for question in (b"one", b"two", b"three"):
            client.sendall(question)
            hear(client, len(question))
        before = proxy.round_trips
        proxy.reset()

        assert (before, proxy.round_trips) == (3, 0)
