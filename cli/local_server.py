"""gunicorn on this machine, for whoever is at its keyboard."""

import sys
from typing import Final

HOST: Final = "127.0.0.1"
GUNICORN_COMMAND: Final = (sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py", "server:app")


class CannotServe(Exception):  # noqa: N818 - a reason, told and done with
    """Something in the way, in one sentence."""
