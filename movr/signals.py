"""Handling of the signals that end a command, such as Ctrl-C."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import wraps
from types import FrameType
from typing import Final, ParamSpec, TypeVar

# Ctrl-C; `kill`; the terminal was closed.
TERMINATION_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Given = ParamSpec("Given")
Made = TypeVar("Made")


def raise_keyboard_interrupt() -> None:
    """Make the first termination signal raise KeyboardInterrupt, and ignore later ones.

    Later signals are ignored so that they do not interrupt the cleanup.
    """
    for ending in TERMINATION_SIGNALS:
        signal.signal(ending, _raise)


def ignore() -> None:
    """Ignore all termination signals from now on."""
    for ending in TERMINATION_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)


@contextmanager
def deferred() -> Iterator[None]:
    """Defer termination signals until the end of the block, so that it runs completely."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python runs signal handlers in the main thread only
        return
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {ending: signal.signal(ending, note) for ending in TERMINATION_SIGNALS}
    try:
        yield
    finally:
        for ending, handler in before.items():
            signal.signal(ending, handler)
        for number in received:
            signal.raise_signal(number)


@contextmanager
def sigint_blocked_for_children() -> Iterator[None]:
    """Block SIGINT in child processes that are started in the block.

    A terminal sends Ctrl-C to all processes of its foreground group.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def uninterrupted(
    make: Callable[Given, AbstractContextManager[Made]],
) -> Callable[Given, AbstractContextManager[Made]]:
    """Decorate a context manager so that signals interrupt neither its entry nor its exit."""

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
