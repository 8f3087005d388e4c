"""The wire between MovR and its database, made longer, with the round trips on it counted."""

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

# What is on its way, and when it arrives; None is the end.
_Queue = queue.SimpleQueue[tuple[float, bytes | None]]


class LatencyProxy:
    """A proxy that counts round trips: how often the client spoke after the server had.

    It delays what passes, by half of `distance` in each direction; it does not throttle, so what is
    sent together arrives together.
    """

    def __init__(self, url: URL, *, distance: float = 0) -> None:
        """Stand in front of the server of this URL, `distance` seconds of round trip away."""
        self._url = url
        self.delay: Final = distance / 2
        self._lock = threading.Lock()
        self._trips = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> URL:
        """The same database, by way of this proxy."""
        ours = {"host", "port"}
        query = {name: value for name, value in self._url.query.items() if name not in ours}
        port = self._listener.getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port, query=query)

    @property
    def round_trips(self) -> int:
        """How many there were since the last reset."""
        with self._lock:
            return self._trips

    def reset(self) -> None:
        """Count from zero."""
        with self._lock:
            self._trips = 0

    def count(self) -> None:
        """Count one more."""
        with self._lock:
            self._trips += 1

    def on_question(self, data: bytes) -> None:
        """Called with all that the client says. A ConnectionError from here cuts the connection."""

    def on_answer(self) -> None:
        """Called whenever the server answers, in the same way."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed: nobody comes any more
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
    """One connection through the wire."""

    def __init__(self, proxy: LatencyProxy, client: socket.socket, server: socket.socket) -> None:
        """Lie between these two."""
        self._proxy, self._client, self._server = proxy, client, server
        self._to_client, self._to_server = _Queue(), _Queue()
        self._server_spoke = True
        for end in (client, server):
            if end.family != socket.AF_UNIX:  # a kernel that waits for more would delay, too
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Carry both ways, until either end closes."""
        for act, *arguments in (
            (self._listen, self._client, self._on_question, self._to_server),
            (self._listen, self._server, self._on_answer, self._to_client),
            (self._deliver, self._to_server, self._server),
            (self._deliver, self._to_client, self._client),
        ):
            threading.Thread(target=act, args=arguments, daemon=True).start()

    def _listen(self, source: socket.socket, notice: Callable[[bytes], None], way: _Queue) -> None:
        with suppress(OSError):  # the other end has closed both, or the wire was cut
            while data := source.recv(BUFFER):
                arrival = time.monotonic() + self._proxy.delay
                notice(data)
                way.put((arrival, data))
        way.put((time.monotonic() + self._proxy.delay, None))

    def _deliver(self, way: _Queue, sink: socket.socket) -> None:
        with suppress(OSError):
            while True:
                arrival, data = way.get()
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
