"""How gunicorn ends: by SIGTERM, and without losing a request."""

import socket
from urllib.parse import urlsplit

from tests.conftest import running
from tests.http.test_run import is_open, until

BODY = b"username=ada&password=lovelace"
HEAD = (
    b"POST /login HTTP/1.1\r\nHost: movr.test\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


def test_who_stops_refuses_connections_at_once_and_still_ends_the_request_in_flight(
    database: str,
) -> None:
    with running(DB_URI=database, DEBUG="1") as (url, process), socket.socket() as client:
        port = urlsplit(url).port or 0
        client.connect(("127.0.0.1", port))
        client.sendall(HEAD + BODY[:10])  # so that it is in flight until we like it to end

        process.terminate()

        until(lambda: not is_open(port), "a refused connection")
        client.sendall(BODY[10:])
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 400 ")  # it has no token
