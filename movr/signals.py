"""Ctrl-C, and whatever else ends a command: heard when it can be obeyed."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import wraps
from types import FrameType
from typing import Final, ParamSpec, TypeVar

# Ctrl-C; told to; the terminal was closed.
TERMINATION_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Given = ParamSpec("Given")
Made = TypeVar("Made")


def raise_keyboard_interrupt() -> None:
    """Have the first of them raise KeyboardInterrupt, and the next not disturb what that ends."""
    for ending in TERMINATION_SIGNALS:
        signal.signal(ending, _raise)


def ignore() -> None:
    """Hear none of them again."""
    for ending in TERMINATION_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)


@contextmanager
def deferred() -> Iterator[None]:
    """Hold them back until the end of the block: what is half started cannot be ended."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals find the main thread only
        return
    heard: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        heard.append(number)

    before = {ending: signal.signal(ending, note) for ending in TERMINATION_SIGNALS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
        for number in heard:
            signal.raise_signal(number)


@contextmanager
def sigint_blocked_for_children() -> Iterator[None]:
    """Have programs that are started meanwhile not hear Ctrl-C, which a terminal tells them too."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def uninterrupted(
    make: Callable[Given, AbstractContextManager[Made]],
) -> Callable[Given, AbstractContextManager[Made]]:
    """Have what this makes begin and end undisturbed, so that nobody has it by halves."""

    @wraps(make)
    @contextmanager
    def made(*arguments: Given.args, **named: Given.kwargs) -> Iterator[Made]:
        with ExitStack() as stack:
            with deferred():
                value = stack.enter_context(make(*arguments, **named))
            try:
                yield value
            finally:
                with deferred():
                    stack.close()

    return made


def _raise(_signal: int, _frame: FrameType | None) -> None:
    ignore()
    raise KeyboardInterrupt
