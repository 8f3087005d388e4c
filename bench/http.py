"""A minimal HTTP/1.1 client, so that the client's own CPU time does not distort results."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

CHUNK: Final = 1 << 18  # bytes, larger than any page
TIMEOUT: Final = 60  # seconds

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COOKIE: Final = re.compile(rb"\r\nset-cookie: *((?:__Host-)?session=[^;\r]*)", re.IGNORECASE)
_HEADER_END: Final = b"\r\n\r\n"


class Unexpected(Exception):  # noqa: N818 - a message for the command line
    """A server gave an unexpected response; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A response: status, raw head, body."""

    status: int
    head: bytes
    body: bytes

    @property
    def session(self) -> str | None:
        """The session cookie that the response sets, as `name=value`; or None."""
        found = _COOKIE.search(self.head)
        return found[1].decode() if found else None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


def request(
    path: str, *, session: str = "", token: str = "", fields: Mapping[str, str] | None = None
) -> bytes:
    """Return the bytes of a GET request or, with `fields`, of a POST request with a form.

    It has the cookie of a session, or an access token of the API, if they are given.
    """
    proof = f"Cookie: {session}\r\n" if session else ""
    proof += f"Authorization: Bearer {token}\r\n" if token else ""
    if fields is None:
        return f"GET {path} HTTP/1.1\r\nHost: movr\r\n{proof}\r\n".encode()
    return _post(path, proof, "application/x-www-form-urlencoded", urlencode(fields))


def json_request(path: str, body: Mapping[str, str]) -> bytes:
    """Return the bytes of a POST request with JSON."""
    return _post(path, "", "application/json", json.dumps(body))


def _post(path: str, headers: str, mimetype: str, body: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: movr\r\n{headers}"
        f"Content-Type: {mimetype}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Connection:
    """A persistent connection to a server."""

    def __init__(self, url: str) -> None:
        """Connect to the server of this URL."""
        place = urlsplit(url)
        self.socket: Final = socket.create_connection(
            (place.hostname or "", place.port or 80), TIMEOUT
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._expected = 0

    def exchange(self, data: bytes) -> Reply:
        """Send a request and wait for the reply."""
        self.send(data)
        while (reply := self.receive()) is None:
            pass
        return reply

    def send(self, data: bytes) -> None:
        """Send a request."""
        self.socket.sendall(data)

    def receive(self) -> Reply | None:
        """Receive available data; return the reply once it is complete, None until then."""
        data = self.socket.recv(CHUNK)
        if not data:
            raise Unexpected("The server closed the connection.")
        self._received += data
        self._expected = self._expected or _length(self._received)
        if not self._expected or len(self._received) < self._expected:
            return None
        reply = _reply(bytes(self._received))
        self._received.clear()
        self._expected = 0
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def _length(received: bytearray) -> int:
    """Return the length of the reply, head and body, in bytes; 0 while its head is incomplete."""
    end = received.find(_HEADER_END)
    if end < 0:
        return 0
    found = _LENGTH.search(received, 0, end)
    if not found:
        raise Unexpected("The server did not say how long its reply is.")
    return end + len(_HEADER_END) + int(found[1])


def _reply(data: bytes) -> Reply:
    head, _, body = data.partition(_HEADER_END)
    return Reply(int(head[9:12]), head, body)
