"""A proxy that simulates a global load balancer: it maps host names to cities and regions.

`http://paris.localhost:8000` shows the site as from Paris; browsers resolve all names under
localhost to this machine. The proxy replaces an X-City header sent by the client.
"""

from collections.abc import Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from movr.cities import CITIES, DEFAULT_CITY, City

CITY_HEADER: Final = "X-City"
TIMEOUT: Final = 60  # seconds
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
        super().__init__(("127.0.0.1", port), Handler)
        self.servers = servers


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def pass_on(self) -> None:
        """Forward the request to the app server of the city's region and send its response."""
        city = city_of_host(self.headers.get("Host", ""))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection("127.0.0.1", self.server.servers[city.region], timeout=TIMEOUT)
        try:
            connection.request(self.command, self.path, body, self._headers(city))
            reply = connection.getresponse()
            content = reply.read()
        except OSError:
            self.send_error(502)
            return
        finally:
            connection.close()
        self.send_response_only(reply.status, reply.reason)
        for name, value in reply.getheaders():
            if name.lower() not in NOT_PASSED_ON | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_HEAD = pass_on  # noqa: N815 - as the library names them

    def _headers(self, city: City) -> dict[str, str]:
        passed = {
            name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON
        }
        own = {CITY_HEADER: city.name, "X-Forwarded-For": self.client_address[0]}
        return passed | own | {"Host": self.headers.get("Host", "localhost")}

    def log_message(self, *_: object) -> None:
        """Log nothing; the app servers log requests."""
