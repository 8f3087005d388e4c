"""Error responses: one table maps each refusal to a response; all errors share one page."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Final

from flask import Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadHost, HTTPException

from movr import errors
from web.api import gbfs
from web.operations import request_logging
from web.operations.refusals import record_refusal
from web.security import session
from web.security.rate_limits import MINUTE, TooManyAttempts

RETRY_AFTER: Final = "5"  # seconds


@dataclass(frozen=True, slots=True)
class FlashAndRedirect:
    """Flash the refusal's sentence and redirect to this URL."""

    url: Callable[[], str]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """Show the refusal's sentence on the error page, with this status."""

    status: HTTPStatus
    retry_after: str | None = None


# A view catches a refusal only to show its sentence at a form field.
RESPONSES: Final[dict[type[errors.Refusal], FlashAndRedirect | ErrorPage]] = {
    errors.UsernameTaken: ErrorPage(HTTPStatus.CONFLICT),
    errors.WrongCredentials: ErrorPage(HTTPStatus.FORBIDDEN),
    errors.WrongPassword: ErrorPage(HTTPStatus.FORBIDDEN),
    errors.SessionEnded: FlashAndRedirect(partial(url_for, "auth.login")),
    errors.ResetLinkExpired: FlashAndRedirect(partial(url_for, "password_reset.forgot")),
    errors.AccountDeleted: FlashAndRedirect(partial(url_for, "auth.login")),
    errors.NotYourProfile: ErrorPage(HTTPStatus.FORBIDDEN),
    errors.TooFarAway: ErrorPage(HTTPStatus.UNPROCESSABLE_ENTITY),
    errors.VehicleNotFound: ErrorPage(HTTPStatus.NOT_FOUND),
    errors.VehicleTaken: FlashAndRedirect(partial(url_for, "vehicles.index")),
    errors.VehicleInUse: FlashAndRedirect(session.own_profile),
    errors.NotYourVehicle: ErrorPage(HTTPStatus.FORBIDDEN),
    errors.AlreadyRiding: FlashAndRedirect(partial(url_for, "rides.index")),
    errors.RideNotFound: ErrorPage(HTTPStatus.NOT_FOUND),
    errors.NotYourRide: ErrorPage(HTTPStatus.FORBIDDEN),
    errors.StillRiding: FlashAndRedirect(partial(url_for, "rides.index")),
    errors.VehiclesInUse: FlashAndRedirect(session.own_profile),
    errors.DatabaseUnavailable: ErrorPage(HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER),
    errors.DatabaseSlow: ErrorPage(HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER),
    errors.DatabaseBusy: ErrorPage(HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER),
    TooManyAttempts: ErrorPage(HTTPStatus.TOO_MANY_REQUESTS, str(MINUTE)),
}

_SENTENCES: Final = {
    400: "We could not understand that request.",
    403: "This is not yours to see or to change.",
    404: "There is nothing at this address.",
    405: "This address does not do that.",
    415: "MovR does not read this kind of message.",
    413: "That is more than MovR accepts at once.",
    500: "Something went wrong on our side. We have noted it.",
}

logger = logging.getLogger("movr")


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(errors.Refusal, handle_refusal)
    app.register_error_handler(CSRFError, handle_csrf_error)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_unexpected_error)


def handle_refusal(refusal: errors.Refusal) -> ResponseReturnValue:
    """Record the refusal and return the response that RESPONSES defines for its type."""
    record_refusal(refusal)
    response = RESPONSES[type(refusal)]
    if isinstance(response, FlashAndRedirect):
        if isinstance(refusal, errors.AccountDeleted | errors.SessionEnded):
            session.log_out()
        flash(refusal.sentence, "warning")
        return redirect(response.url(), HTTPStatus.SEE_OTHER)
    seconds = str(refusal.seconds) if isinstance(refusal, TooManyAttempts) else response.retry_after
    return _page(response.status, str(refusal), seconds)


def handle_csrf_error(_error: CSRFError) -> ResponseReturnValue:
    """Return a 400 page for a form whose CSRF token is missing, invalid or of an old session."""
    sentence = "This form has expired. Go back, reload the page and send it again."
    return _page(HTTPStatus.BAD_REQUEST, sentence)


def handle_http_error(error: HTTPException) -> ResponseReturnValue:
    """Return the error page for Werkzeug's errors, such as 404, 405 and 413."""
    if error.response is not None or error.code is None or isinstance(error, BadHost):
        return error  # the error page needs a valid host for its links
    if error.code == HTTPStatus.NOT_FOUND and gbfs.is_gbfs_request():
        return gbfs.feed_not_found()
    body, status, headers = _page(HTTPStatus(error.code), _SENTENCES.get(error.code, error.name))
    # A 405 must list the allowed methods.
    headers |= {name: text for name, text in error.get_headers() if name == "Allow"}
    return body, status, headers


def handle_unexpected_error(error: Exception) -> ResponseReturnValue:
    """Log an unexpected exception with its traceback and return a 500 page."""
    logger.error("%s %s failed", request.method, request_logging.route(), exc_info=error)
    return _page(HTTPStatus.INTERNAL_SERVER_ERROR, _SENTENCES[500])


def _page(
    status: HTTPStatus, sentence: str, retry_after: str | None = None
) -> tuple[str, int, dict[str, str]]:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return render_template("error.html", status=status, sentence=sentence), status, headers
