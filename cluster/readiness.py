"""Waiting until the app servers of the demo are ready."""

import subprocess
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Final

from cluster.nodes import CannotStart
from cluster.proxy import host_of_city
from movr.cities import CITIES

TIMEOUT: Final = 60  # seconds, for each app server
_POLL_INTERVAL: Final = 0.1  # seconds


def wait_until_ready(port: int, servers: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
    """Wait until each region's app server is ready, asking through the proxy on this port.

    Raises CannotStart.
    """
    for region, server in servers.items():
        deadline = time.monotonic() + TIMEOUT
        while not _is_ready(port, region):
            if server.poll() is not None:
                raise CannotStart(f"The app server in {region} has ended; it says why above.")
            if time.monotonic() > deadline:
                raise CannotStart(f"The app server in {region} is not ready after {TIMEOUT} s.")
            time.sleep(_POLL_INTERVAL)


def _is_ready(port: int, region: str) -> bool:
    host = host_of_city(next(city for city in CITIES if city.region == region))
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
