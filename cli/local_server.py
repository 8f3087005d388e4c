"""gunicorn on the loopback interface, for development."""

import sys
from typing import Final

HOST: Final = "127.0.0.1"
GUNICORN_COMMAND: Final = (sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py", "server:app")
OUTBOX_COMMAND: Final = (sys.executable, "-m", "flask", "--app", "server", "outbox", "run")


class CannotServe(Exception):  # noqa: N818 - a message for the command line
    """The server can't start; the message is a sentence."""
