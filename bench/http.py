"""A little HTTP/1.1, so light that what is measured is the server."""

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

CHUNK: Final = 1 << 18  # bytes: more than a page
TIMEOUT: Final = 60  # seconds

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE: Final = re.compile(rb"\r\nset-cookie: *session=([^;\r]*)", re.IGNORECASE)
_HEADER_END: Final = b"\r\n\r\n"


class Unexpected(Exception):  # noqa: N818 - a reason, told and done with
    """A server did not do what was expected, in one sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its head as it came, its body."""

    status: int
    head: bytes
    body: bytes

    @property
    def session(self) -> str | None:
        """The session cookie that it sets; None if it leaves the old one."""
        found = _COOKIE.search(self.head)
        return found[1].decode() if found else None

    @property
    def text(self) -> str:
        """The page."""
        return self.body.decode()


def request(path: str, *, session: str = "", fields: Mapping[str, str] | None = None) -> bytes:
    """A request for a page, or with `fields` the sending of a form."""
    cookie = f"Cookie: session={session}\r\n" if session else ""
    if fields is None:
        return f"GET {path} HTTP/1.1\r\nHost: movr\r\n{cookie}\r\n".encode()
    form = urlencode(fields)
    return (
        f"POST {path} HTTP/1.1\r\nHost: movr\r\n{cookie}"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n{form}"
    ).encode()


class Connection:
    """One connection to a server, kept open."""

    def __init__(self, url: str) -> None:
        """Connect to the server of this URL."""
        place = urlsplit(url)
        self.socket: Final = socket.create_connection(
            (place.hostname or "", place.port or 80), TIMEOUT
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._came = bytearray()
        self._expected = 0

    def ask(self, asked: bytes) -> Reply:
        """Send a request and wait for the reply."""
        self.send(asked)
        while (reply := self.receive()) is None:
            pass
        return reply

    def send(self, asked: bytes) -> None:
        """Send a request."""
        self.socket.sendall(asked)

    def receive(self) -> Reply | None:
        """Take what has come: the reply once it is complete, None until then."""
        data = self.socket.recv(CHUNK)
        if not data:
            raise Unexpected("The server closed the connection.")
        self._came += data
        self._expected = self._expected or _length(self._came)
        if not self._expected or len(self._came) < self._expected:
            return None
        reply = _reply(bytes(self._came))
        self._came.clear()
        self._expected = 0
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def _length(came: bytearray) -> int:
    """How long the reply will be, head and body; 0 while its head is incomplete."""
    end = came.find(_HEADER_END)
    if end < 0:
        return 0
    found = _LENGTH.search(came, 0, end)
    if not found:
        raise Unexpected("The server did not say how long its reply is.")
    return end + len(_HEADER_END) + int(found[1])


def _reply(came: bytes) -> Reply:
    head, _, body = came.partition(_HEADER_END)
    return Reply(int(head[9:12]), head, body)
