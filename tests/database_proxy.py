"""The wire between MovR and its database, which can be cut."""

import socket
import threading

from sqlalchemy import URL

from bench.latency_proxy import LatencyProxy
from movr.database.admin import uri_text


class CuttingProxy(LatencyProxy):
    """A wire that is cut, once, where a statement passes.

    Before the server hears of it, or after, so that only the answer is lost.
    """

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._cutting = threading.Lock()
        self._cut: bytes | None = None
        self._answer_only = False
        self._is_unanswered = False

    def cut_at(self, statement: bytes, *, answer_only: bool) -> None:
        """Cut the connection when this passes next; with `answer_only` the server hears it yet."""
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
    """A wire that falls silent: the server hears what is said, and its answers are held back."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._speaking = threading.Event()
        self._speaking.set()
        self._last_heard: bytes | None = None

    def fall_silent(self, *, at: bytes = b"") -> None:
        """Hold answers back from the next question on that has this in it."""
        self._last_heard = at

    def speak(self) -> None:
        """Let the answers through, those held back too."""
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
