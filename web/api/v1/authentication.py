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
# In the description of an operation with `@auth.login_required(optional=True)`.
OPTIONAL: Final[list[str | dict[str, list[str]]]] = [{}, {"BearerAuth": []}]


@auth.verify_token
def _verify(text: str) -> AccessToken | None:
    """Return the parts of a well-formed token; the statements of the operation check it.

    A write is counted by its member's limit, and its token has its idempotency key. Raises
    TooManyAttempts.
    """
    try:
        token = api_tokens.parse(text)
    except errors.TokenInvalid:
        return None
    if request.method in SAFE_METHODS:
        return token
    write_limits.count(token)
    return token._replace(request=idempotency.keyed_request(token.user))


@auth.error_processor
def _refuse(_error: HTTPError) -> NoReturn:
    raise errors.TokenInvalid


def token() -> AccessToken:
    """Return the access token of this request, in an operation with `@auth.login_required`.

    It is the proof for the methods of MovR that check it in their own statements.
    """
    return cast("AccessToken", auth.current_user)


def member() -> Member:
    """Return the member who calls, in one round trip. Raises TokenInvalid."""
    found: Member | None = g.get("api_member")
    if found is None:
        found = movr().tokens.member(token())
        if found is None:
            raise errors.TokenInvalid
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
