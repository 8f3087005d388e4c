"""Round trips, counted on the wire: a proxy between MovR and its database."""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from sqlalchemy import URL

BUFFER = 65536


class Wire:
    """A proxy that counts how often the client spoke after the server had: round trips."""

    def __init__(self, url: URL) -> None:
        """Stand in front of the server of this URL, on a port of the loopback."""
        self._url = url
        self._lock = threading.Lock()
        self._trips = 0
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
            server = self._connect()
            speaker = {"last": server}
            for source, target in ((client, server), (server, client)):
                threading.Thread(
                    target=self._pass_on, args=(source, target, client, speaker), daemon=True
                ).start()

    def _connect(self) -> socket.socket:
        folder = self._url.query.get("host")
        if isinstance(folder, str) and folder.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(Path(folder) / f".s.PGSQL.{self._url.port or 5432}"))
            return server
        return socket.create_connection((self._url.host or "127.0.0.1", self._url.port or 5432))

    def _pass_on(
        self,
        source: socket.socket,
        target: socket.socket,
        client: socket.socket,
        speaker: dict[str, socket.socket],
    ) -> None:
        with suppress(OSError):  # the other direction has closed both
            while data := source.recv(BUFFER):
                with self._lock:
                    if source is client and speaker["last"] is not client:
                        self._trips += 1
                    speaker["last"] = source
                target.sendall(data)
        source.close()
        target.close()
