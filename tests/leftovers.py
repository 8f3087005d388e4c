"""Processes, ports and files that a command has started or left behind."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cli.test_serve import is_open

LISTENING = "0A"  # the state of a listening socket in /proc/net/tcp


def left_in(folder: str) -> set[str]:
    """Return the files in the folder, apart from the lock file that all runs share."""
    return {path.name for path in Path(folder).iterdir() if path.suffix != ".lock"}


def processes_of(folder: str) -> set[int]:
    """Return the processes whose command line or environment contains this folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:  # it has ended, or belongs to another user
            continue
        if folder.encode() in command:
            found.add(int(process.name))
    return found


@dataclass
class Started:
    """Processes that a command has started, and the TCP ports where they listen."""

    processes: set[int]
    ports: set[int]

    @classmethod
    def by(cls, folder: str) -> "Started":
        """Return what a command with its temporary files in this folder has started so far."""
        processes = processes_of(folder)
        return cls(processes, set(_ports(processes)))

    def is_over(self, folder: str) -> bool:
        """True if no process, port or file is left."""
        return not (processes_of(folder) or any(map(is_open, self.ports)) or left_in(folder))


def _ports(processes: set[int]) -> Iterator[int]:
    sockets = {file for process in processes for file in open_files(process)}
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = row.split()
        address, state, inode = columns[1], columns[3], columns[9]
        if state == LISTENING and f"socket:[{inode}]" in sockets:
            yield int(address.rpartition(":")[2], 16)


def open_files(process: int) -> Iterator[str]:
    """Return the open files of a process, as named by the kernel."""
    with suppress(OSError):  # it has ended
        for file in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):  # it was closed
                yield str(file.readlink())
