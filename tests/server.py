"""The app of server.py for the servers that tests start.

Passwords are hashed cheaply, and owners add as many vehicles as a load of requests needs.
"""

from movr import passwords, transactions
from tests.cheap_passwords import REPLACED

vars(passwords).update(REPLACED)
vars(transactions).update(MAX_ADDED_A_DAY=1_000_000, MAX_WITHOUT_POSITION=1_000_000)

from server import app  # noqa: E402 - serves with the replaced hashes

__all__ = ["app"]
