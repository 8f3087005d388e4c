"""CockroachDB on several nodes in three regions, each a process that can be killed.

`cockroach demo` runs its nodes in one process, of which none can be killed alone.
"""

import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from cluster.nodes import CannotStart
from movr.cities import REGIONS

TIMEOUT: Final = 300  # seconds: nine nodes on one machine
REPLICAS: Final = 3  # of each range by default: enough to survive the loss of a node
DATABASE: Final = "movr"


@dataclass
class Node:
    """A node with its own addresses. `join` has the addresses of the cluster's first nodes."""

    region: str
    cockroach: str
    folder: Path
    address: str
    http_address: str
    join: str = ""
    process: "subprocess.Popen[bytes] | None" = None

    def __str__(self) -> str:
        """Return the node's locality."""
        return f"region={self.region}"

    @property
    def uri(self) -> str:
        """The URI of the database at this node."""
        return uri_of([self])

    def start(self) -> None:
        """Start the node, or start it again with its data, without waiting for it."""
        self.process = subprocess.Popen(
            [
                *(self.cockroach, "start", "--insecure", f"--join={self.join}"),
                *(f"--listen-addr={self.address}", f"--http-addr={self.http_address}"),
                *(f"--locality={self}", f"--store={self.folder / self.address}"),
                # A migration's index backfill needs memory: 64 MiB are too few.
                *("--cache=64MiB", "--max-sql-memory=256MiB"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """Kill the node at once, if it runs."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def sql(self, statement: str) -> str | None:
        """Return the result of a statement as text; None if the node refuses or is away."""
        command = [self.cockroach, "sql", "--insecure", f"--host={self.address}", "-e", statement]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return None if done.returncode else done.stdout

    def metric(self, name: str) -> int:
        """Return a metric of the node's store; it may be some seconds old."""
        connection = HTTPConnection(self.http_address)
        connection.request("GET", "/_status/vars")
        metrics = connection.getresponse().read().decode()
        connection.close()
        return sum(int(float(n)) for n in re.findall(rf"(?m)^{name}\{{.*\}} (\S+)$", metrics))


def uri_of(nodes: Sequence[Node]) -> str:
    """Return the URI of the database with all of these hosts, the first one preferred."""
    hosts = "&".join(f"host={node.address}" for node in nodes)
    return f"cockroachdb://root@/{DATABASE}?{hosts}&sslmode=disable"


@contextmanager
def running(cockroach: str, folder: Path, nodes_a_region: int) -> Iterator[list[Node]]:
    """Run a cluster with an empty database, and yield its nodes sorted by region.

    Raises CannotStart if it does not answer within TIMEOUT seconds.
    """
    nodes = [
        Node(region, cockroach, folder, _free_address(), _free_address())
        for region in REGIONS
        for _ in range(nodes_a_region)
    ]
    join = ",".join(node.address for node in nodes)
    first = nodes[0]
    begin = [cockroach, "init", "--insecure", f"--host={first.address}"]
    try:
        for node in nodes:
            node.join = join
            node.start()
        wait_until(lambda: not subprocess.run(begin, check=False, capture_output=True).returncode)
        create = f"CREATE DATABASE IF NOT EXISTS {DATABASE}"
        wait_until(lambda: first.sql(create) is not None)
        wait_until(lambda: _has_all_regions(first))
        yield nodes
    finally:
        for node in nodes:
            node.kill()


def wait_until_replicated(nodes: Sequence[Node]) -> None:
    """Wait until each range of the cluster, including system ranges, has all replicas."""
    wait_until(lambda: _is_replicated(nodes))


def wait_until(happened: Callable[[], bool]) -> None:
    """Ask once a second. Raises CannotStart after TIMEOUT seconds."""
    deadline = time.monotonic() + TIMEOUT
    while not happened():
        if time.monotonic() > deadline:
            raise CannotStart(f"The cluster is not ready after {TIMEOUT} s.")
        time.sleep(1)


def _is_replicated(nodes: Sequence[Node]) -> bool:
    ranges, replicas = (sum(node.metric(name) for node in nodes) for name in ("ranges", "replicas"))
    return 0 < REPLICAS * ranges == replicas


def _has_all_regions(node: Node) -> bool:
    found = node.sql("SHOW REGIONS FROM CLUSTER") or ""
    return all(region in found for region in REGIONS)


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
