"""gunicorn's settings: `gunicorn -c web/gunicorn.py server:app`."""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from dotenv import load_dotenv
from gunicorn import glogging
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

sys.path.insert(0, str(Path(__file__).parent.parent))

from movr.database import embedded
from web.config import SettingsError, read_settings
from web.operations import request_logging

load_dotenv()
try:
    _settings = read_settings(os.environ)
except SettingsError as error:
    raise SystemExit(str(error)) from None


class logger_class(glogging.Logger):  # noqa: N801 - the setting's name
    """Has gunicorn itself write as all of MovR does."""

    def setup(self, cfg: Config) -> None:
        """Set up gunicorn's log, and change how its lines are written."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(request_logging.formatter(_settings.log_format))


bind = f"{'127.0.0.1' if _settings.debug else '0.0.0.0'}:{_settings.port}"  # noqa: S104 - a pod's
worker_class = "web.operations.gunicorn_worker.Worker"  # gthread, with another end
reuse_port = True  # a socket a worker, among which the kernel shares connections
workers = _settings.workers
threads = _settings.threads
keepalive = 620  # seconds: longer than Google's balancer keeps its connections, 600
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - in memory
forwarder_headers = ""  # none, not even on the loopback, says below which path MovR is
control_socket_disable = True  # a read-only root has no place for it
graceful_timeout = 3 if _settings.debug else 30  # seconds


def on_starting(_server: Arbiter) -> None:
    """Have a laptop's own PostgreSQL live as long as this server."""
    embedded.keep_running_for(_settings.db_uri)


def when_ready(server: Arbiter) -> None:
    """Make a folder for what the workers share: in memory where there is /dev/shm."""
    clear_folders_of_the_dead()
    folder = tempfile.mkdtemp(prefix=f"movr-{os.getpid()}-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ["DRAIN_MARK"] = f"{folder}/draining"
    if _settings.drain_seconds:
        _drain_before_stopping(server, Path(os.environ["DRAIN_MARK"]))
    if not os.environ.get("RATE_LIMIT_FILE"):
        os.environ["RATE_LIMIT_FILE"] = f"{folder}/attempts.sqlite3"


def clear_folders_of_the_dead() -> None:
    """Remove what gunicorns left that were killed.

    In a pod, where each is process 1, the memory outlives the container. Nobody has a folder of
    this process's number yet.
    """
    for folder in Path(worker_tmp_dir or tempfile.gettempdir()).glob("movr-*-*"):
        number = folder.name.split("-")[1]
        if number == str(os.getpid()) or (number.isdigit() and not _is_alive(int(number))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True


def pre_request(_worker: Worker, request: Request) -> None:
    """While draining, close each connection with its answer, so that no later request loses it."""
    if Path(os.environ["DRAIN_MARK"]).exists():
        request.force_close()


def _drain_before_stopping(server: Arbiter, mark: Path) -> None:
    """On SIGTERM go on serving for a while, but no longer say that this process is ready.

    Balancers and proxies need a moment to notice. A second SIGTERM stops at once.
    """
    stop = server.handle_term

    def drain() -> None:
        if mark.exists():
            stop()
        mark.touch()
        signal.alarm(_settings.drain_seconds)

    signal.signal(signal.SIGALRM, lambda *_: server.signal(signal.SIGTERM, None))
    # gunicorn has no hook for this.
    server.handle_term = drain  # type: ignore[method-assign]


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Keep the counters of a worker that ended, drop what it said of the present."""
    # Not before the variable above is set: prometheus_client reads it when it is imported.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Arbiter) -> None:
    """Leave nothing behind."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
