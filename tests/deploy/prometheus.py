"""Prometheus and promtool on the loopback, with the alerts of deploy/observability."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.conftest import (
    ROOT,
    START_TIMEOUT,
    free_port,
    plain_client,
    wait_until_answering,
)

ALERTS: Final = ROOT / "deploy" / "observability" / "alerts.yaml"
HOW_TO_GET_IT: Final = "no Prometheus found (Debian: apt-get install prometheus)"


def program(name: str) -> str:
    """Return the path of `prometheus` or `promtool`; skip the test without, unless in CI."""
    if path := shutil.which(name):
        return path
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {HOW_TO_GET_IT}")
    pytest.skip(f"NO TESTS OF ALERTS: {HOW_TO_GET_IT}")


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run promtool to its end."""
    return subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, check=False
    )


@contextmanager
def prometheus(here: Path, scraped: dict[str, Any]) -> Iterator[str]:
    """Run Prometheus with the alerts, each evaluated once a second; yield its URL."""
    rules = yaml.safe_load(ALERTS.read_text())
    for group in rules["groups"]:
        group["interval"] = "1s"
    (here / "alerts.yaml").write_text(yaml.safe_dump(rules))
    configuration = {"rule_files": ["alerts.yaml"], "scrape_configs": [scraped]}
    (here / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    address = f"127.0.0.1:{free_port()}"
    with (here / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program("prometheus"),
                f"--config.file={here}/prometheus.yaml",
                f"--storage.tsdb.path={here}/data",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_until_answering(f"http://{address}/-/ready", process)
        _wait_until_ready(address)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with plain_client() as client:
        while not client.get(f"http://{address}/-/ready").is_success:
            assert time.monotonic() < deadline, "Prometheus is not ready"
            time.sleep(0.05)
