"""A client that sends bytes as they are, as no browser and no library would."""

import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

TIMEOUT = 30  # seconds
HUNG_UP = 0  # where a status should be

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Reply:
    """What came back; of several replies the worst status."""

    status: int
    location: str
    text: str


def request(method: bytes, path: bytes, headers: Headers, body: bytes = b"") -> bytes:
    """A request, well-formed if its parts are."""
    lines = [b"%b: %b" % header for header in headers]
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, path), *lines, b"", body])


def send(port: int, request: bytes) -> Reply:
    """Send this over a connection of its own, and hear all of the answer."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        with suppress(OSError):  # it need not hear us out
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
