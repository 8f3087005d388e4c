"""The commands in docs/api.md ride."""

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT, NewVisitor

ADDRESS, RIDER = "http://127.0.0.1:8000", "demo-rider"  # of `make run`
PASSWORD = "ride with movr"


@pytest.mark.skipif(not shutil.which("curl"), reason="NOT TRIED: there is no curl")
def test_the_commands_in_the_documentation_ride_with_curl(
    site: str, new_http_visitor: NewVisitor
) -> None:
    new_http_visitor().register().add_vehicle()
    rider = new_http_visitor().register(password=PASSWORD).username
    (commands,) = re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "docs/api.md").read_text(), re.DOTALL | re.MULTILINE
    )
    commands = commands.replace(ADDRESS, site).replace(RIDER, rider)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands + "send $API/me"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert "'currency': 'USD'" in done.stdout, done.stdout + done.stderr
    assert "The requested URL returned error: 401" in done.stderr  # it has logged out
    assert done.returncode == 22
