"""The app of server.py for the servers that tests start.

Passwords are hashed cheaply and sent as often as the tests of one network need, owners add as many
vehicles as a load of requests needs, and templates are compiled once for all servers.
"""

import gc

gc.disable()  # imports make no garbage; looking for it takes a quarter of their time

from movr import passwords, transactions
from tests import compiled_templates
from tests.cheap_passwords import REPLACED
from web.security import rate_limits

compiled_templates.keep()
vars(passwords).update(REPLACED)
vars(rate_limits).update(PASSWORDS=rate_limits.PASSWORDS._replace(at_most=1_000_000))
vars(transactions).update(MAX_ADDED_A_DAY=1_000_000, MAX_WITHOUT_POSITION=1_000_000)

from server import app  # it serves with the replaced hashes

gc.enable()

__all__ = ["app"]
