"""Where a page of a list starts: `?after=`, the key of the last item before it."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import abort, request

FARTHEST: Final = 100_000  # metres: nothing of a city is farther from anything of it


def after_id() -> UUID | None:
    """The id in `?after=`, None at the first page. A malformed one is nobody's page: 404."""
    text = request.args.get("after")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)


def after_distance() -> tuple[float, UUID] | None:
    """The metres and id in `?after=<metres>~<id>`; None at the first page; else 404."""
    text = request.args.get("after")
    if not text:
        return None
    metres, _, id_ = text.partition("~")
    try:
        after = float(metres), UUID(id_)
    except ValueError:
        abort(HTTPStatus.NOT_FOUND)
    if not 0 <= after[0] <= FARTHEST:  # and NaN is not
        abort(HTTPStatus.NOT_FOUND)
    return after


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
