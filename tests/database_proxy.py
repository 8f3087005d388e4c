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
        self._may_reply = threading.Event()
        self._may_reply.set()
        self._held_statement: bytes | None = None

    def hold_replies(self, *, at: bytes = b"") -> None:
        """Hold back replies from the next statement on that contains this text."""
        self._held_statement = at

    def release_replies(self) -> None:
        """Forward all replies, including those held back."""
        self._held_statement = None
        self._may_reply.set()

    def on_question(self, data: bytes) -> None:
        if self._held_statement is not None and self._held_statement in data:
            self._may_reply.clear()

    def on_answer(self) -> None:
        self._may_reply.wait()


class StoppingProxy(LatencyProxy):
    """A proxy that can stop: it then cuts existing connections and refuses new ones."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self._has_stopped = False

    def stop(self) -> None:
        """Stop: cut every connection and refuse new ones."""
        self._has_stopped = True
        self._listener.shutdown(socket.SHUT_RDWR)

    def on_question(self, _data: bytes) -> None:
        if self._has_stopped:
            raise ConnectionAbortedError


class FailingProxy(LatencyProxy):
    """A proxy that cuts each connection at its next statement, while `is_failing` is set."""

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        self.is_failing = threading.Event()

    def on_question(self, _data: bytes) -> None:
        if self.is_failing.is_set():
            raise ConnectionAbortedError


def at_both(first: LatencyProxy, second: LatencyProxy) -> str:
    """Return the URI of a database with the hosts of two proxies, in this order."""
    hosts = tuple(f"{proxy.url.host}:{proxy.url.port}" for proxy in (first, second))
    url = first.url._replace(host=None, port=None)
    return uri_text(url.update_query_dict({"host": hosts}))
