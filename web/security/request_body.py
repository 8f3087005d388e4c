"""What the body of a request must be, before anything reads it."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from flask import abort, request

FORM = "application/x-www-form-urlencoded"


def reject_unreadable() -> None:
    """Refuse what no form of ours sends: another type of content, or bytes that are no UTF-8.

    Werkzeug would keep such bytes as the text `%FF`, and read parts of multipart bodies that have
    no name.
    """
    if request.method != "POST":
        return  # nobody reads it
    if request.mimetype not in {"", FORM}:
        abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    try:
        parse_qsl(request.get_data().decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        abort(HTTPStatus.BAD_REQUEST)
