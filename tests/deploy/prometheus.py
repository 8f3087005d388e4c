"""Prometheus and promtool on the loopback, with the alerts of deploy/observability."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

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
WINDOW: Final = "4s"  # a few samples
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
def prometheus(here: Path, **targets: str) -> Iterator[str]:
    """Run Prometheus with the rules, which look back for seconds; yield its URL."""
    rules = re.sub(r"\[\d+[mhd]\]", f"[{WINDOW}]", ALERTS.read_text())
    rules = re.sub(r"(for|interval): \d+[smh]", r"\1: 1s", rules)
    (here / "alerts.yaml").write_text(rules)
    configuration = {
        "rule_files": ["alerts.yaml"],
        "scrape_configs": [
            {
                "job_name": name,
                "scrape_interval": "1s",
                "honor_labels": True,
                "static_configs": [{"targets": [target]}],
            }
            for name, target in targets.items()
        ],
    }
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


@contextmanager
def exporting(text: Callable[[], str]) -> Iterator[str]:
    """Serve this text to Prometheus, and yield the address."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text().encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Metrics)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with plain_client() as client:
        while not client.get(f"http://{address}/-/ready").is_success:
            assert time.monotonic() < deadline, "Prometheus is not ready"
            time.sleep(0.05)
