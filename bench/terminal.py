"""Terminal output of commands: progress, tables, error messages and exit status."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from bench.http import Unexpected
from cluster.nodes import CannotStart
from movr import signals

Item = TypeVar("Item")

WIDTH: Final = 30  # characters
INTERRUPTED: Final = 130  # a shell's exit status of a command that was ended by SIGINT


def at_least(least: int) -> Callable[[str], int]:
    """Return a parser of options that accepts whole numbers from `least` on."""

    def parse(text: str) -> int:
        if int(text) < least:
            raise ValueError
        return int(text)

    parse.__name__ = f"whole number from {least}"  # argparse says "invalid … value: '0'"
    return parse


def run(command: Callable[[], None]) -> int:
    """Run a command until it ends or is interrupted, and return the exit status."""
    signals.raise_keyboard_interrupt()
    try:
        command()
    except (Unexpected, CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: nothing is left behind.", file=sys.stderr)
        return INTERRUPTED
    return 0


def announce(what: str) -> None:
    """Print the current activity to stderr."""
    print(f"{what}.", file=sys.stderr, flush=True)


def progress(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items with a progress bar, or a line for each tenth if stderr is no terminal."""
    for done, item in enumerate(items):
        _show(what, done, len(items))
        yield item
    _show(what, len(items), len(items))


def bar(what: str) -> Callable[[float], None]:
    """Return a function that shows a share, from 0 to 1, whenever its percentage changes."""
    shown = -1

    def show(share: float) -> None:
        nonlocal shown
        if (percent := round(share * 100)) != shown:
            shown = percent
            _show(what, percent, 100)

    return show


def _show(what: str, done: int, total: int) -> None:
    percent = f"{what} {done / total:4.0%}"
    if sys.stderr.isatty():
        bar = "█" * (WIDTH * done // total)
        end = "\n" if done == total else ""
        print(f"\r{percent} {bar:░<{WIDTH}}", end=end, file=sys.stderr, flush=True)
    elif done * 10 // total > (done - 1) * 10 // total:
        print(percent, file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a text table; the first row is its head, the first column is aligned left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])
