"""CockroachDB on several nodes in three regions, each a separate process that tests can kill.

`make demo` runs nine nodes in one process, of which none can be killed alone.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from sqlalchemy import Engine, text

from movr.cities import REGIONS
from movr.placement import change, inspection
from movr.placement.definitions import Placement, Survival
from tests import databases
from tests.conftest import free_port

TIMEOUT = 300  # seconds: nine nodes on one machine
REPLICAS = 3  # of each range by default: enough to survive the loss of a node
REGION_REPLICAS = 5  # enough to survive the loss of a region
WRITTEN = ("users", "vehicles", "rides")  # by riders; their keys are (city, id)


class Node:
    """A node with its own address."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.address = f"127.0.0.1:{free_port()}"
        self.http_address = f"127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def __str__(self) -> str:
        """Return the node's locality."""
        return f"region={self.region}"

    @property
    def uri(self) -> str:
        return f"cockroachdb://root@{self.address}/movr?sslmode=disable"

    def start(self, cockroach: str, folder: Path, join: str) -> None:
        self._process = subprocess.Popen(
            [
                *(cockroach, "start", "--insecure", f"--join={join}"),
                *(f"--listen-addr={self.address}", f"--http-addr={self.http_address}"),
                *(f"--locality={self}", f"--store={folder / self.address}"),
                # A migration's index backfill needs memory: 64 MiB are too few.
                *("--cache=64MiB", "--max-sql-memory=256MiB"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def metric(self, name: str) -> int:
        """Return a metric of the node's store; it may be some seconds old."""
        metrics = httpx.get(f"http://{self.http_address}/_status/vars").text
        return sum(int(float(n)) for n in re.findall(rf"(?m)^{name}\{{.*\}} (\S+)$", metrics))

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(cockroach: str, folder: Path, nodes_a_region: int) -> Iterator[list[Node]]:
    """Run a cluster with an empty database `movr`, and yield its nodes sorted by region."""
    nodes = [Node(region) for region in REGIONS for _ in range(nodes_a_region)]
    join = ",".join(node.address for node in nodes)
    try:
        for node in nodes:
            node.start(cockroach, folder, join)
        first = ("--insecure", f"--host={nodes[0].address}")
        _wait_until(lambda: _succeeds(cockroach, "init", *first), "the cluster begins")
        create = "CREATE DATABASE IF NOT EXISTS movr"
        _wait_until(lambda: _succeeds(cockroach, "sql", *first, "-e", create), "it answers")
        engine = databases.connect(nodes[0].uri)
        _wait_until(lambda: _regions(engine) == len(REGIONS), "all regions are there")
        engine.dispose()
        yield nodes
    finally:
        for node in nodes:
            node.kill()


def with_movr(uri: str) -> Engine:
    """Migrate and place the database so that it survives the loss of a region."""
    databases.bring_to_head(uri)
    engine = databases.connect(uri)
    steps = change.plan(
        inspection.current_placement(engine), Placement.MULTI_REGION, Survival.REGION
    )
    for _ in change.run_steps(engine, steps, at_once=False):
        pass
    _wait_until(lambda: _can_lose_a_region(engine), "a region may be lost")
    return engine


def uri_of(nodes: Sequence[Node]) -> str:
    """Return the URI of MovR's database with all of these hosts."""
    hosts = "&".join(f"host={node.address}" for node in nodes)
    return f"cockroachdb://root@/movr?{hosts}&sslmode=disable"


def prepare(nodes: Sequence[Node], *, leaseholder: Node) -> None:
    """Migrate, move the tables' leases to this node, and wait for three replicas of each range."""
    databases.bring_to_head(leaseholder.uri)
    engine = databases.connect(leaseholder.uri)
    place = (
        "ALTER DATABASE movr CONFIGURE ZONE USING constraints = '[]',"
        f" lease_preferences = '[[+{leaseholder}]]'"
    )
    with engine.begin() as connection:
        connection.execute(text(place))
    _wait_until(lambda: _leases_are_at(leaseholder, engine), "it has the leases")
    _wait_until(lambda: _is_replicated(nodes), "each range has three replicas")
    engine.dispose()


def _leases_are_at(node: Node, engine: Engine) -> bool:
    holder = (
        "SELECT lease_holder_locality FROM [SHOW RANGE FROM TABLE {} FOR ROW"
        " ('new york', '00000000-0000-0000-0000-000000000000')]"
    )
    with engine.connect() as connection:
        holders = {connection.scalar(text(holder.format(table))) for table in WRITTEN}
    return holders == {str(node)}


def _is_replicated(nodes: Sequence[Node]) -> bool:
    """Return True if each range of the cluster, including system ranges, has all replicas."""
    ranges, replicas = (sum(node.metric(name) for node in nodes) for name in ("ranges", "replicas"))
    return 0 < REPLICAS * ranges == replicas


def _wait_until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not happened():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(1)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _regions(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(text("SHOW REGIONS FROM CLUSTER")).all())


def _can_lose_a_region(engine: Engine) -> bool:
    """Return True if each range of MovR and of the system has enough replicas."""
    count = "SELECT min(array_length(replicas, 1)) FROM [SHOW RANGES FROM DATABASE {}]"
    with engine.connect() as connection:
        least = [
            connection.execute(text(count.format(name))).scalar_one() for name in ("movr", "system")
        ]
    return bool(min(least) >= REGION_REPLICAS)
