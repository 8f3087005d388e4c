"""Rate limits: how often one address, name or member may try something in a minute.

What is limited is counted before it is done, so that no number of requests at once slips through;
what turned out fine is given back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from flask import Flask, current_app, request

from movr.errors import Refusal
from web.attempts import Attempts
from web.session import viewer


class Limit(NamedTuple):
    """At most so many in any minute."""

    what: str
    at_most: int


# Both count attempts under way, too: an office shares an address, and its people log in at once.
FAILED_LOGINS_OF_NAME: Final = Limit("failed logins of name", 10)
FAILED_LOGINS_OF_ADDRESS: Final = Limit("failed logins of address", 20)
REGISTRATIONS: Final = Limit("registrations", 120)


class TooManyAttempts(Refusal):
    """A rate limit is used up."""

    sentence = "That was a little too often. Please wait a minute and try again."


def init_app(app: Flask, *, file: str, writes_per_minute: int) -> None:
    """Count in this file, and limit what one member changes in a minute."""
    app.extensions["attempts"] = Attempts(file)
    writes = Limit("writes", writes_per_minute)

    @app.before_request
    def limit_writes() -> None:
        """Registering and logging in have limits of their own; both leave a session."""
        # Who only reads is not even asked for a session: open data is the same for everyone.
        if request.method == "POST" and (key := viewer().key):
            count(writes, str(key.id))


def count(limit: Limit, who: str) -> None:
    """Count one attempt. Raises TooManyAttempts if it is one too many."""
    if not _attempts().take(f"{limit.what} {who}", at_most=limit.at_most):
        raise TooManyAttempts


@contextmanager
def counting_failures(*attempts: tuple[Limit, str], failure: type[Refusal]) -> Iterator[None]:
    """Count what happens inside by each limit, and give the counts back unless it is this failure.

    Raises TooManyAttempts before anything happens, if it is one too many by any of them.
    """
    counted: list[tuple[Limit, str]] = []
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
                _attempts().give_back(f"{limit.what} {who}")


def address() -> str:
    """Where the request comes from, as far as the proxies in front can be trusted to say."""
    return request.remote_addr or "unknown"


def _attempts() -> Attempts:
    attempts: Attempts = current_app.extensions["attempts"]
    return attempts
