"""Rate limits per address, username, browser or member.

An attempt is counted before it is made, so that concurrent requests cannot exceed a limit; if it
succeeds, it is uncounted. docs/decisions/0007 describes how failed logins are counted so that
strangers cannot lock a member out.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from math import ceil
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_login import current_user

from movr.errors import Refusal, WrongPassword, with_minutes
from movr.messages import Message, ngettext_noop
from movr.results import Member, UserKey
from web.context import is_api_request
from web.security.rate_limit_store import RateLimit, RateLimitStore, Store
from web.security.shared_rate_limits import FallbackStore, SharedRateLimitStore

Attempt = tuple[RateLimit, str]  # who makes it

MINUTE: Final = 60  # seconds
HOUR: Final = 60 * MINUTE
# Prefixes of the networks that one subscriber may have. Each allows GROWTH times as many attempts
# as the one inside it.
NETWORKS: Final = (64, 56, 48)
GROWTH: Final = 2


# For a browser in which the member has logged in before; failures elsewhere do not count.
FAILED_LOGINS_OF_BROWSER: Final = RateLimit("failed logins of browser", 20, HOUR)
# For all other browsers. They also count attempts in progress, so the limit of an address allows an
# office to log in at once.
FAILED_LOGINS_OF_ADDRESS: Final = RateLimit("failed logins of address", 20)
FAILED_LOGINS_OF_NAME_AT_ADDRESS: Final = RateLimit("failed logins of name at", 10, HOUR // 2)
# With more logins than this in new browsers a name is under attack. Each network then has fewer
# tries, so that guessing takes many networks, and none of them keeps the member out of another.
LOGINS_OF_NAME: Final = RateLimit("logins of name", 100, HOUR)
FAILED_LOGINS_UNDER_ATTACK: Final = RateLimit("failed logins under attack at", 2, HOUR)
WRONG_CURRENT_PASSWORDS: Final = RateLimit("wrong current passwords", 10, HOUR // 2)
# For forms with a password, whether it is right or not: each takes a place in the queue of hashes,
# which is for all networks.
PASSWORDS: Final = RateLimit("passwords", 120)
REPORTS_OF_MEMBER: Final = RateLimit("reports of", 20, HOUR)
NOT_TRIED: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.UNAUTHORIZED,
    }
)
UNDOS_OF_MEMBER: Final = RateLimit("undone rides of", 6, HOUR)


class TooManyAttempts(Refusal):
    """A rate limit is reached; `seconds` is the time until the next attempt is allowed."""

    sentence, plural = ngettext_noop(
        "Too many attempts. Please try again in a minute.",
        "Too many attempts. Please try again in %(count)d minutes.",
    )

    def __init__(self, seconds: int = MINUTE) -> None:
        """Store the time to wait."""
        self.seconds = seconds

    def message(self) -> Message:
        """Return the sentence with the number of minutes."""
        return with_minutes(self.sentence, self.plural, timedelta(seconds=self.seconds))


def init_app(app: Flask, *, file: str, uri: str, writes_per_minute: int) -> None:
    """Open the stores, and limit the writes of each member per minute."""
    shared = [SharedRateLimitStore(uri)] if uri else []
    app.extensions["rate_limit_store"] = FallbackStore(
        *shared, RateLimitStore(file), RateLimitStore()
    )

    @app.before_request
    def limit_writes() -> None:
        """Limit POST requests with a session; registration and login have their own limits."""
        # The method is checked first, so that GET requests do not read the session.
        if request.method == "POST" and current_user.key:
            count_attempts(write_of(current_user.key, current_user.epoch, writes_per_minute))

    app.after_request(_uncount_what_was_not_tried)


def write_of(user: UserKey, epoch: int, at_most: int) -> Attempt:
    """Return a write of this member, on a page or by the API, of which `at_most` a minute are made.

    The epoch is included so that an ended session cannot use up the member's limit.
    """
    return RateLimit("writes", at_most), f"{user.id} {epoch}"


def is_unproven(response: Response) -> bool:
    """Return True for an error of the API whose token is invalid, or was not checked.

    Statements check tokens. An error without one is about the form of the request, except for 429:
    a limit is reached.
    """
    status = response.status_code
    if not is_api_request() or status < HTTPStatus.BAD_REQUEST:
        return False
    stats = g.get("query_stats")  # missing if the request was refused early
    is_checked = (stats and stats.statements) or status == HTTPStatus.TOO_MANY_REQUESTS
    return status == HTTPStatus.UNAUTHORIZED or not is_checked


def remaining(limit: RateLimit, who: str) -> int:
    """Return how many more attempts are allowed now."""
    return _store().remaining(limit, who)


def count_attempts(*attempts: Attempt) -> None:
    """Count an attempt by each limit. Raises TooManyAttempts if one of them is reached.

    They are uncounted if the response is 401, 429 or 503.
    """
    for limit, who in attempts:
        _count(limit, who)
        g.setdefault("counted_attempts", []).append((limit, who))


def count_vehicle_taken(at_most: int) -> None:
    """Count a ride or reservation by network: many accounts of one could take all vehicles.

    Raises TooManyAttempts.
    """
    count_attempts(*by_network(RateLimit("vehicles taken at", at_most)))


def count_undo(rider: UserKey) -> None:
    """Count an undone ride of the member. Raises TooManyAttempts.

    Otherwise riders could hold a vehicle without cost, from one undone ride to the next.
    """
    count_attempts((UNDOS_OF_MEMBER, str(rider.id)))


def count_report(reporter: UserKey) -> None:
    """Count a report of the member. Raises TooManyAttempts."""
    count_attempts((REPORTS_OF_MEMBER, str(reporter.id)))


def count_password() -> None:
    """Count a password that is about to be hashed, by network. Raises TooManyAttempts."""
    count_attempts(*by_network(PASSWORDS))


def counting_wrong_passwords(member: Member) -> AbstractContextManager[None]:
    """Limit the passwords of this network, and the wrong ones of this session's member."""
    count_password()
    who = f"{member.id} {member.session_epoch}"
    return counting_failures((WRONG_CURRENT_PASSWORDS, who), failure=WrongPassword)


