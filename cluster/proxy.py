"""A proxy that simulates a global load balancer: it maps host names to cities and regions.

`http://paris.localhost:8000` shows the site as from Paris; browsers resolve all names under
localhost to this machine. The proxy replaces an X-City header sent by the client, and appends the
client's address to X-Forwarded-For.

If the app server of the city's region does not answer, the next region's does; the header
X-Served-By-Region tells which one. There are no health checks: each request first tries its own
region.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from movr.cities import CITIES, DEFAULT_CITY, City

CITY_HEADER: Final = "X-City"
HOST: Final = "127.0.0.1"
CONNECT_TIMEOUT: Final = 1  # seconds
PAGE_TIMEOUT: Final = 5  # seconds; MovR answers or refuses within three
FORM_TIMEOUT: Final = 60  # seconds; a form is not sent again, so giving up earlier gains nothing
# Methods that change nothing may be sent to another region after they were sent to the first. A
# POST may have taken effect although its answer was lost, so it is sent to another region only if
# no connection could be made.
REPEATABLE: Final = frozenset({"GET", "HEAD"})
# Hop-by-hop headers (RFC 9110, section 7.6.1), and headers that the proxy sets itself.
NOT_PASSED_ON: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}
    | {"x-city", "x-city-lat-long", "x-forwarded-for", "x-forwarded-proto"}
)
_BY_HOST: Final = {city.name.replace(" ", "-"): city for city in CITIES}


def city_of_host(host: str) -> City:
    """Return the city whose name the host name begins with, or the default city."""
    return _BY_HOST.get(host.partition(".")[0].casefold(), DEFAULT_CITY)


def host_of_city(city: City) -> str:
    """Return the host name for visitors in this city."""
    return f"{city.name.replace(' ', '-')}.localhost"


class Proxy(ThreadingHTTPServer):
    """Forwards requests to the app server of the city's region; `servers` has ports by region."""

    daemon_threads = True

    def __init__(self, port: int, servers: Mapping[str, int]) -> None:
        """Listen on this port of the loopback interface."""
        super().__init__((HOST, port), Handler)
        self.servers = servers

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's
        """Print no traceback if the client has closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def connections(self, city: City) -> Iterator[HTTPConnection]:
        """Yield open connections to the city's region and to the next ones that can be reached."""
        # In the order of REGIONS, each region's neighbour comes before the farther one.
        for region in sorted(self.servers, key=lambda region: region != city.region):
            connection = HTTPConnection(HOST, self.servers[region], timeout=CONNECT_TIMEOUT)
            try:
                connection.connect()
            except OSError:
                continue
            yield connection


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def pass_on(self) -> None:
        """Forward the request to the city's region, or the next one, and send the response."""
        city = city_of_host(self.headers.get("Host", ""))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for connection in self.server.connections(city):
            if reply := self._ask(connection, city, body):
                self._send(*reply)
                return
            if self.command not in REPEATABLE:
                break
        self.send_error(HTTPStatus.BAD_GATEWAY, "No region answered")

    do_GET = do_POST = do_HEAD = pass_on  # noqa: N815 - as the library names them

    def _ask(
        self, connection: HTTPConnection, city: City, body: bytes
    ) -> tuple[HTTPResponse, bytes] | None:
        """Send the request and return the response with its content, or None without one."""
        is_repeatable = self.command in REPEATABLE
        with closing(connection):
            try:
                connection.sock.settimeout(PAGE_TIMEOUT if is_repeatable else FORM_TIMEOUT)
                connection.request(self.command, self.path, body, self._headers(city))
                reply = connection.getresponse()
                return reply, reply.read()
            except (OSError, HTTPException):
                return None

    def _send(self, reply: HTTPResponse, content: bytes) -> None:
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in NOT_PASSED_ON | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _headers(self, city: City) -> dict[str, str]:
        passed = {
            name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON
        }
        clients = [*self.headers.get_all("X-Forwarded-For", []), self.client_address[0]]
        own = {CITY_HEADER: city.name, "X-Forwarded-For": ", ".join(clients)}
        return passed | own | {"Host": self.headers.get("Host", "localhost")}

    def log_message(self, *_: object) -> None:
        """Log nothing; the app servers log requests."""
