"""Validation of request bodies, before any code parses them."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from flask import abort, request
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import RequestEntityTooLarge

from movr.errors import Refusal
from movr.messages import gettext_noop
from web.context import is_api_request

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 32  # twice what the longest form sends
# The forms that send a file, as multipart/form-data, by their endpoints.
FILE_FORM: Final = "multipart/form-data"
FILE_FORMS: Final = frozenset({"vehicle_import.send", "staff_import.send"})
FILE_OPERATIONS: Final = frozenset(
    {"api_vehicle_files.import_vehicles", "api_vehicle_files.add_vehicles"}
)
MAX_FILE_SIZE: Final = 1024 * 1024  # bytes, with the form around it


class FileTooLarge(Refusal):
    """A form with a file has more than MAX_FILE_SIZE."""

    sentence = gettext_noop(
        "This file is too large. A file can have 1 MB; please send it in parts."
    )


def reject_unreadable() -> None:
    """Refuse bodies that MovR's forms do not send: other types, invalid UTF-8, many fields.

    Werkzeug would decode invalid bytes to text such as `%FF`, accept multipart bodies that have
    parts without a name, and parse any number of fields.
    """
    if request.method not in _WITH_BODY or request.routing_exception:
        return  # the body is not read
    if is_api_request():
        _reject_unreadable_json()
        return
    if request.endpoint in FILE_FORMS and request.mimetype == FILE_FORM:
        _limit_file_form()
        return
    if request.mimetype not in {"", FORM}:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = _whole_body()
    if body.count(b"&") >= MAX_FIELDS:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        abort(HTTPStatus.BAD_REQUEST)


def _reject_unreadable_json() -> None:
    """Refuse bodies that are neither empty nor JSON in UTF-8; the schemas say what may be in it.

    A list of vehicles may be as long as a file.

    Python's parser raises RecursionError for values that are nested too deeply.
    """
    if request.endpoint in FILE_OPERATIONS:
        request.max_content_length = MAX_FILE_SIZE
    body = _whole_body()
    if body and request.mimetype != JSON:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        body.decode()
        if body:
            request.get_json()  # which Werkzeug keeps for the operation
    except (UnicodeDecodeError, RecursionError):
        abort(HTTPStatus.BAD_REQUEST)


def _limit_file_form() -> None:
    """Read the body of a form with a file, whose own code decodes it. Raises FileTooLarge."""
    request.max_content_length = request.max_form_memory_size = MAX_FILE_SIZE
    request.max_form_parts = MAX_FIELDS
    try:
        _whole_body()
    except RequestEntityTooLarge:
        raise FileTooLarge from None


def _whole_body() -> bytes:
    """Return the body; refuse one that is malformed, cut off or too long.

    Werkzeug cuts a chunked body at MAX_CONTENT_LENGTH, and accepts one that is shorter than its
    Content-Length, because gunicorn says that it terminates bodies itself.
    """
    try:
        body = request.get_data()
        if request.content_length is None:
            request.stream.read(1)  # raises 413 if the limit was reached
    except ParseException:
        abort(HTTPStatus.BAD_REQUEST)
    if request.content_length not in {None, len(body)}:
        abort(HTTPStatus.BAD_REQUEST)
    return body
