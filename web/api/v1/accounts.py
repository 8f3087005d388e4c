"""Accounts, before there is a token.

The links in letters lead to pages, which verify addresses and set passwords.
"""

from http import HTTPStatus

from apiflask import APIBlueprint
from flask import abort

from movr.cities import served_city
from web.api.v1 import idempotency
from web.api.v1.form_rules import fields_of, validated
from web.api.v1.schemas import AccountKey, NewAccount, Username
from web.context import movr
from web.forms import ForgotPasswordForm, RegisterForm
from web.languages import current_language
from web.security import rate_limits
from web.services import mail, password_links, verification

blueprint = APIBlueprint("api_accounts", __name__, url_prefix="/api/v1", tag="Accounts")


@blueprint.post("/accounts")
@blueprint.input(NewAccount, arg_name="new")
@blueprint.output(AccountKey, status_code=201)
@blueprint.doc(operation_id="register", responses=[401, 409, 422, 429])
def register(new: NewAccount) -> AccountKey:
    """Open an account, whose member logs in with `POST /tokens` then.

    Where MovR sends email, the letter that verifies the address is on its way.
    """
    form = validated(RegisterForm(fields_of(new, city=new.served_city.name)))
    rate_limits.count_password()
    may_send = verification.may_send_first_link()
    register = movr().register_with_link if may_send else movr().register
    user = register(
        **form.values(), language=current_language(), idempotency_key=idempotency.hashed_key()
    )
    return AccountKey(id=user.id, city=served_city(user.city).slug)


@blueprint.post("/password-links")
@blueprint.input(Username, arg_name="whose")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="request_password_link", responses=[404, 422, 429])
def request_password_link(whose: Username) -> str:
    """Send a link to a page for a new password, if this account exists; the response is the same.

    It is not there where MovR sends no email.
    """
    if not mail.can_send():
        abort(HTTPStatus.NOT_FOUND)
    form = validated(ForgotPasswordForm(fields_of(whose)))
    password_links.send(str(form.username.data), idempotency.hashed_key())
    return ""
