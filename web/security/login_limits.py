"""Rate limits of logins (docs/decisions/0007)."""

from collections.abc import Iterator
from contextlib import contextmanager

from movr.errors import WrongCredentials
from web.security import known_browsers, rate_limits
from web.security.rate_limits import counting_failures


@contextmanager
def counting_failed_logins(username: str) -> Iterator[None]:
    """Count a login with this name, and uncount it unless it fails. Raises TooManyAttempts.

    Usernames ignore case.
    """
    username = username.lower()
    with (
        counting_failures(*_limits_of(username), failure=WrongCredentials),
        counting_failures(*_limits_under_attack(username), failure=WrongCredentials),
    ):
        yield


def _limits_of(username: str) -> list[rate_limits.Attempt]:
    """Return the limits of a login.

    A browser known to this member has a limit of its own, so that strangers cannot lock it out.
    """
    if browser := known_browsers.browser_known_to(username):
        return [(rate_limits.FAILED_LOGINS_OF_BROWSER, f"{browser} {username}")]
    return [
        *rate_limits.by_network(rate_limits.FAILED_LOGINS_OF_ADDRESS),
        *rate_limits.by_network(rate_limits.FAILED_LOGINS_OF_NAME_AT_ADDRESS, username),
    ]


def _limits_under_attack(username: str) -> list[rate_limits.Attempt]:
    """Return the additional limits of a login with a name that strangers guess at."""
    if known_browsers.browser_known_to(username):
        return []
    if rate_limits.try_count(rate_limits.LOGINS_OF_NAME, username):
        return []
    return rate_limits.by_network(rate_limits.FAILED_LOGINS_UNDER_ATTACK, username)
