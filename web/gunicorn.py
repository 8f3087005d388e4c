"""gunicorn's settings: `gunicorn -c web/gunicorn.py server:app`."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from dotenv import load_dotenv
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

sys.path.insert(0, str(Path(__file__).parent.parent))

from movr import embedded
from web.config import SettingsError, read_settings

load_dotenv()
try:
    _settings = read_settings(os.environ)
except SettingsError as error:
    raise SystemExit(str(error)) from None

bind = f"{'127.0.0.1' if _settings.debug else '0.0.0.0'}:{_settings.port}"  # noqa: S104 - a pod's
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads
keepalive = 620  # seconds: longer than Google's balancer keeps its connections, 600
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - in memory
control_socket_disable = True  # a read-only root has no place for it
graceful_timeout = 3 if _settings.debug else 30  # seconds


def on_starting(_server: Arbiter) -> None:
    """Have a laptop's own PostgreSQL live as long as this server."""
    embedded.keep_for(_settings.db_uri)


def when_ready(_server: Arbiter) -> None:
    """Make a folder for what the workers share: in memory where there is /dev/shm."""
    folder = tempfile.mkdtemp(prefix="movr-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    if not os.environ.get("RATE_LIMIT_FILE"):
        os.environ["RATE_LIMIT_FILE"] = f"{folder}/attempts.sqlite3"


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Keep the counters of a worker that ended, drop what it said of the present."""
    # Not before the variable above is set: prometheus_client reads it when it is imported.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Arbiter) -> None:
    """Leave nothing behind."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
