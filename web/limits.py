"""Rate limits: how often one address, name or member may try something in a minute.

What is limited is counted before it is done, so that no number of requests at once slips through;
what turned out fine is given back. Why not Flask-Limiter: docs/decisions/0002.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from movr.errors import Refusal
from web.session import viewer

# Both count attempts under way, too: an office shares an address, and its people log in at once.
FAILED_LOGINS_OF_NAME: Final = RateLimitItemPerMinute(10, namespace="failed-logins-of-name")
FAILED_LOGINS_OF_ADDRESS: Final = RateLimitItemPerMinute(20, namespace="failed-logins-of-address")
REGISTRATIONS: Final = RateLimitItemPerMinute(120, namespace="registrations")


class TooManyAttempts(Refusal):
    """A rate limit is used up."""

    sentence = "That was a little too often. Please wait a minute and try again."


def init_app(app: Flask, *, uri: str, writes_per_minute: int) -> None:
    """Count at this storage, and limit what one member changes in a minute."""
    app.extensions["limiter"] = FixedWindowRateLimiter(storage_from_string(uri))
    writes = RateLimitItemPerMinute(writes_per_minute, namespace="writes")

    @app.before_request
    def limit_writes() -> None:
        """Registering and logging in have limits of their own; both leave a session."""
        key = viewer().key
        if request.method == "POST" and key:
            count(writes, str(key.id))


def count(limit: RateLimitItem, *who: str) -> None:
    """Count one attempt. Raises TooManyAttempts if it is one too many."""
    if not _limiter().hit(limit, *who):
        raise TooManyAttempts


@contextmanager
def counting_failures(
    *attempts: tuple[RateLimitItem, str], failure: type[Refusal]
) -> Iterator[None]:
    """Count what happens inside by each limit, and give the counts back unless it is this failure.

    Raises TooManyAttempts before anything happens, if it is one too many by any of them.
    """
    counted: list[tuple[RateLimitItem, str]] = []
    failed = False
    try:
        for limit, who in attempts:
            count(limit, who)
            counted.append((limit, who))
        yield
    except failure:
        failed = True
        raise
    finally:
        if not failed:
            for limit, who in counted:
                _limiter().hit(limit, who, cost=-1)


def address() -> str:
    """Where the request comes from, as far as the proxies in front can be trusted to say."""
    return request.remote_addr or "unknown"


def _limiter() -> FixedWindowRateLimiter:
    limiter: FixedWindowRateLimiter = current_app.extensions["limiter"]
    return limiter
