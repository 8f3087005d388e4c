"""Where a page of a list starts: `?after=`, the key of the last item before it."""

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from flask import abort, request


def after_id() -> UUID | None:
    """The id in `?after=`, None at the first page. A malformed one is nobody's page: 404."""
    text = request.args.get("after")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)


def before_ride() -> tuple[datetime, UUID] | None:
    """The start time and id in `?after=<time>~<id>`; None at the first page; else 404."""
    text = request.args.get("after")
    if not text:
        return None
    time, _, id_ = text.partition("~")
    try:
        return datetime.fromisoformat(time).astimezone(UTC), UUID(id_)
    except (ValueError, OverflowError):
        abort(HTTPStatus.NOT_FOUND)
