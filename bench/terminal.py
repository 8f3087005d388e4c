"""What a command says while it works, and how it ends."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from bench.http import Unexpected
from movr import signals

Item = TypeVar("Item")

WIDTH: Final = 30  # characters
INTERRUPTED: Final = 130  # what a shell says of a command that Ctrl-C ended


def at_least(least: int) -> Callable[[str], int]:
    """Reads an option that is a whole number, and not less than this."""

    def parse(text: str) -> int:
        if int(text) < least:
            raise ValueError
        return int(text)

    parse.__name__ = f"whole number from {least}"  # argparse says "invalid … value: '0'"
    return parse


def run(command: Callable[[], None]) -> int:
    """Run a command until it is done or told to end; the exit status."""
    signals.raise_keyboard_interrupt()
    try:
        command()
    except Unexpected as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: nothing is left behind.", file=sys.stderr)
        return INTERRUPTED
    return 0


def tell(what: str) -> None:
    """What is being done, before there is a bar to show for it."""
    print(f"{what}.", file=sys.stderr, flush=True)


def progress(items: Sequence[Item], what: str) -> Iterator[Item]:
    """These items, with a bar on the terminal for how far we are; elsewhere a line a tenth."""
    for done, item in enumerate(items):
        _show(what, done, len(items))
        yield item
    _show(what, len(items), len(items))


def bar(what: str) -> Callable[[float], None]:
    """What shows a share that is done, from 0 to 1, whenever it is told one of another percent."""
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
    """Columns of text, the first to the left, the others to the right; the first row is a head."""
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
