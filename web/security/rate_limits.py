"""Rate limits: how often one address, name, browser or member may try something.

What is limited is counted before it is done, so that no number of requests at once slips through;
what turned out fine is given back. Why failed logins are counted as they are, so that nobody can
lock somebody else out: docs/decisions/0007.
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
SUBSCRIBER: Final = 64  # bits of an IPv6 address


class RateLimit(NamedTuple):
    """At most so many in any so many seconds."""

    what: str
    at_most: int
    seconds: int = MINUTE


# Of a browser in which the member has logged in before: nobody else's failures count there.
FAILED_LOGINS_OF_BROWSER: Final = RateLimit("failed logins of browser", 20, HOUR)
# Of all others. They count attempts under way, too: an office shares an address, and its people log
# in at once. It takes five addresses to use up what a name has.
FAILED_LOGINS_OF_ADDRESS: Final = RateLimit("failed logins of address", 20)
FAILED_LOGINS_OF_NAME_AT_ADDRESS: Final = RateLimit("failed logins of name at", 10, HOUR // 2)
FAILED_LOGINS_OF_NAME: Final = RateLimit("failed logins of name", 100, HOUR)
WRONG_PRESENT_PASSWORDS: Final = RateLimit("wrong present passwords", 10, HOUR // 2)
REGISTRATIONS: Final = RateLimit("registrations", 120)


class TooManyAttempts(Refusal):
    """A rate limit is used up. `seconds` is how long until it is not."""

    sentence = "That was a little too often. Please wait a minute and try again."

    def __init__(self, seconds: int = MINUTE) -> None:
        """Say how long to wait."""
        self.seconds = seconds

    def __str__(self) -> str:
        """The sentence, with the time to wait if it is longer than a minute."""
        minutes = ceil(self.seconds / MINUTE)
        return self.sentence.replace(
            "a minute", f"{minutes} minutes" if minutes > 1 else "a minute"
        )


def init_app(app: Flask, *, file: str, writes_per_minute: int) -> None:
    """Count in this file, and limit what one member changes in a minute."""
    app.extensions["rate_limit_store"] = RateLimitStore(file)
    writes = RateLimit("writes", writes_per_minute)

    @app.before_request
    def limit_writes() -> None:
        """Registering and logging in have limits of their own; both leave a session."""
        # Who only reads is not even asked for a session: open data is the same for everyone.
        if request.method == "POST" and current_user.key:
            # Of this epoch: whoever kept a session that was ended uses up nobody's changes.
            count_attempt(writes, f"{current_user.key.id} {current_user.epoch}")


def count_attempt(limit: RateLimit, who: str) -> None:
    """Count one attempt. Raises TooManyAttempts if it is one too many."""
    if not try_count(limit, who):
        raise TooManyAttempts(ceil(_attempts().seconds_until_next(f"{limit.what} {who}")) or 1)


def try_count(limit: RateLimit, who: str) -> bool:
    """Count one attempt, unless it is one too many; whether it was."""
    name = f"{limit.what} {who}"
    return _attempts().try_count(name, at_most=limit.at_most, seconds=limit.seconds)


@contextmanager
def counting_failures(*attempts: tuple[RateLimit, str], failure: type[Refusal]) -> Iterator[None]:
    """Count what happens inside by each limit, and give the counts back unless it is this failure.

    Raises TooManyAttempts before anything happens, if it is one too many by any of them.
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
                _attempts().uncount(f"{limit.what} {who}")


def client_address() -> str:
    """Where the request comes from, as far as the proxies in front can be trusted to say.

    Of IPv6 the network: one subscriber has 2**64 addresses.
    """
    given = request.remote_addr or "unknown"
    try:
        found = ip_address(given)
    except ValueError:
        return given
    if isinstance(found, IPv4Address):
        return given
    return str(found.ipv4_mapped or ip_network((found.packed, SUBSCRIBER), strict=False))


def _attempts() -> RateLimitStore:
    attempts: RateLimitStore = current_app.extensions["rate_limit_store"]
    return attempts
