"""Keyset pagination: `?after=` is the key of the last item of the previous page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

from flask import abort, request

from web import cursors

Value = TypeVar("Value")


def after_id() -> UUID | None:
    """Parse `?after=<id>`; None at the first page. Anything else is a 404."""
    return _parse(UUID)


def after_distance() -> tuple[int, UUID] | None:
    """Parse `?after=<millimetres>~<id>`; None at the first page. Anything else is a 404."""
    return _parse(cursors.distance_and_id)


def time_and_id() -> tuple[datetime, UUID] | None:
    """Parse `?after=<time>~<id>`; None at the first page. Anything else is a 404."""
    return _parse(lambda text: cursors.pair(text, _time))


def before_time() -> datetime | None:
    """Parse `?after=<time>`; None at the first page. Anything else is a 404."""
    return _parse(_time)


def role_and_id() -> tuple[str, UUID] | None:
    """Parse `?after=<role>~<id>`; None at the first page. Anything else is a 404."""
    return _parse(cursors.role_and_id)


def before_month() -> tuple[date, UUID] | None:
    """Parse `?after=<day>~<id>`; None at the first page. Anything else is a 404."""
    return _parse(cursors.month_and_id)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _parse(parse: Callable[[str], Value]) -> Value | None:
    """Parse `?after=`; None at the first page. Anything that raises ValueError is a 404."""
    text = request.args.get("after")
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, OverflowError):
        abort(HTTPStatus.NOT_FOUND)
