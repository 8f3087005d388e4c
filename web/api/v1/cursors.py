"""Cursors of list operations: the query parameter `after`, and the URL of the next page."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from flask import request, url_for
from pydantic import AfterValidator, Field

from movr.formats import ROLES
from web.context import site_url

Value = TypeVar("Value")

LONGEST: Final = 100  # characters
MAX_DISTANCE: Final = 10**12  # millimetres, for vehicles of unknown position
AFTER: Final = Field(None, max_length=LONGEST, description="From the URL of the next page")


def parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Return a validator of cursors that this function parses, which raises ValueError."""

    def check(text: str) -> str:
        try:
            parse(text)
        except (ValueError, OverflowError):
            raise ValueError("This is not valid.") from None
        return text

    return AfterValidator(check)


def distance_and_id(text: str) -> tuple[int, UUID]:
    """Return the parts of `<millimetres>~<id>`. Raises ValueError."""
    distance, _, id_ = text.partition("~")
    if not 0 <= int(distance) <= MAX_DISTANCE:
        raise ValueError(text)
    return int(distance), UUID(id_)


def time(text: str) -> datetime:
    """Return a time with its zone. Raises ValueError, OverflowError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def time_and_id(text: str) -> tuple[datetime, UUID]:
    """Return the parts of `<time>~<id>`. Raises ValueError, OverflowError."""
    start, _, id_ = text.partition("~")
    return time(start), UUID(id_)


def month_and_id(text: str) -> tuple[date, UUID]:
    """Return the parts of `<first day of a month>~<id>`. Raises ValueError."""
    month, _, id_ = text.partition("~")
    return date.fromisoformat(month), UUID(id_)


def role_and_id(text: str) -> tuple[str, UUID]:
    """Return the parts of `<role>~<id>`. Raises ValueError."""
    role, _, id_ = text.partition("~")
    return ROLES[ROLES.index(role)], UUID(id_)


def next_url(after: str | None) -> str | None:
    """Return the URL of this list's next page; None on the last one."""
    if after is None or request.endpoint is None:
        return None
    values: dict[str, Any] = {**request.args, **(request.view_args or {}), "after": after}
    return f"{site_url()}{url_for(request.endpoint, **values)}"
