"""The member's own account: email address, password, language, data, and its end."""

from apiflask import APIBlueprint
from flask import Response

from movr.errors import AddressNotMailable
from web.api.v1 import authentication
from web.api.v1.authentication import auth
from web.api.v1.form_rules import fields_of, validated
from web.api.v1.schemas import (
    Deletion,
    EmailChange,
    Language,
    MyData,
    NewEmail,
    NewPassword,
)
from web.context import movr, settings
from web.forms import ChangePasswordForm, DeleteAccountForm, EmailForm
from web.rendering import data_files
from web.security import account_log, rate_limits
from web.services import verification

blueprint = APIBlueprint("api_account", __name__, url_prefix="/api/v1/me", tag="Me")


@blueprint.put("/password")
@blueprint.auth_required(auth)
@blueprint.input(NewPassword, arg_name="body")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="change_password", responses=[401, 403, 422, 429])
def change_password(body: NewPassword) -> str:
    """Change the password, which ends all sessions and tokens, also those of this program.

    Log in with `POST /tokens` again.
    """
    member = authentication.member()
    form = validated(ChangePasswordForm(member, formdata=fields_of(body)))
    current, new = str(form.current.data), str(form.new.data)
    with rate_limits.counting_wrong_passwords(member):
        epoch = movr().change_password(member.key, member.session_epoch, current=current, new=new)
    account_log.record(account_log.PASSWORD_CHANGED, *member.key, epoch)
    return ""


@blueprint.put("/email")
@blueprint.auth_required(auth)
@blueprint.input(NewEmail, arg_name="body")
@blueprint.output(EmailChange)
@blueprint.doc(operation_id="change_email", responses=[401, 403, 422, 429])
def change_email(body: NewEmail) -> EmailChange:
    """Send the link that changes the email address, which works for a day.

    Where MovR sends no email, the address changes at once. All sessions and tokens end then.
    """
    member = authentication.member()
    form = validated(EmailForm(fields_of(body)))
    with rate_limits.counting_wrong_passwords(member):
        movr().check_password(member.key, str(form.password.data))
    if settings().mail_uri:
        verification.confirm_new_address(member, str(form.email.data), authentication.token())
        return EmailChange(is_pending=True)
    movr().change_email(member.key, member.session_epoch, str(form.email.data))
    return EmailChange(is_pending=False)


@blueprint.post("/email/verification")
@blueprint.auth_required(auth)
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="send_verification", responses=[401, 409, 429])
def send_verification() -> str:
    """Send the link that verifies the email address again, where MovR sends email."""
    if not verification.send_again(authentication.member(), authentication.token()):
        raise AddressNotMailable
    return ""


@blueprint.put("/language")
@blueprint.auth_required(auth)
@blueprint.input(Language, arg_name="chosen")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="choose_language", responses=[401, 422])
def choose_language(chosen: Language) -> str:
    """Choose the language of the member's letters. Responses are in that of `Accept-Language`."""
    token = authentication.token()
    movr().choose_language(token.user, token, chosen.language)
    return ""


@blueprint.get("/data")
@blueprint.auth_required(auth)
@blueprint.output(MyData)
@blueprint.doc(operation_id="get_my_data", responses=[401, 429])
def data() -> Response:
    """Return all that MovR keeps about the member: for each table, its rows."""
    return data_files.of_member(authentication.member().key)


@blueprint.post("/delete")
@blueprint.auth_required(auth)
@blueprint.input(Deletion, arg_name="body")
@blueprint.output({}, status_code=204)
@blueprint.doc(operation_id="delete_account", responses=[401, 403, 409, 422, 429])
def delete(body: Deletion) -> str:
    """Delete the account, which cannot be undone."""
    member = authentication.member()
    form = validated(DeleteAccountForm(fields_of(body)))
    with rate_limits.counting_wrong_passwords(member):
        movr().delete_account(member.key, member.session_epoch, password=str(form.password.data))
    account_log.record(account_log.DELETED, *member.key, member.session_epoch + 1)
    return ""
