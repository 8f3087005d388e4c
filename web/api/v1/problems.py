"""Errors of the API as problems: `application/problem+json`, RFC 9457."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

from flask import Response, jsonify, url_for

from movr.errors import Refusal
from movr.messages import gettext_noop
from web.context import site_url
from web.languages import current_language
from web.languages import gettext as _

MIMETYPE: Final = "application/problem+json"
MAX_ERRORS: Final = 100  # fields that are named; a long list may have thousands
NO_TYPE: Final = "about:blank"  # the problem is what its status says
_BEFORE_SENTENCE: Final = "Value error, "  # pydantic's, before those of our own validators
_INVALID: Final = gettext_noop("Some fields are missing or not valid.")
# The phrases of statuses: the titles of problems without a type, and of error pages.
_PHRASES: Final = {
    HTTPStatus.BAD_REQUEST: gettext_noop("Bad Request"),
    HTTPStatus.FORBIDDEN: gettext_noop("Forbidden"),
    HTTPStatus.NOT_FOUND: gettext_noop("Not Found"),
    HTTPStatus.METHOD_NOT_ALLOWED: gettext_noop("Method Not Allowed"),
    HTTPStatus.CONFLICT: gettext_noop("Conflict"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext_noop("Request Entity Too Large"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: gettext_noop("Unsupported Media Type"),
    HTTPStatus.UNPROCESSABLE_ENTITY: gettext_noop("Unprocessable Entity"),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_noop("Too Many Requests"),
    HTTPStatus.INTERNAL_SERVER_ERROR: gettext_noop("Internal Server Error"),
    HTTPStatus.SERVICE_UNAVAILABLE: gettext_noop("Service Unavailable"),
}


def of(status: HTTPStatus, sentence: str, refusal: Refusal | None) -> Response:
    """Return the problem of a refusal, with its kind as the type, or one that its status names."""
    if refusal is None:
        return _response(status, NO_TYPE, _title(status), sentence)
    return _response(status, type_of(type(refusal)), _(refusal.sentence), sentence)


def of_fields(status: HTTPStatus, fields: Mapping[str, Mapping[str, list[str]]]) -> Response:
    """Return the problem of input that a schema does not allow, with pointers to the fields."""
    errors = list(islice(_field_errors(fields), MAX_ERRORS))
    return _response(status, NO_TYPE, _title(status), _(_INVALID), errors=errors)


def type_of(kind: type[Refusal]) -> str:
    """Return the URI of a kind of refusal; the page at it describes all of them."""
    return f"{site_url()}{url_for('api_docs.problems', _anchor=slug_of(kind))}"


def slug_of(kind: type[Refusal]) -> str:
    """Return the name of a kind of refusal, e.g. `vehicle-taken`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def _title(status: HTTPStatus) -> str:
    return _(_PHRASES.get(status, status.phrase))


def _field_errors(detail: Mapping[str, Mapping[str, list[str]]]) -> Iterator[dict[str, str]]:
    for location, fields in detail.items():
        for name, sentences in fields.items():
            path = "" if name == "_schema" else _escaped(name).replace(".", "/")
            pointer = f"/{path}" if location == "json" and path else path
            said = " ".join(sentence.removeprefix(_BEFORE_SENTENCE) for sentence in sentences)
            yield {"pointer": pointer, "detail": said}


def _escaped(name: str) -> str:
    """Return the name as a part of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def _response(status: HTTPStatus, type_: str, title: str, detail: str, **more: Any) -> Response:
    response = jsonify(type=type_, title=title, status=int(status), detail=detail, **more)
    response.content_language.add(current_language())
    response.status_code = status
    response.mimetype = MIMETYPE
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