def try_count(limit: RateLimit, who: str) -> bool:
    """Count one attempt, unless the limit is reached; return True if counted."""
    return _store().try_count(limit, who)


@contextmanager
def counting_failures(*attempts: Attempt, failure: type[Refusal]) -> Iterator[None]:
    """Count an attempt by each limit, and uncount it unless the block raises `failure`.

    Raises TooManyAttempts before the block runs if any of the limits is reached.
    """
    counted: list[Attempt] = []
    failed = False
    try:
        for limit, who in attempts:
            _count(limit, who)
            counted.append((limit, who))
        yield
    except failure:
        failed = True
        raise
    finally:
        if not failed:
            for limit, who in counted:
                _store().uncount(limit, who)


def by_network(limit: RateLimit, name: str = "") -> list[Attempt]:
    """Return an attempt of each of the client's networks, on this name if one is given."""
    return [
        (limit._replace(at_most=limit.at_most * GROWTH**n), f"{network} {name}".rstrip())
        for n, network in enumerate(client_networks())
    ]


def client_networks() -> list[str]:
    """Return the client's IPv4 address, or its networks if it has an IPv6 address.

    Trusted proxies report the address, some with a port. One subscriber has 2**64 IPv6 addresses or
    more.
    """
    try:
        address = _parse_address(request.remote_addr or "")
    except ValueError:
        return ["unknown"]
    if isinstance(address, IPv4Address):
        return [str(address)]
    if address.ipv4_mapped:
        return [str(address.ipv4_mapped)]
    return [str(ip_network((address.packed, prefix), strict=False)) for prefix in NETWORKS]


def _parse_address(text: str) -> IPv4Address | IPv6Address:
    """Return the address of a text with or without a port. Raises ValueError if there is none."""
    try:
        return ip_address(text)
    except ValueError:
        return ip_address(urlsplit(f"//{text}").hostname or "")


def _count(limit: RateLimit, who: str) -> None:
    """Count one attempt. Raises TooManyAttempts if the limit is reached."""
    if not try_count(limit, who):
        raise TooManyAttempts(ceil(_store().seconds_until_next(limit, who)) or 1)


def _uncount_what_was_not_tried(response: Response) -> Response:
    """Uncount the attempts of a request that was refused by a limit or for want of the database.

    A request of the API is counted before its token is checked; with one that is invalid or was not
    checked, it is not the member's.
    """
    if response.status_code in NOT_TRIED or is_unproven(response):
        for limit, who in g.get("counted_attempts", []):
            _store().uncount(limit, who)
    return response


def _store() -> Store:
    store: Store = current_app.extensions["rate_limit_store"]
    return store
