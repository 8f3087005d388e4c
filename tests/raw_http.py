"""An HTTP client that sends bytes unchanged, including malformed requests."""

import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

TIMEOUT = 30  # seconds
HUNG_UP = 0  # instead of a status: the server closed the connection

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Reply:
    """The response; if there are several, the one with the highest status."""

    status: int
    location: str
    text: str


def request(method: bytes, path: bytes, headers: Headers, body: bytes = b"") -> bytes:
    """Return the bytes of a request from its parts."""
    lines = [b"%b: %b" % header for header in headers]
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, path), *lines, b"", body])


def send(port: int, request: bytes) -> Reply:
    """Send bytes over a new connection and read the whole response."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        with suppress(OSError):  # the server may close the connection early
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            while more := connection.recv(65536):
                answer += more
    return _read(answer)


def _read(answer: bytes) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    location = re.search(rb"^Location: (.*?)\r?$", head, re.MULTILINE)
    statuses = re.findall(rb"^HTTP/1\.[01] (\d{3}) ", answer, re.MULTILINE)
    return Reply(
        max(map(int, statuses), default=HUNG_UP),
        location[1].decode("latin-1") if location else "",
        body.decode(errors="replace"),
    )
