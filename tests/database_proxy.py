"""Proxies between MovR and its database that simulate network failures."""

import socket
import threading

from sqlalchemy import URL

from bench.latency_proxy import LatencyProxy
from movr.database.admin import uri_text


class CuttingProxy(LatencyProxy):
    """A proxy that cuts the connection once, at a given statement.

    It cuts before the server receives the statement, or afterwards, so that only the reply is lost.
    """

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._cutting = threading.Lock()
        self._cut: bytes | None = None
        self._answer_only = False
        self._is_unanswered = False

    def cut_at(self, statement: bytes, *, answer_only: bool) -> None:
        """Cut the connection at this statement; with `answer_only`, after forwarding it."""
        with self._cutting:
            self._cut, self._answer_only = statement, answer_only

    @property
    def has_cut(self) -> bool:
        """True once the connection was cut."""
        with self._cutting:
            return self._cut is None

    def on_question(self, data: bytes) -> None:
        with self._cutting:
            if self._cut is None or self._cut not in data:
                return
            self._cut = None
            self._is_unanswered = self._answer_only
            if not self._answer_only:
                raise ConnectionAbortedError

    def on_answer(self) -> None:
        with self._cutting:
            if self._is_unanswered:
                self._is_unanswered = False
                raise ConnectionAbortedError


class SilentProxy(LatencyProxy):
    """A proxy that forwards statements and holds back the replies."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._speaking = threading.Event()
        self._speaking.set()
        self._last_heard: bytes | None = None

    def fall_silent(self, *, at: bytes = b"") -> None:
        """Hold back replies from the next statement on that contains this text."""
        self._last_heard = at

    def speak(self) -> None:
        """Forward all replies, including those held back."""
        self._last_heard = None
        self._speaking.set()

    def on_question(self, data: bytes) -> None:
        if self._last_heard is not None and self._last_heard in data:
            self._speaking.clear()

    def on_answer(self) -> None:
        self._speaking.wait()


class MortalWire(LatencyProxy):
    """A wire whose server can die: nobody answers a question or takes a call from then on."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._is_dead = False

    def die(self) -> None:
        """Cut every connection, and refuse new ones."""
        self._is_dead = True
        self._listener.shutdown(socket.SHUT_RDWR)

    def on_question(self, _data: bytes) -> None:
        if self._is_dead:
            raise ConnectionAbortedError


def at_both(first: LatencyProxy, second: LatencyProxy) -> str:
    """The URI of a database that two wires lead to: the second where the first fails."""
    hosts = tuple(f"{wire.url.host}:{wire.url.port}" for wire in (first, second))
    url = first.url._replace(host=None, port=None)
    return uri_text(url.update_query_dict({"host": hosts}))
