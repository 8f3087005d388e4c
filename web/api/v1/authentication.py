"""Who calls the API: the bearer of an access token. Cookies are not read."""

from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeVar, cast

from apiflask import HTTPError, HTTPTokenAuth
from flask import g, request

from movr import api_tokens, errors
from movr.results import AccessToken, Member, MemberAndPage, Page
from web.api.v1 import idempotency, write_limits
from web.context import movr

Item = TypeVar("Item")

SCHEME: Final = "Bearer"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

auth: Final = HTTPTokenAuth(SCHEME, description="An access token, from `POST /api/v1/tokens`.")


@auth.verify_token
def _verify(text: str) -> AccessToken | None:
    """Return the parts of a well-formed token; the statements of the operation check it."""
    try:
        return api_tokens.parse(text)
    except errors.TokenInvalid:
        return None


@auth.error_processor
def _refuse(_error: HTTPError) -> NoReturn:
    raise errors.TokenInvalid


def token() -> AccessToken:
    """Return the access token of this request, in an operation with `@auth.login_required`."""
    return cast("AccessToken", auth.current_user)


def member() -> Member:
    """Return the member who calls, in one round trip. Raises TokenInvalid.

    A write is counted by the member's limit then, and its idempotency key is claimed in another
    round trip. Raises TooManyAttempts, IdempotencyKeyReused.
    """
    found: Member | None = g.get("api_member")
    if found is None:
        found = movr().tokens.member(token())
        if found is None:
            raise errors.TokenInvalid
        if request.method not in SAFE_METHODS:
            write_limits.count(found)
            idempotency.claim(found)
        g.api_member = found
    return found


def read(read: Callable[..., MemberAndPage[Item]], *arguments: Any, **named: Any) -> Page[Item]:
    """Return a page that is read together with the member, in one round trip.

    `read` is a method of MovR that takes the member's key and a proof. Raises TokenInvalid.
    """
    result = read(token().user, token(), *arguments, **named)
    if result.member is None:
        raise errors.TokenInvalid
    g.api_member = result.member
    return result.page
