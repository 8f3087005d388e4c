"""A proxy that stands in for a global load balancer: by host name to a city, and to its region.

`http://paris.localhost:8000` is what a visitor in Paris would see: browsers take every name under
localhost for this machine. A client's own X-City never gets through.
"""

from collections.abc import Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from movr.cities import CITIES, DEFAULT_CITY, City

CITY_HEADER: Final = "X-City"
TIMEOUT: Final = 60  # seconds
# What concerns one connection only (RFC 9110, 7.6.1), and what the proxy says itself.
NOT_PASSED_ON: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}
    | {"x-city", "x-city-lat-long", "x-forwarded-for", "x-forwarded-proto"}
)
_BY_HOST: Final = {city.name.replace(" ", "-"): city for city in CITIES}


def city_of_host(host: str) -> City:
    """The city a host name begins with; without one, the default city."""
    return _BY_HOST.get(host.partition(".")[0].casefold(), DEFAULT_CITY)


def host_of_city(city: City) -> str:
    """The host name that stands for a visitor in this city."""
    return f"{city.name.replace(' ', '-')}.localhost"


class Proxy(ThreadingHTTPServer):
    """Passes requests on to the app server of the city's region; ports by region."""

    daemon_threads = True

    def __init__(self, port: int, servers: Mapping[str, int]) -> None:
        """Listen on this port of the loopback."""
        super().__init__(("127.0.0.1", port), Handler)
        self.servers = servers


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def pass_on(self) -> None:
        """Ask the city's region, and answer what it answers."""
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
        said = {CITY_HEADER: city.name, "X-Forwarded-For": self.client_address[0]}
        return passed | said | {"Host": self.headers.get("Host", "localhost")}

    def log_message(self, *_: object) -> None:
        """Say nothing: the app servers do."""
