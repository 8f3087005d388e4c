"""The app for tests that send many requests generated from the description of the API.

Logins fail as often as these tests need, so that they can log in again.
"""

from tests.server import app
from web.security import rate_limits

_FAILED_LOGINS = (
    "FAILED_LOGINS_OF_ADDRESS",
    "FAILED_LOGINS_OF_NAME_AT_ADDRESS",
    "FAILED_LOGINS_UNDER_ATTACK",
)
for _name in _FAILED_LOGINS:
    setattr(rate_limits, _name, getattr(rate_limits, _name)._replace(at_most=1_000_000))

__all__ = ["app"]
