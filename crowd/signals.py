"""Ctrl-C, and whatever else ends a command: heard when it can be obeyed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def as_ctrl_c() -> None:
    """Have all of them raise KeyboardInterrupt."""
    for ending in ENDINGS:
        signal.signal(ending, signal.default_int_handler)


@contextmanager
def held() -> Iterator[None]:
    """Hold them back until the end of the block: what is half started cannot be ended.

    Raises KeyboardInterrupt then, if there was one.
    """
    heard: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = {ending: signal.signal(ending, note) for ending in ENDINGS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
        if heard:
            raise KeyboardInterrupt


def ignore() -> None:
    """Hear none of them again."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
