"""Validation of request bodies, before any code parses them."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from flask import abort, request
from gunicorn.http.errors import ParseException

FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 32  # twice what the longest form sends


def reject_unreadable() -> None:
    """Refuse bodies that MovR's forms do not send: other types, invalid UTF-8, many fields.

    Werkzeug would decode invalid bytes to text such as `%FF`, accept multipart bodies that have
    parts without a name, and parse any number of fields.
    """
    if request.method != "POST" or request.routing_exception:
        return  # the body is not read
    if request.mimetype not in {"", FORM}:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = _whole_body()
    if body.count(b"&") >= MAX_FIELDS:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        abort(HTTPStatus.BAD_REQUEST)


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
