"""Rate limits per address, username, browser or member.

An attempt is counted before it is made, so that concurrent requests cannot exceed a limit; if it
succeeds, it is uncounted. docs/decisions/0007 describes how failed logins are counted so that
strangers cannot lock a member out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, ip_address, ip_network
from math import ceil
from typing import Final, NamedTuple

from flask import Flask, current_app, request
from flask_login import current_user

from movr.errors import Refusal
from web.security.rate_limit_store import RateLimitStore

MINUTE: Final = 60  # seconds
HOUR: Final = 60 * MINUTE
IPV6_NETWORK_BITS: Final = 64  # of a subscriber's network


class RateLimit(NamedTuple):
    """At most `at_most` attempts in any `seconds`."""

    name: str
    at_most: int
    seconds: int = MINUTE


# For a browser in which the member has logged in before; failures elsewhere do not count.
FAILED_LOGINS_OF_BROWSER: Final = RateLimit("failed logins of browser", 20, HOUR)
# For all other browsers. They also count attempts in progress, so the limit of an address allows an
# office to log in at once. It takes five addresses to reach the limit of a name.
FAILED_LOGINS_OF_ADDRESS: Final = RateLimit("failed logins of address", 20)
FAILED_LOGINS_OF_NAME_AT_ADDRESS: Final = RateLimit("failed logins of name at", 10, HOUR // 2)
FAILED_LOGINS_OF_NAME: Final = RateLimit("failed logins of name", 100, HOUR)
WRONG_CURRENT_PASSWORDS: Final = RateLimit("wrong current passwords", 10, HOUR // 2)
REGISTRATIONS: Final = RateLimit("registrations", 120)


class TooManyAttempts(Refusal):
    """A rate limit is reached; `seconds` is the time until the next attempt is allowed."""

    sentence = "That was a little too often. Please wait a minute and try again."

    def __init__(self, seconds: int = MINUTE) -> None:
        """Store the time to wait."""
        self.seconds = seconds

    def __str__(self) -> str:
        """Return the sentence, with the time to wait if it is longer than a minute."""
        minutes = ceil(self.seconds / MINUTE)
        return self.sentence.replace(
            "a minute", f"{minutes} minutes" if minutes > 1 else "a minute"
        )


def init_app(app: Flask, *, file: str, writes_per_minute: int) -> None:
    """Open the store, and limit the writes of each member per minute."""
    app.extensions["rate_limit_store"] = RateLimitStore(file)
    writes = RateLimit("writes", writes_per_minute)

    @app.before_request
    def limit_writes() -> None:
        """Limit POST requests with a session; registration and login have their own limits."""
        # The method is checked first, so that GET requests do not read the session.
        if request.method == "POST" and current_user.key:
            # The epoch is included so that an ended session cannot use up the member's limit.
            count_attempt(writes, f"{current_user.key.id} {current_user.epoch}")


def count_attempt(limit: RateLimit, who: str) -> None:
    """Count one attempt. Raises TooManyAttempts if the limit is reached."""
    if not try_count(limit, who):
        raise TooManyAttempts(ceil(_store().seconds_until_next(f"{limit.name} {who}")) or 1)


def try_count(limit: RateLimit, who: str) -> bool:
    """Count one attempt, unless the limit is reached; return True if counted."""
    return _store().try_count(f"{limit.name} {who}", at_most=limit.at_most, seconds=limit.seconds)


@contextmanager
def counting_failures(*attempts: tuple[RateLimit, str], failure: type[Refusal]) -> Iterator[None]:
    """Count an attempt by each limit, and uncount it unless the block raises `failure`.

    Raises TooManyAttempts before the block runs if any of the limits is reached.
    """
    counted: list[tuple[RateLimit, str]] = []
    failed = False
    try:
        for limit, who in attempts:
            count_attempt(limit, who)
            counted.append((limit, who))
        yield
    except failure:
        failed = True
        raise
    finally:
        if not failed:
            for limit, who in counted:
                _store().uncount(f"{limit.name} {who}")


def client_address() -> str:
    """Return the client's address, as reported by trusted proxies.

    For IPv6, return the /64 network, because one subscriber has 2**64 addresses.
    """
    text = request.remote_addr or "unknown"
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv4Address):
        return text
    return str(address.ipv4_mapped or ip_network((address.packed, IPV6_NETWORK_BITS), strict=False))


def _store() -> RateLimitStore:
    store: RateLimitStore = current_app.extensions["rate_limit_store"]
    return store
