"""Validation of request bodies, before any code parses them."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from flask import abort, request

FORM = "application/x-www-form-urlencoded"


def reject_unreadable() -> None:
    """Refuse bodies that MovR's forms do not send: other content types or invalid UTF-8.

    Werkzeug would decode invalid bytes to text such as `%FF`, and accept multipart bodies that
    have parts without a name.
    """
    if request.method != "POST":
        return  # other methods' bodies are not read
    if request.mimetype not in {"", FORM}:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        parse_qsl(request.get_data().decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        abort(HTTPStatus.BAD_REQUEST)
