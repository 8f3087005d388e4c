"""Cursors: the texts that name the last item of a page of a list, whose next page they ask for."""

from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar
from uuid import UUID

from movr.formats import ROLES

Value = TypeVar("Value")

MAX_DISTANCE: Final = 10**12  # millimetres, for vehicles of unknown position


def pair(text: str, parse: Callable[[str], Value]) -> tuple[Value, UUID]:
    """Return the parts of `<value>~<id>`. Raises ValueError, and what `parse` raises."""
    value, _, id_ = text.partition("~")
    return parse(value), UUID(id_)


def distance_and_id(text: str) -> tuple[int, UUID]:
    """Return the parts of `<millimetres>~<id>`. Raises ValueError."""
    distance, id_ = pair(text, int)
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(text)
    return distance, id_


def month_and_id(text: str) -> tuple[date, UUID]:
    """Return the parts of `<first day of a month>~<id>`. Raises ValueError."""
    return pair(text, date.fromisoformat)


def role_and_id(text: str) -> tuple[str, UUID]:
    """Return the parts of `<role>~<id>`. Raises ValueError."""
    return pair(text, lambda role: ROLES[ROLES.index(role)])
