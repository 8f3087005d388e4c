"""CockroachDB on nine nodes in three regions, each a process that is ours to kill.

`make demo`'s are nine in one process, none of which can be killed alone.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from cluster.nodes import NODES_A_REGION
from movr.cities import REGIONS
from movr.placement import change, inspection
from movr.placement.definitions import Placement, Survival
from tests import databases
from tests.conftest import free_port

TIMEOUT = 300  # seconds: nine nodes on one machine
REPLICAS = 5  # what it takes to outlive a region


class Node:
    """A node at an address of its own."""

    def __init__(self, region: str) -> None:
        self.region = region
        self.address = f"127.0.0.1:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"cockroachdb://root@{self.address}/movr?sslmode=disable"

    def start(self, cockroach: str, folder: Path, join: str) -> None:
        self._process = subprocess.Popen(
            [
                *(cockroach, "start", "--insecure", f"--join={join}"),
                *(f"--listen-addr={self.address}", f"--http-addr=127.0.0.1:{free_port()}"),
                *(f"--locality=region={self.region}", f"--store={folder / self.address}"),
                # An index that a migration adds is filled in memory: 64 MiB were too few.
                *("--cache=64MiB", "--max-sql-memory=256MiB"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@contextmanager
def running(cockroach: str, folder: Path) -> Iterator[list[Node]]:
    """A cluster with an empty database `movr`, region by region."""
    nodes = [Node(region) for region in REGIONS for _ in range(NODES_A_REGION)]
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
    """MovR's schema, with rows at home in their regions, of which any one may be lost."""
    databases.bring_to_head(uri)
    engine = databases.connect(uri)
    steps = change.plan(
        inspection.current_placement(engine), Placement.MULTI_REGION, Survival.REGION
    )
    for _ in change.run_steps(engine, steps, at_once=False):
        pass
    _wait_until(lambda: _can_lose_a_region(engine), "a region may be lost")
    return engine


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
    """True once nothing has too few replicas, of MovR's or of the cluster's own."""
    count = "SELECT min(array_length(replicas, 1)) FROM [SHOW RANGES FROM DATABASE {}]"
    with engine.connect() as connection:
        least = [
            connection.execute(text(count.format(name))).scalar_one() for name in ("movr", "system")
        ]
    return bool(min(least) >= REPLICAS)
