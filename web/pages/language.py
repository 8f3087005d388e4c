"""The choice of another language."""

from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from movr.errors import AccountDeleted, SessionEnded
from web.context import movr
from web.languages import LANGUAGES, choose_language
from web.security.redirects import safe_redirect_path

blueprint = Blueprint("language", __name__)


@blueprint.post("/language")
def choose() -> ResponseReturnValue:
    """Set the language of this session, and that of the member's letters."""
    language = request.form.get("language")
    if language not in LANGUAGES:
        abort(HTTPStatus.BAD_REQUEST)
    choose_language(language)
    if current_user.key:
        with suppress(SessionEnded, AccountDeleted):  # then it is a visitor's
            movr().choose_language(current_user.key, current_user.epoch, language)
    wanted = safe_redirect_path(request.form.get("next")) or url_for("city.home")
    return redirect(wanted, HTTPStatus.SEE_OTHER)
