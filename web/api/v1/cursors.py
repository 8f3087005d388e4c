"""Cursors of list operations: the query parameter `after`, and the URL of the next page."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from flask import request, url_for
from pydantic import AfterValidator, Field

from web.context import site_url
from web.cursors import pair
from web.languages import gettext as _

LONGEST: Final = 100  # characters
AFTER: Final = Field(None, max_length=LONGEST, description="From the URL of the next page")


def parsed_by(parse: Callable[[str], object]) -> AfterValidator:
    """Return a validator of cursors that this function parses, which raises ValueError."""

    def check(text: str) -> str:
        try:
            parse(text)
        except (ValueError, OverflowError):
            raise ValueError(_("This is not valid.")) from None
        return text

    return AfterValidator(check)


def time(text: str) -> datetime:
    """Return a time with its zone. Raises ValueError, OverflowError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def time_and_id(text: str) -> tuple[datetime, UUID]:
    """Return the parts of `<time>~<id>`. Raises ValueError, OverflowError."""
    return pair(text, time)


def next_url(after: str | None) -> str | None:
    """Return the URL of this list's next page; None on the last one."""
    if after is None or request.endpoint is None:
        return None
    values: dict[str, Any] = {**request.args, **(request.view_args or {}), "after": after}
    return f"{site_url()}{url_for(request.endpoint, **values)}"
