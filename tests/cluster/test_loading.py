"""Error messages of `make demo` when the cluster refuses MovR's rows."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from cluster import __main__ as cluster
from cluster.nodes import CannotStart
from movr.placement.definitions import Placement
from tests.conftest import free_port

SECRET = "demo4711"


@pytest.fixture
def refusing(tmp_path: Path) -> str:
    """Create a `cockroach` that prints its URL, including the password, and fails."""
    return executable(tmp_path, 'echo "using $3"; echo "ERROR: no licence for $3" >&2; exit 1')


def executable(folder: Path, script: str) -> str:
    program = folder / "cockroach"
    program.write_text(f"#!/bin/sh\n{script} >&2\n")
    program.chmod(0o700)
    return str(program)


@pytest.mark.parametrize("placement", [Placement.PARTITION, Placement.MULTI_REGION])
def test_a_refusal_is_a_sentence_without_the_password(refusing: str, placement: Placement) -> None:
    url = make_url(f"cockroachdb://demo:{SECRET}@127.0.0.1:{free_port()}/defaultdb")

    with pytest.raises(CannotStart) as refused:
        cluster.load(refusing, url, placement)

    assert str(refused.value).startswith("MovR could not be loaded: ERROR: no licence for")
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_command_of_flask_that_fails_says_why(tmp_path: Path) -> None:
    program = executable(tmp_path, "exit 0")
    url = make_url(f"cockroachdb://demo:{SECRET}@127.0.0.1:{free_port()}/defaultdb")

    with pytest.raises(CannotStart, match=r"Error: The database refused: .*Connection refused"):
        cluster.load(program, url, Placement.MULTI_REGION)
