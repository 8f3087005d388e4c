"""Tokens: how programs log in."""

import hmac
from uuid import UUID

from apiflask import APIBlueprint

from movr import errors
from movr.results import TokenPair
from web.api.v1 import authentication, idempotency
from web.api.v1.authentication import auth
from web.api.v1.schemas import Credentials, Devices, RefreshToken, Tokens
from web.context import movr, settings
from web.security import login_limits, rate_limits

blueprint = APIBlueprint("api_tokens", __name__, url_prefix="/api/v1/tokens", tag="Tokens")


@blueprint.post("")
@blueprint.input(Credentials, arg_name="body")
@blueprint.output(Tokens, status_code=201)
@blueprint.doc(operation_id="create_token", responses=[401, 403, 409, 422, 429])
def create(body: Credentials) -> Tokens:
    """Log in and get tokens for this device."""
    rate_limits.count_password()
    with login_limits.counting_failed_logins(body.username):
        member = movr().log_in(body.username, body.password)
    return _tokens(movr().tokens.create(member, body.device, idempotency.hashed_key()))


@blueprint.post("/refresh")
@blueprint.input(RefreshToken, arg_name="body")
@blueprint.output(Tokens)
@blueprint.doc(operation_id="refresh_token", responses=[401, 422])
def refresh(body: RefreshToken) -> Tokens:
    """Exchange a refresh token, which is spent then, for new tokens.

    A token that was spent before revokes the tokens of its device, unless it is sent again with its
    idempotency key within five minutes.
    """
    return _tokens(movr().tokens.refresh(body.refresh_token, _secret_key_of_refresh()))


@blueprint.get("")
@blueprint.auth_required(auth)
@blueprint.output(Devices)
@blueprint.doc(operation_id="list_tokens", responses=[401])
def index() -> dict[str, object]:
    """List the devices that have tokens, oldest first."""
    return {"items": authentication.read(movr().tokens.devices).items}


@blueprint.delete("/<uuid:token_id>")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="revoke_token", responses=[401, 404])
def revoke(token_id: UUID) -> str:
    """Revoke the tokens of a device, which may be the one that calls."""
    member = authentication.member()
    if not movr().tokens.revoke(member.key, token_id, authentication.token()):
        raise errors.DeviceNotFound
    return ""


def _secret_key_of_refresh() -> str:
    """Return a text for the idempotency key of a refresh that only MovR can compute, or "".

    The next tokens are made from it, and programs may choose keys that can be guessed. A refresh is
    not repeatable across a change of SECRET_KEY.
    """
    key = idempotency.hashed_key()
    secret = settings().secret_key.encode()
    return hmac.digest(secret, key.encode(), "sha256").hex() if key else ""


def _tokens(tokens: TokenPair) -> Tokens:
    return Tokens(
        access_token=tokens.access,
        refresh_token=tokens.refresh,
        expires_in=int(tokens.expires_in.total_seconds()),
    )
