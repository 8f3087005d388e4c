"""The app of server.py with cheap password hashes, for the servers that tests start."""

from movr import passwords
from tests.cheap_passwords import REPLACED

vars(passwords).update(REPLACED)

from server import app  # noqa: E402 - serves with the replaced hashes

__all__ = ["app"]
