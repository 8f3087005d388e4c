"""Scenarios that are up: each has a file that says where, locked for as long as its server lives.

The lock passes from the command that makes a scenario to the server that it starts, and from that
to its workers. It ends with the last of them, however that ends, so that nobody has to guess
whether a process id still means the same process.
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

from cli.local_server import GUNICORN_COMMAND
from movr.database import admin, embedded

END_TIMEOUT: Final = 10  # seconds; gunicorn gives requests under way 3 of them
_PAUSE: Final = 0.05  # seconds between two looks


class ScenarioLocked(Exception):  # noqa: N818 - a reason, told and done with
    """A scenario of this name is up, or being made."""


@dataclass(frozen=True, kw_only=True)
class RunningScenario:
    """What a scenario's file says.

    `made_on` is the URI of the database beside which its own was made. While it is being made it
    has no URL yet, and no `group` of processes that serve it.
    """

    name: str
    made_on: str
    url: str = ""
    group: int = 0

    @property
    def database(self) -> str:
        """The name of its database."""
        return f"movr_{self.name}"

    @property
    def uri(self) -> str:
        """The URI of its database."""
        return admin.sibling_uri(self.made_on, self.database)

    def write(self, file: TextIO) -> None:
        """Say so in its file."""
        file.seek(0)
        file.truncate()
        json.dump(asdict(self), file)
        file.flush()

    def serve(self, lock: TextIO, listener: socket.socket) -> "subprocess.Popen[bytes]":
        """Start gunicorn on this socket, in a group of its own that holds the lock."""
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
        """Drop its database. Whoever calls has the lock, and its server has ended."""
        embedded.keep_running_for(self.made_on)
        admin.drop_database(self.made_on, self.database)

    def forget(self) -> None:
        """Drop its database and its files."""
        self.drop()
        log(self.name).unlink(missing_ok=True)
        path(self.name).unlink(missing_ok=True)


def path(name: str) -> Path:
    """The scenario's file. It may hold a password, and is its owner's alone."""
    return embedded.folder() / "scenarios" / f"{name}.json"


def log(name: str) -> Path:
    """What the scenario's server says."""
    return path(name).with_suffix(".log")


def read(name: str) -> RunningScenario | None:
    """What the scenario's file says, if there is one."""
    with suppress(FileNotFoundError):
        if text := path(name).read_text():
            return RunningScenario(**json.loads(text))
    return None


def is_locked(name: str) -> bool:
    """True while the scenario is being made or served."""
    try:
        with path(name).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def locked(name: str) -> Iterator[TextIO]:
    """The scenario's file, made if need be, for nobody else. Raises Locked."""
    path(name).parent.mkdir(parents=True, exist_ok=True)
    while True:
        with open(path(name), "a+", opener=_private) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ScenarioLocked from None
            if _is_at(file, path(name)):
                try:
                    yield file
                finally:
                    if path(name).exists() and not path(name).read_text():
                        path(name).unlink()  # nothing came of it
                return


def stop_server(running: RunningScenario) -> None:
    """End its server, gently first, and wait until nothing of it is left."""
    deadline = time.monotonic() + END_TIMEOUT
    _tell(running.group, signal.SIGTERM)
    while is_locked(running.name):
        if time.monotonic() > deadline:
            _tell(running.group, signal.SIGKILL)
        time.sleep(_PAUSE)


def _tell(group: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, what)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_at(file: TextIO, path: Path) -> bool:
    """False if somebody has removed it since it was opened: then its lock means nothing."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
