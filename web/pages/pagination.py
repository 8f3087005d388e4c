"""Keyset pagination: `?after=` is the key of the last item of the previous page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Final, TypeVar
from uuid import UUID

from flask import abort, request

from movr.formats import ROLES

Value = TypeVar("Value")

MAX_DISTANCE: Final = 10**12  # millimetres, for vehicles of unknown position


def after_id() -> UUID | None:
    """Parse `?after=<id>`; None at the first page. Anything else is a 404."""
    return _parse(UUID)


def after_distance() -> tuple[int, UUID] | None:
    """Parse `?after=<millimetres>~<id>`; None at the first page. Anything else is a 404."""
    after = _parse_pair(int)
    if after and not 0 <= after[0] <= MAX_DISTANCE:
        abort(HTTPStatus.NOT_FOUND)
    return after


def time_and_id() -> tuple[datetime, UUID] | None:
    """Parse `?after=<time>~<id>`; None at the first page. Anything else is a 404."""
    return _parse_pair(_time)


def before_time() -> datetime | None:
    """Parse `?after=<time>`; None at the first page. Anything else is a 404."""
    return _parse(_time)


def role_and_id() -> tuple[str, UUID] | None:
    """Parse `?after=<role>~<id>`; None at the first page. Anything else is a 404."""
    return _parse_pair(lambda role: ROLES[ROLES.index(role)])


def before_month() -> tuple[date, UUID] | None:
    """Parse `?after=<day>~<id>`; None at the first page. Anything else is a 404."""
    return _parse_pair(date.fromisoformat)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _parse_pair(parse: Callable[[str], Value]) -> tuple[Value, UUID] | None:
    """Parse `?after=<value>~<id>`; None at the first page. Anything else is a 404."""

    def pair(text: str) -> tuple[Value, UUID]:
        value, _, id_ = text.partition("~")
        return parse(value), UUID(id_)

    return _parse(pair)


def _parse(parse: Callable[[str], Value]) -> Value | None:
    """Parse `?after=`; None at the first page. Anything that raises ValueError is a 404."""
    text = request.args.get("after")
    if not text:
        return None
    try:
        return parse(text)
    except (ValueError, OverflowError):
        abort(HTTPStatus.NOT_FOUND)
