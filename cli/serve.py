"""`python server.py`: prepare a database and serve MovR on this machine until Ctrl-C."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from cli.local_server import GUNICORN_COMMAND, HOST, OUTBOX_COMMAND, CannotServe
from movr import signals
from movr.database import embedded, schema
from movr.database.engine import hosts
from movr.database.schema import SchemaError, readable_errors
from movr.errors import DatabaseUnavailable, Refusal
from movr.movr import MovR
from scenarios import demo
from scenarios.shared.context import ScenarioContext
from web.config import LAPTOP_PACKAGES, Settings, SettingsError, read_settings


def serve() -> int:
    """Serve until Ctrl-C and return the exit status."""
    signals.raise_keyboard_interrupt()
    try:
        settings = read_settings(os.environ)
        _check_port(settings.port)
        uri = settings.db_uri or embedded.start()
        with readable_errors():
            logins = _prepare(uri, demo_world=settings.debug)
        print(_greeting(settings, logins), flush=True)
        return _run_servers(uri)
    except (SettingsError, SchemaError, Refusal, CannotServe) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _check_port(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        message = f"MovR cannot listen on port {port}: {error.strerror}."
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} is in use. Stop what listens there, or choose another: PORT=…"
        raise CannotServe(message) from error


def _prepare(uri: str, *, demo_world: bool) -> str:
    """Upgrade the schema. With `demo_world`, prepare the demo accounts and return their logins."""
    movr = MovR(uri)
    try:
        movr.is_at_head()
    except DatabaseUnavailable as error:
        where = ", ".join(
            f"{host}:{port}" if port else host for host, port in hosts(movr.engine.url)
        )
        raise CannotServe(
            f"MovR cannot use the database of DB_URI at {where}: {error.reason}"
        ) from error
    schema.upgrade(movr.engine)
    logins = _fill_if_empty(movr) if demo_world else ""
    movr.close()
    return logins


def _fill_if_empty(movr: MovR) -> str:
    """Fill an empty database with the demo data, and return lines that say how to log in."""
    if demo.is_empty(movr.engine):
        if not demo.can_be_filled():
            return f"  There are no accounts yet: register. For demo data: {LAPTOP_PACKAGES}\n"
        demo.fill(ScenarioContext(movr.engine, datetime.now(UTC)))
    return "".join(f"  {login}\n" for login in demo.logins_of(movr.engine))


def _greeting(settings: Settings, logins: str) -> str:
    return f"""
  MovR is at http://{HOST}:{settings.port}

{logins}
  Ctrl-C stops everything; your data is kept.
"""


def _run_servers(uri: str) -> int:
    """Run gunicorn until it ends or this process is interrupted, and return its exit status.

    The process that sends letters runs as long.
    """
    gunicorn, outbox = (_start(command, uri) for command in (GUNICORN_COMMAND, OUTBOX_COMMAND))
    try:
        return gunicorn.wait()
    finally:
        signals.ignore()
        for process in (outbox, gunicorn):
            process.terminate()
        for process in (outbox, gunicorn):
            process.wait()


def _start(command: Sequence[str], uri: str) -> subprocess.Popen[bytes]:
    """Start a command with this database.

    In a new session: a terminal sends Ctrl-C to all processes of its session, and a worker that
    receives two signals at once may deadlock.
    """
    environment = {**os.environ, "DB_URI": uri}
    return subprocess.Popen(command, env=environment, cwd=embedded.ROOT, start_new_session=True)
