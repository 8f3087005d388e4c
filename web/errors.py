"""Error responses: one table maps each refusal to a response; all errors share one page."""

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Final

from apiflask import HTTPError
from flask import (
    Flask,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException, MethodNotAllowed

from movr import errors
from movr.messages import Message, gettext_noop
from web.api import gbfs, mds
from web.api.mds_parameters import InvalidParameter
from web.api.v1 import problems
from web.context import is_api_request
from web.languages import translate
from web.operations import request_logging
from web.operations.refusals import record_refusal
from web.pages import earlier_vehicles
from web.security import csrf, request_body, session
from web.security.rate_limits import TooManyAttempts

RETRY_AFTER: Final = 5  # seconds

# A status means the error page; a URL, a redirect to a page that shows the refusal's sentence.
# A view catches a refusal only to show its sentence at a form field.
RESPONSES: Final[dict[type[errors.Refusal], HTTPStatus | Callable[[], str]]] = {
    errors.UsernameTaken: HTTPStatus.CONFLICT,
    errors.WrongCredentials: HTTPStatus.FORBIDDEN,
    errors.TooManyPasswords: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.WrongPassword: HTTPStatus.FORBIDDEN,
    errors.SessionEnded: session.login_page,
    errors.ResetLinkExpired: partial(url_for, "password_reset.forgot"),
    errors.EmailLinkExpired: partial(url_for, "city.home"),
    errors.EmailNotVerified: session.own_profile,
    errors.AddressNotMailable: session.own_profile,
    errors.AccountSuspended: session.own_profile,
    errors.TooManyLetters: session.own_profile,
    errors.TooManyResets: partial(url_for, "password_reset.forgot"),
    errors.AccountDeleted: session.login_page,
    errors.NotAnAgency: HTTPStatus.UNAUTHORIZED,
    errors.NoOperation: HTTPStatus.NOT_FOUND,
    errors.NotYourProfile: HTTPStatus.FORBIDDEN,
    errors.NotStaff: HTTPStatus.FORBIDDEN,
    errors.NotForgotten: HTTPStatus.FORBIDDEN,
    errors.NotForYourself: HTTPStatus.FORBIDDEN,
    errors.MemberNotFound: HTTPStatus.NOT_FOUND,
    errors.TooFarAway: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NoParking: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.VehicleNotFound: HTTPStatus.NOT_FOUND,
    errors.VehicleTaken: partial(url_for, "vehicles.index"),
    errors.VehicleRemoved: session.own_profile,
    errors.TooManyVehicles: session.own_profile,
    errors.NotYourVehicle: HTTPStatus.FORBIDDEN,
    errors.VehicleInUse: session.page_before,
    errors.VehicleReserved: session.page_before,
    errors.PausedByStaff: session.page_before,
    errors.SafetyReportsOpen: session.page_before,
    errors.TooLateToRestore: session.own_profile,
    errors.AlreadyRiding: partial(url_for, "rides.index"),
    errors.AlreadyReserved: partial(url_for, "vehicles.index"),
    errors.ReservedRecently: partial(url_for, "vehicles.index"),
    errors.ReservingDuringRide: partial(url_for, "rides.index"),
    errors.RideNotFound: HTTPStatus.NOT_FOUND,
    errors.NotYourRide: HTTPStatus.FORBIDDEN,
    errors.RideEnded: partial(url_for, "rides.index"),
    errors.TooLateToUndo: partial(url_for, "rides.index"),
    errors.TooFarToUndo: partial(url_for, "rides.index"),
    errors.PositionNeeded: partial(url_for, "rides.index"),
    errors.TooLateToReport: partial(url_for, "rides.index"),
    errors.TooManyReports: HTTPStatus.CONFLICT,
    errors.ReportNotFound: HTTPStatus.NOT_FOUND,
    errors.StillRiding: partial(url_for, "rides.index"),
    errors.TokenInvalid: HTTPStatus.UNAUTHORIZED,
    errors.DeviceNotFound: HTTPStatus.NOT_FOUND,
    errors.TooManyDevices: HTTPStatus.CONFLICT,
    errors.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DatabaseSlow: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DatabaseBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    **dict.fromkeys(csrf.REFUSALS, HTTPStatus.BAD_REQUEST),
    request_body.FileTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    InvalidParameter: HTTPStatus.BAD_REQUEST,
    mds.UnsupportedVersion: HTTPStatus.NOT_ACCEPTABLE,
}

# The statuses in the API of refusals for which the pages redirect.
API_STATUSES: Final[dict[type[errors.Refusal], HTTPStatus]] = {
    errors.SessionEnded: HTTPStatus.UNAUTHORIZED,
    errors.AccountDeleted: HTTPStatus.UNAUTHORIZED,
    errors.ResetLinkExpired: HTTPStatus.GONE,
    errors.EmailLinkExpired: HTTPStatus.GONE,
    errors.EmailNotVerified: HTTPStatus.FORBIDDEN,
    errors.AccountSuspended: HTTPStatus.FORBIDDEN,
    errors.TooManyLetters: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyResets: HTTPStatus.TOO_MANY_REQUESTS,
}

# The pages of forms whose own addresses show nothing.
FORM_PAGES: Final[dict[str, Callable[[], str]]] = {
    "auth.logout": partial(url_for, "city.home"),
    "city.choose": partial(url_for, "city.home"),
    "language.choose": partial(url_for, "city.home"),
    "rides.start": partial(url_for, "vehicles.index"),
    "rides.end": partial(url_for, "rides.index"),
    "reservations.start": partial(url_for, "vehicles.index"),
    "reservations.give_up": partial(url_for, "vehicles.index"),
    "rides.undo": partial(url_for, "rides.index"),
    "rides.explain_undo": partial(url_for, "rides.index"),
    "reports.close": session.own_profile,
    "receipts.send": partial(url_for, "rides.index"),
    "receipts.choose": session.own_profile,
    "fleet.pause": session.own_profile,
    "fleet.resume": session.own_profile,
    "fleet.restore": session.own_profile,
    "users.end_sessions": session.own_profile,
    "users.log_out_device": session.own_profile,
    "email_verification.send_again": session.own_profile,
}

_SENTENCES: Final = {
    400: gettext_noop("We could not understand that request."),
    403: gettext_noop("You do not have access to this page."),
    404: gettext_noop("We could not find this page."),
    405: gettext_noop("This page does not support that action."),
    415: gettext_noop("MovR cannot read this kind of data."),
    413: gettext_noop("That is too much data to send at once."),
    500: gettext_noop("Something went wrong on our side. We have noted it."),
}

logger = logging.getLogger("movr")


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(errors.Refusal, handle_refusal)
    app.register_error_handler(CSRFError, handle_csrf_error)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_unexpected_error)
    app.register_error_handler(HTTPError, handle_api_error)


