"""A local cluster of nine CockroachDB nodes in three regions, started by `cockroach demo`.

Current versions are secure and number the SQL ports from `--sql-port`; v19.2 is insecure and uses
random ports. Therefore the first node's address is parsed from the output of the demo, the
addresses of the others are queried from the cluster, and the region of a node from the node itself.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self

from sqlalchemy import URL, Row, make_url
from sqlalchemy.exc import DBAPIError

from movr.cities import REGIONS
from movr.database.engine import make_engine

NODES_A_REGION: Final = 3
START_TIMEOUT: Final = 120  # seconds
WHERE_TO_GET_IT: Final = (
    "There is no cockroach on PATH (nor where COCKROACH points): get the binary at"
    " https://www.cockroachlabs.com/docs/releases"
)


class CannotStart(Exception):  # noqa: N818 - a message for the command line
    """The cluster or an app server can't start; the message is a sentence."""


def find_cockroach(named: str | None) -> str:
    """Return the path of the cockroach binary, `named` or on PATH. Raises CannotStart."""
    found = shutil.which(named or "cockroach")
    if found is None:
        raise CannotStart(WHERE_TO_GET_IT)
    return found


def command(cockroach: str, *flags: str) -> list[str]:
    """Return a `cockroach demo` command valid since v19.2; `flags` depend on the version."""
    localities = ":".join(f"region={region}" for region in REGIONS for _ in range(NODES_A_REGION))
    nodes = len(REGIONS) * NODES_A_REGION
    ours = (f"--nodes={nodes}", "--empty", f"--demo-locality={localities}")
    return [cockroach, "demo", *ours, *flags]


class Cluster:
    """A running `cockroach demo`, which ends with this context."""

    def __init__(self, cockroach: str, *flags: str) -> None:
        """Start the demo on a pseudo-terminal; it prints its address only to a terminal."""
        ours, theirs = pty.openpty()
        self._terminal = ours
        self.process = subprocess.Popen(
            command(cockroach, *flags),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        """Return the cluster without waiting for it; `url` waits."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the demo and all its nodes."""
        self.process.terminate()
        self.process.wait()
        os.close(self._terminal)

    def url(self) -> URL:
        """Wait for the first node and return its URL. Raises CannotStart after START_TIMEOUT."""
        output = ""
        deadline = time.monotonic() + START_TIMEOUT
        has_ended = False
        while time.monotonic() < deadline and not has_ended:
            has_ended = self.process.poll() is not None  # its last output is still to be read
            output += self._read_for_a_second()
            if url := parse_url(output):
                self._discard_output()
                return url
        last = " ".join(output.split())[-500:]
        raise CannotStart(f"cockroach demo did not say where it listens. It said: {last}")

    def _read_for_a_second(self) -> str:
        if select.select([self._terminal], [], [], 1)[0]:
            with suppress(OSError):  # closed: it has ended
                return os.read(self._terminal, 4096).decode(errors="replace")
        return ""

    def _discard_output(self) -> None:
        """Keep reading the terminal, so that the demo does not block on a full buffer."""

        def read() -> None:
            with suppress(OSError):  # closed: it has ended
                while os.read(self._terminal, 4096):
                    pass

        threading.Thread(target=read, daemon=True).start()


def parse_url(output: str) -> URL | None:
    """Return the first node's URL from the demo's output: a URL, or the shell prompt of v19.2."""
    if found := re.search(r"(postgres(?:ql)?://\S*127\.0\.0\.1:\d+\S*)", output):
        return make_url(found[1]).set(drivername="cockroachdb", database="defaultdb")
    if found := re.search(r"root@127\.0\.0\.1:(\d+)/\w*>", output):
        return make_url(f"cockroachdb://root@127.0.0.1:{found[1]}/defaultdb?sslmode=disable")
    return None


def gateways(url: URL) -> Mapping[str, URL]:
    """Return the URL of one node in each region. Raises CannotStart if a region has none."""
    found: dict[str, URL] = {}
    for candidate in _candidates(url):
        if region := _region(candidate):
            found.setdefault(region, candidate)
        if len(found) == len(REGIONS):
            return found
    missing = ", ".join(region for region in REGIONS if region not in found)
    raise CannotStart(f"No node of the cluster listens in {missing}.")


def _candidates(url: URL) -> Iterator[URL]:
    """Yield possible URLs of nodes: consecutive ports, then those that the cluster reports."""
    first = url.port or 26257
    yield from (url.set(port=first + n) for n in range(len(REGIONS) * NODES_A_REGION))
    # Needed for v19.2 only: later versions use consecutive ports, and v26.1 refuses this query.
    for (address,) in _query(url, "SELECT address FROM crdb_internal.gossip_nodes"):
        yield url.set(port=int(address.rpartition(":")[2]))


def _region(url: URL) -> str | None:
    """Return the region of the node at this URL, or None if there is no node."""
    for (locality,) in _query(url, "SHOW LOCALITY"):
        if found := re.search(r"region=([\w-]+)", locality):
            return found[1]
    return None


def _query(url: URL, sql: str) -> Sequence[Row[Any]]:
    """Execute a query and return its rows; none if there is no server or it refuses the query."""
    engine = make_engine(uri_text(url), pool_size=1, application_name="movr-demo", autocommit=True)
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(sql).all()
    except DBAPIError:
        return []
    finally:
        engine.dispose()


def uri_text(url: URL) -> str:
    """Return the URL as text, including its password."""
    return url.render_as_string(hide_password=False)
