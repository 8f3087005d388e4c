"""A TCP proxy in front of a database that adds latency and counts round trips."""

import queue
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from sqlalchemy import URL

from movr.database.engine import hosts

BUFFER: Final = 65536

# Data in transit with its time of arrival; None marks the end of the stream.
_Queue = queue.SimpleQueue[tuple[float, bytes | None]]


class LatencyProxy:
    """A proxy that delays data and counts round trips.

    A round trip is counted when the client sends data after the server did. Data is delayed by half
    of `distance` in each direction; the bandwidth is not limited.
    """

    def __init__(self, url: URL, *, distance: float = 0) -> None:
        """Listen in front of the server of this URL; `distance` is the added round trip in s."""
        self._url = url
        self.delay: Final = distance / 2
        self._lock = threading.Lock()
        self._trips = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> URL:
        """The URL of the same database through this proxy."""
        ours = {"host", "port"}
        query = {name: value for name, value in self._url.query.items() if name not in ours}
        port = self._listener.getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port, query=query)

    @property
    def round_trips(self) -> int:
        """The number of round trips since the last reset."""
        with self._lock:
            return self._trips

    def reset(self) -> None:
        """Set the count to zero."""
        with self._lock:
            self._trips = 0

    def count(self) -> None:
        """Add one to the count."""
        with self._lock:
            self._trips += 1

    def on_question(self, data: bytes) -> None:
        """Hook called with the client's data. Raising ConnectionError cuts the connection."""

    def on_answer(self) -> None:
        """Hook called when the server sends data. Raising ConnectionError cuts the connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # the listener was closed
                return
            ProxyLink(self, client, self._connect()).start()

    def _connect(self) -> socket.socket:
        host, port = hosts(self._url)[0]
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(host) / f".s.PGSQL.{port or 5432}"))
            return server
        return socket.create_connection((host or "127.0.0.1", int(port or 5432)))


class ProxyLink:
    """One connection through the proxy."""

    def __init__(self, proxy: LatencyProxy, client: socket.socket, server: socket.socket) -> None:
        """Connect these two sockets; `start` begins the transfer."""
        self._proxy, self._client, self._server = proxy, client, server
        self._to_client, self._to_server = _Queue(), _Queue()
        self._server_spoke = True
        for end in (client, server):
            if end.family != socket.AF_UNIX:  # Nagle's algorithm would add another delay
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Transfer data in both directions until either end closes."""
        for act, *arguments in (
            (self._receive, self._client, self._on_question, self._to_server),
            (self._receive, self._server, self._on_answer, self._to_client),
            (self._deliver, self._to_server, self._server),
            (self._deliver, self._to_client, self._client),
        ):
            threading.Thread(target=act, args=arguments, daemon=True).start()

    def _receive(self, source: socket.socket, hook: Callable[[bytes], None], out: _Queue) -> None:
        with suppress(OSError):  # the other end has closed both, or a hook cut the connection
            while data := source.recv(BUFFER):
                arrival = time.monotonic() + self._proxy.delay
                hook(data)
                out.put((arrival, data))
        out.put((time.monotonic() + self._proxy.delay, None))

    def _deliver(self, pending: _Queue, sink: socket.socket) -> None:
        with suppress(OSError):
            while True:
                arrival, data = pending.get()
                if (left := arrival - time.monotonic()) > 0:
                    time.sleep(left)
                if data is None:
                    break
                sink.sendall(data)
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _on_question(self, data: bytes) -> None:
        if self._server_spoke:
            self._server_spoke = False
            self._proxy.count()
        self._proxy.on_question(data)

    def _on_answer(self, _data: bytes) -> None:
        self._proxy.on_answer()
        self._server_spoke = True
