"""gunicorn configuration file: `gunicorn -c web/gunicorn.py server:app`."""

import atexit
import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from dotenv import load_dotenv
from flask import Flask
from gunicorn import glogging
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestHeaders
from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

sys.path.insert(0, str(Path(__file__).parent.parent))

from movr.database import embedded
from web.config import SettingsError, read_settings
from web.operations import request_logging

load_dotenv()
atexit.register(gc.freeze)  # as in server.py
try:
    _settings = read_settings(os.environ)
except SettingsError as error:
    raise SystemExit(str(error)) from None


class logger_class(glogging.Logger):  # noqa: N801 - the setting's name
    """Writes gunicorn's own log in MovR's log format."""

    def setup(self, cfg: Config) -> None:
        """Set up gunicorn's log and replace its formatter."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(request_logging.formatter(_settings.log_format))
        # MovR's formats do not use these fields; the logging documentation advises to turn them
        # off for speed. gunicorn's own formats use them.
        logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


bind = f"{'127.0.0.1' if _settings.debug else '0.0.0.0'}:{_settings.port}"  # noqa: S104 - containers
worker_class = "web.operations.gunicorn_worker.Worker"  # gthread with a different shutdown
reuse_port = True  # one socket per worker; the kernel distributes connections
workers = _settings.workers
threads = _settings.threads
keepalive = 620  # seconds: longer than the 600 of Google's load balancer
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - in memory
forwarder_headers = ""  # trust no header, even from loopback, to set SCRIPT_NAME
control_socket_disable = True  # the socket needs a writable root file system
MAX_HEADERS_SIZE = 32 * 1024  # bytes, as much as nginx accepts by default
graceful_timeout = 3 if _settings.debug else 30  # seconds


def on_starting(_server: Arbiter) -> None:
    """Keep the embedded PostgreSQL, if it is used, running as long as this server."""
    embedded.keep_running_for(_settings.db_uri)


def when_ready(server: Arbiter) -> None:
    """Create the folder that the workers share, in /dev/shm if it exists, and log the address."""
    # With `reuse_port`, gunicorn's own message names none.
    logging.getLogger("gunicorn.error").info("MovR is at %s", ", ".join(server.cfg.bind))
    remove_stale_folders()
    folder = tempfile.mkdtemp(prefix=f"movr-{os.getpid()}-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    os.environ["DRAIN_FILE"] = f"{folder}/draining"
    if _settings.drain_seconds:
        _drain_before_stopping(server, Path(os.environ["DRAIN_FILE"]))
    if not os.environ.get("RATE_LIMIT_FILE"):
        os.environ["RATE_LIMIT_FILE"] = f"{folder}/attempts.sqlite3"


def post_worker_init(worker: Worker) -> None:
    """Compile the templates. Otherwise each of the first requests, sent at once, would do it."""
    app: object = worker.wsgi
    if isinstance(app, Flask):  # `make bench` serves another app, for comparison
        for name in app.jinja_env.list_templates():
            app.jinja_env.get_template(name)


def remove_stale_folders() -> None:
    """Remove the shared folders of gunicorn processes that were killed.

    In a pod, /dev/shm survives a restart of the container and each gunicorn is process 1. A folder
    with this process's id is therefore stale: this process has not created its own yet.
    """
    for folder in Path(worker_tmp_dir or tempfile.gettempdir()).glob("movr-*-*"):
        pid = folder.name.split("-")[1]
        if pid == str(os.getpid()) or (pid.isdigit() and not _is_alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        pass
    return True


def pre_request(_worker: Worker, request: Request) -> None:
    """Refuse long headers, and while draining, close each connection after its response.

    gunicorn limits each header, but 100 of them with cookies take 230 ms to parse.
    """
    if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADERS_SIZE:
        raise LimitRequestHeaders(f"more than {MAX_HEADERS_SIZE} bytes")
    if Path(os.environ["DRAIN_FILE"]).exists():
        request.force_close()


def _drain_before_stopping(server: Arbiter, drain_file: Path) -> None:
    """On SIGTERM, continue to serve for DRAIN_SECONDS, but report this process as not ready.

    Load balancers and proxies need this time to notice. A second SIGTERM stops at once.
    """
    stop = server.handle_term

    def drain() -> None:
        if drain_file.exists():
            stop()
        drain_file.touch()
        signal.alarm(_settings.drain_seconds)

    signal.signal(signal.SIGALRM, lambda *_: server.signal(signal.SIGTERM, None))
    # gunicorn has no hook for this.
    server.handle_term = drain  # type: ignore[method-assign]


def child_exit(_server: Arbiter, worker: Worker) -> None:
    """Keep the counters of a worker that exited and drop its live gauges."""
    # prometheus_client reads PROMETHEUS_MULTIPROC_DIR when it is imported, so import it late.
    from prometheus_client import multiprocess  # noqa: PLC0415

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Arbiter) -> None:
    """Remove the shared folder."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shutil.rmtree(folder, ignore_errors=True)
