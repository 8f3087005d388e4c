"""Generated requests: the description of the API is true, and none causes a server error.

schemathesis sends them to a real gunicorn, in sequences too, as a member of staff. `FAULTS=long`
sends more than 20,000 (make test-faults).
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from movr.formats import ROLES
from movr.movr import MovR
from movr.results import UserKey
from tests.conftest import UNLIMITED, free_port, gunicorn, plain_client
from tests.visitor import PASSWORD, Visitor

LONG = os.environ.get("FAULTS") == "long"
REQUESTS = 20_000 if LONG else 100
LIMIT = "--max-time=1800" if LONG else "--max-time=15"  # seconds
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
MEMBER = "schema-tester"


@pytest.fixture
def api_site(database: str, engine: Engine, tmp_path: Path) -> Iterator[str]:  # noqa: ARG001 - emptied
    """The URL of MovR, where logins are not limited, and where lines of any length are read."""
    environment = {
        "DB_URI": database,
        "DEBUG": "1",
        "PAYMENTS": "fake",
        "WRITES_PER_MINUTE": str(UNLIMITED),
        "GUNICORN_CMD_ARGS": "--limit-request-line 0",
    }
    app = "tests.web.api.v1.server:app"
    with (
        (tmp_path / "log").open("wb") as log,
        gunicorn(free_port(), environment, log, app=app) as (url, _),
    ):
        yield url


def test_responses_to_generated_requests_are_as_described(
    api_site: str, movr: MovR, tmp_path: Path
) -> None:
    with plain_client(api_site) as client:
        member = Visitor(client).register(username=MEMBER)
        member.add_vehicle()
        for role in ROLES:
            key = UserKey(member.home, member.id)
            movr.staff.grant_role_as_operator(member.home, key, role, "Hired")

    report = _report_of_schemathesis(f"{api_site}/api/v1/openapi.json", tmp_path)

    assert "No issues found" in report, report
    (sent,) = re.findall(r"(\d+) generated", report)
    assert int(sent) >= REQUESTS, report


def _report_of_schemathesis(spec: str, folder: Path) -> str:
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
    found = subprocess.run(
        [*command, "run", spec, "--checks=all", LIMIT],
        check=False,
        cwd=folder,  # where it leaves its files
        env={**os.environ, "MOVR_USERNAME": MEMBER, "MOVR_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return found.stdout