def handle_refusal(refusal: errors.Refusal) -> ResponseReturnValue:
    """Record the refusal and return the response that RESPONSES defines for its type."""
    record_refusal(refusal)
    response = RESPONSES[type(refusal)]
    if is_api_request():
        response = api_status(type(refusal))
    if isinstance(response, HTTPStatus):
        page = _page(response, refusal.message(), refusal)
        if isinstance(refusal, TooManyAttempts):
            page.retry_after = refusal.seconds
        elif response in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
            page.retry_after = RETRY_AFTER
        return page
    if isinstance(refusal, errors.AccountDeleted | errors.SessionEnded):
        session.log_out()
    flash(translate(refusal.message()), "warning")
    return redirect(response(), HTTPStatus.SEE_OTHER)


def api_status(kind: type[errors.Refusal]) -> HTTPStatus:
    """Return the status of a kind of refusal in the API; those of a state are conflicts."""
    response = RESPONSES[kind]
    if isinstance(response, HTTPStatus):
        return response
    return API_STATUSES.get(kind, HTTPStatus.CONFLICT)


def handle_csrf_error(error: CSRFError) -> ResponseReturnValue:
    """Return the response to a form whose CSRF token is missing, invalid or of an old session."""
    refusal = csrf.diagnose()
    refusal.__cause__ = error
    return handle_refusal(refusal)


def handle_http_error(error: HTTPException) -> ResponseReturnValue:
    """Return the error page for Werkzeug's errors, such as 404, 405 and 413."""
    if error.response is not None or error.code is None or isinstance(error, BadHost):
        return error  # the error page needs a valid host for its links
    if request.routing_exception and not is_api_request() and (page := _redirect_to_page()):
        return page
    page = _page(HTTPStatus(error.code), _sentence(error.code, error.name))
    if isinstance(error, MethodNotAllowed):
        page.allow.update(error.valid_methods or ())
    return page


def handle_unexpected_error(error: Exception) -> ResponseReturnValue:
    """Log an unexpected exception with its traceback and return a 500 page."""
    logger.error("%s %s failed", request.method, request_logging.route(), exc_info=error)
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, _sentence(500))


def handle_api_error(error: HTTPError) -> Response:
    """Return the problem of input that the schema of an operation does not allow."""
    status = HTTPStatus(error.status_code)
    if error.detail:
        return problems.of_fields(status, error.detail)
    return _page(status, _sentence(status, status.phrase))


def _redirect_to_page() -> ResponseReturnValue | None:
    """Redirect to the page at this address without spare slashes, or to the form's page."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None or request.method not in {"GET", "HEAD"}:
        return None
    path = re.sub("/+", "/", request.path).rstrip("/")
    query = request.query_string.decode(errors="replace")
    for method in ("GET", "POST"):
        with suppress(HTTPException):
            endpoint, values = adapter.match(path, method)
            form_page = FORM_PAGES.get(endpoint)
            page = form_page() if form_page else url_for(endpoint, **values)
            status = HTTPStatus.SEE_OTHER if form_page else HTTPStatus.PERMANENT_REDIRECT
            return redirect(f"{page}?{query}" if query else page, status)
    return None


def _sentence(status: int, otherwise: str = "") -> Message:
    return Message(_SENTENCES.get(status, otherwise))


def _page(status: HTTPStatus, message: Message, refusal: errors.Refusal | None = None) -> Response:
    """Return the error page, or JSON to programs. Programs of GBFS and MDS read English."""
    if gbfs.is_request():
        return gbfs.error(status, str(message))
    if mds.is_request():
        return mds.error(status, str(message))
    sentence = translate(message)
    if is_api_request():
        return problems.of(status, sentence, refusal)
    form = refusal if isinstance(refusal, csrf.FormRefused) else None
    is_away = status is HTTPStatus.SERVICE_UNAVAILABLE
    earlier = earlier_vehicles.recall() if is_away else None
    page = render_template(
        "error.html", status=status, sentence=sentence, form=form, earlier=earlier
    )
    return make_response(page, status)
