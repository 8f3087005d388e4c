"""What a command has left behind."""

from pathlib import Path


def left_in(folder: str) -> set[str]:
    """What is there, but for the lock that servers of all runs share."""
    return {path.name for path in Path(folder).iterdir() if path.suffix != ".lock"}


def processes_of(folder: str) -> set[int]:
    """The processes whose command line or environment names this folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:  # it has ended, or is not ours
            continue
        if folder.encode() in told:
            found.add(int(process.name))
    return found
