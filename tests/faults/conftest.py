"""Fixtures of the fault tests: a separate PostgreSQL, gunicorn and simulated riders."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from cluster import separate_nodes
from cluster.nodes import NODES_A_REGION, CannotStart, find_cockroach
from cluster.separate_nodes import Node
from tests import databases
from tests.conftest import TEST_APP, UNLIMITED, free_port, gunicorn
from tests.faults import postgresql
from tests.faults.load import Load
from tests.faults.postgresql import Server

FAULTS = os.environ.get(
    "FAULTS", ""
)  # short, long, or empty to skip these tests, which take minutes
LONG = FAULTS == "long"
collect_ignore_glob = [] if FAULTS else ["test_*.py"]
RIDERS = 8 if LONG else 4


@pytest.fixture(scope="package")
def own_server() -> Iterator[Server]:
    # Not in pytest's folder, because pytest makes that unreadable for PostgreSQL's user.
    with (
        tempfile.TemporaryDirectory(prefix="movr-faults-") as folder,
        postgresql.running(Path(folder)) as server,
    ):
        yield server


@pytest.fixture
def uri(own_server: Server) -> Iterator[str]:
    with databases.fresh_database(own_server.uri) as uri:
        databases.bring_to_head(uri)
        yield uri


@pytest.fixture
def cockroach() -> str:
    try:
        return find_cockroach(os.environ.get("COCKROACH"))
    except CannotStart as reason:
        pytest.skip(f"NOT TRIED: {reason}")


@pytest.fixture
def nodes(cockroach: str, tmp_path: Path) -> Iterator[list[Node]]:
    with separate_nodes.running(cockroach, tmp_path, NODES_A_REGION) as nodes:
        yield nodes


@pytest.fixture
def three_nodes(cockroach: str, tmp_path: Path) -> Iterator[list[Node]]:
    with separate_nodes.running(cockroach, tmp_path, 1) as nodes:
        yield nodes


@pytest.fixture
def fault_engine(uri: str) -> Iterator[Engine]:
    engine = databases.connect(uri)
    yield engine
    engine.dispose()


NewLoad = Callable[..., tuple[Load, int]]


@pytest.fixture
def load_on(uri: str, tmp_path: Path) -> Iterator[NewLoad]:
    """Start gunicorn with these settings and riders on it; return the load and gunicorn's id."""
    with ExitStack() as stack:

        def begin(**settings: str) -> tuple[Load, int]:
            environment = {
                "DB_URI": uri,
                "DEBUG": "1",
                "PAYMENTS": "fake",
                "WRITES_PER_MINUTE": str(UNLIMITED),
                "WORKERS": "2",
                **settings,
            }
            log = stack.enter_context((tmp_path / "log").open("wb"))
            url, process = stack.enter_context(
                gunicorn(free_port(), environment, log, app=TEST_APP)
            )
            return Load(url).begin(RIDERS), process.pid

        yield begin
