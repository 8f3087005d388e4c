"""The state files of running scenarios, which are locked while their server runs.

The command that starts a scenario takes the lock; the server and its workers inherit it. The kernel
releases it when the last of these processes ends, for whatever reason. A stored process id could
not tell that, because ids are reused.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TextIO

from cli.local_server import GUNICORN_COMMAND, CannotServe
from movr.database import admin, embedded

END_TIMEOUT: Final = 10  # seconds; gunicorn waits 3 s for running requests
POLL_INTERVAL: Final = 0.05  # seconds


@dataclass(frozen=True, kw_only=True)
class RunningScenario:
    """The contents of a scenario's state file.

    `made_on` is the URI of a database on the server where the scenario's database is created.
    `url` and `group`, the process group of the server, are empty until the server starts.
    """

    name: str
    made_on: str
    url: str = ""
    group: int = 0

    @property
    def database(self) -> str:
        """The name of the scenario's database."""
        return f"movr_{self.name}"

    @property
    def uri(self) -> str:
        """The URI of the scenario's database."""
        return admin.sibling_uri(self.made_on, self.database)

    def write(self, file: TextIO) -> None:
        """Write the state to its file."""
        file.seek(0)
        file.truncate()
        json.dump(asdict(self), file)
        file.flush()

    def serve(self, lock: TextIO, listener: socket.socket) -> "subprocess.Popen[bytes]":
        """Start gunicorn on this socket, in a new process group that inherits the lock."""
        port = listener.getsockname()[1]
        with log(self.name).open("wb") as output:
            return subprocess.Popen(
                [*GUNICORN_COMMAND, "--bind", f"fd://{listener.fileno()}"],
                cwd=embedded.ROOT,
                env={**os.environ, "DB_URI": self.uri, "DEBUG": "1", "PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(lock.fileno(), listener.fileno()),
            )

    def drop(self) -> None:
        """Drop the database. The caller must hold the lock, and the server must have ended."""
        embedded.keep_running_for(self.made_on)
        admin.drop_database(self.made_on, self.database)

    def remove(self) -> None:
        """Drop the database and delete the files."""
        self.drop()
        log(self.name).unlink(missing_ok=True)
        path(self.name).unlink(missing_ok=True)


def path(name: str) -> Path:
    """Return the path of the state file. Only its owner may read it; it may hold a password."""
    return embedded.folder() / "scenarios" / f"{name}.json"


def log(name: str) -> Path:
    """Return the path of the server's log."""
    return path(name).with_suffix(".log")


def read(name: str) -> RunningScenario | None:
    """Return the state of a scenario, or None if there is no state file."""
    with suppress(FileNotFoundError):
        if text := path(name).read_text():
            return RunningScenario(**json.loads(text))
    return None


def is_locked(name: str) -> bool:
    """Return True while the scenario is being created, served or removed."""
    try:
        with suppress(FileNotFoundError), path(name).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def status(name: str) -> str:
    """Return what a locked scenario is doing, as the end of a sentence."""
    running = read(name)
    return f"is up: {running.url}" if running and running.url else "is being created or removed"


@contextmanager
def locked(name: str) -> Iterator[TextIO]:
    """Lock and yield the state file, creating it if necessary. Raises CannotServe."""
    path(name).parent.mkdir(parents=True, exist_ok=True)
    while True:
        with open(path(name), "a+", opener=_private) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotServe(f"{name} {status(name)}") from None
            if _is_same_file(file, path(name)):
                try:
                    yield file
                finally:
                    if path(name).exists() and not path(name).read_text():
                        path(name).unlink()  # no state was written
                return


def stop_server(running: RunningScenario) -> None:
    """Stop the server with SIGTERM, after END_TIMEOUT with SIGKILL, and wait until it has ended."""
    deadline = time.monotonic() + END_TIMEOUT
    _signal_group(running.group, signal.SIGTERM)
    while is_locked(running.name):
        if time.monotonic() > deadline:
            _signal_group(running.group, signal.SIGKILL)
        time.sleep(POLL_INTERVAL)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_same_file(file: TextIO, path: Path) -> bool:
    """Return False if the file was deleted after it was opened, which makes its lock useless."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
