"""Nine CockroachDB nodes in three regions, by `cockroach demo`.

Today's demo is secure and numbers its SQL ports from `--sql-port`; v19.2's is insecure and takes
any port. So nothing is assumed: where the first node listens is read from what it says, where the
others do is asked of the cluster, and which region a node is in is asked of the node.
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


class CannotStart(Exception):  # noqa: N818 - a reason, told and done with
    """Something in the way, in one sentence."""


def find_cockroach(named: str | None) -> str:
    """The path of the cockroach binary, named or on PATH. Raises CannotStart."""
    found = shutil.which(named or "cockroach")
    if found is None:
        raise CannotStart(WHERE_TO_GET_IT)
    return found


def command(cockroach: str, *flags: str) -> list[str]:
    """The one command that is valid from v19.2 to today; `flags` are of one version or build."""
    localities = ":".join(f"region={region}" for region in REGIONS for _ in range(NODES_A_REGION))
    nodes = len(REGIONS) * NODES_A_REGION
    ours = (f"--nodes={nodes}", "--empty", f"--demo-locality={localities}")
    return [cockroach, "demo", *ours, *flags]


class Cluster:
    """A running `cockroach demo`, which ends with this context."""

    def __init__(self, cockroach: str, *flags: str) -> None:
        """Start it, on a terminal of its own: only there does it say where it listens."""
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
        """It is up to `url` to wait until it is ready."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and all its nodes with it."""
        self.process.terminate()
        self.process.wait()
        os.close(self._terminal)

    def url(self) -> URL:
        """Where the first node listens. Raises CannotStart if it does not say so in time."""
        said = ""
        deadline = time.monotonic() + START_TIMEOUT
        has_ended = False
        while time.monotonic() < deadline and not has_ended:
            has_ended = self.process.poll() is not None  # then what it said last is read yet
            said += self._read_for_a_second()
            if url := url_said(said):
                self._listen_on()
                return url
        last = " ".join(said.split())[-500:]
        raise CannotStart(f"cockroach demo did not say where it listens. It said: {last}")

    def _read_for_a_second(self) -> str:
        if select.select([self._terminal], [], [], 1)[0]:
            with suppress(OSError):  # closed: it has ended
                return os.read(self._terminal, 4096).decode(errors="replace")
        return ""

    def _listen_on(self) -> None:
        """Read what else it says, so that it never waits for somebody to."""

        def read() -> None:
            with suppress(OSError):  # closed: it has ended
                while os.read(self._terminal, 4096):
                    pass

        threading.Thread(target=read, daemon=True).start()


def url_said(said: str) -> URL | None:
    """The first node's URL in what the demo says: a URL today, the prompt of a shell in v19.2."""
    if found := re.search(r"(postgres(?:ql)?://\S*127\.0\.0\.1:\d+\S*)", said):
        return make_url(found[1]).set(drivername="cockroachdb", database="defaultdb")
    if found := re.search(r"root@127\.0\.0\.1:(\d+)/\w*>", said):
        return make_url(f"cockroachdb://root@127.0.0.1:{found[1]}/defaultdb?sslmode=disable")
    return None


def gateways(url: URL) -> Mapping[str, URL]:
    """A node of each region to connect to. Raises CannotStart if a region has none."""
    found: dict[str, URL] = {}
    for candidate in _candidates(url):
        if region := _region(candidate):
            found.setdefault(region, candidate)
        if len(found) == len(REGIONS):
            return found
    missing = ", ".join(region for region in REGIONS if region not in found)
    raise CannotStart(f"No node of the cluster listens in {missing}.")


def _candidates(url: URL) -> Iterator[URL]:
    """Today's nodes listen on one port after another; of older ones the cluster knows the ports."""
    first = url.port or 26257
    yield from (url.set(port=first + n) for n in range(len(REGIONS) * NODES_A_REGION))
    # Only of v19.2: later versions are found above, and from v26.1 on they refuse to be asked this.
    for (address,) in _ask(url, "SELECT address FROM crdb_internal.gossip_nodes"):
        yield url.set(port=int(address.rpartition(":")[2]))


def _region(url: URL) -> str | None:
    """The region of the node at this address; None if nobody is there."""
    for (locality,) in _ask(url, "SHOW LOCALITY"):
        if found := re.search(r"region=([\w-]+)", locality):
            return found[1]
    return None


def _ask(url: URL, sql: str) -> Sequence[Row[Any]]:
    """The answer; nothing if nobody is there, or does not know the question."""
    engine = make_engine(uri_text(url), pool_size=1, application_name="movr-demo", autocommit=True)
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(sql).all()
    except DBAPIError:
        return []
    finally:
        engine.dispose()


def uri_text(url: URL) -> str:
    """A URL with its password, as a setting says it."""
    return url.render_as_string(hide_password=False)
