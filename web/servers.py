"""gunicorn on this machine, for whoever is at its keyboard."""

import signal
import sys
from types import FrameType
from typing import Final

HOST: Final = "127.0.0.1"
GUNICORN: Final = (sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py", "server:app")


class CannotServe(Exception):  # noqa: N818 - a reason, told and done with
    """Something in the way, in one sentence."""


def take_signals_as_ctrl_c() -> None:
    """Have the signals that end a process raise KeyboardInterrupt, as Ctrl-C does."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # told to, or the terminal was closed
        signal.signal(ending, _as_ctrl_c)


def ignore_signals() -> None:
    """Go on whatever comes: what is being cleared away must not be left half done."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_IGN)


def _as_ctrl_c(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
