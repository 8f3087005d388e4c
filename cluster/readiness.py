"""Waiting until the app servers of the demo are ready."""

import subprocess
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Final

from cluster.nodes import CannotStart
from cluster.proxy import HOST

TIMEOUT: Final = 60  # seconds, for each app server
_POLL_INTERVAL: Final = 0.1  # seconds


def wait_until_ready(
    ports: Mapping[str, int], servers: Mapping[str, "subprocess.Popen[bytes]"]
) -> None:
    """Wait until the app server on each region's port is ready. Raises CannotStart.

    It does not ask through the proxy, where another region would answer.
    """
    for region, server in servers.items():
        deadline = time.monotonic() + TIMEOUT
        while not _is_ready(ports[region]):
            if server.poll() is not None:
                raise CannotStart(f"The app server in {region} has ended; it says why above.")
            if time.monotonic() > deadline:
                raise CannotStart(f"The app server in {region} is not ready after {TIMEOUT} s.")
            time.sleep(_POLL_INTERVAL)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
