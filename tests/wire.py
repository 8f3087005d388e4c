"""Round trips, counted on the wire: a proxy between MovR and its database."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from sqlalchemy import URL

BUFFER = 65536


class Wire:
    """A proxy that counts how often the client spoke after the server had: round trips.

    It can also cut the connection, once, where a statement passes: before the server hears of it,
    or after, so that only the answer is lost.
    """

    def __init__(self, url: URL) -> None:
        """Stand in front of the server of this URL, on a port of the loopback."""
        self._url = url
        self._lock = threading.Lock()
        self._trips = 0
        self._cut: bytes | None = None
        self.answer_only = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> URL:
        """The same database, by way of this proxy."""
        query = {name: value for name, value in self._url.query.items() if name != "host"}
        port = self._listener.getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port, query=query)

    @property
    def round_trips(self) -> int:
        """How many there were since the last reset."""
        with self._lock:
            return self._trips

    def reset(self) -> None:
        with self._lock:
            self._trips = 0

    def cut_at(self, statement: bytes, *, answer_only: bool) -> None:
        """Cut the connection when this passes next; with `answer_only` the server hears it yet."""
        with self._lock:
            self._cut, self.answer_only = statement, answer_only

    @property
    def has_cut(self) -> bool:
        """True once the connection was cut."""
        with self._lock:
            return self._cut is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            Link(self, client, self._connect()).start()

    def _connect(self) -> socket.socket:
        folder = self._url.query.get("host")
        if isinstance(folder, str) and folder.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(folder) / f".s.PGSQL.{self._url.port or 5432}"))
            return server
        return socket.create_connection((self._url.host or "127.0.0.1", self._url.port or 5432))

    def count(self) -> None:
        with self._lock:
            self._trips += 1

    def cuts(self, data: bytes) -> bool:
        """True, once, if the connection is to be cut at this."""
        with self._lock:
            if self._cut is None or self._cut not in data:
                return False
            self._cut = None
            return True


class Link:
    """One connection through the wire."""

    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire, self._client, self._server = wire, client, server
        self._server_spoke = True
        self._is_cut = False

    def start(self) -> None:
        for carry in (self._carry_questions, self._carry_answers):
            threading.Thread(target=self._until_closed, args=(carry,), daemon=True).start()

    def _until_closed(self, carry: Callable[[], None]) -> None:
        with suppress(OSError):  # the other direction has closed both
            carry()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _carry_questions(self) -> None:
        while data := self._client.recv(BUFFER):
            if self._server_spoke:
                self._server_spoke = False
                self._wire.count()
            if self._wire.cuts(data):
                if not self._wire.answer_only:
                    return
                self._is_cut = True
            self._server.sendall(data)

    def _carry_answers(self) -> None:
        while (data := self._server.recv(BUFFER)) and not self._is_cut:
            self._server_spoke = True
            self._client.sendall(data)
