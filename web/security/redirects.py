"""Safe redirects, and what was entered in a form as query parameters of its address."""

import re
from collections.abc import Mapping
from typing import Final

from flask import request, url_for

from movr.formats import LOCATION_LENGTH

# A local path: a slash that is not followed by a slash or by a backslash, which browsers convert.
_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)
# The fields that pages fill in from their address. None of them identifies a member.
KEPT_FIELDS: Final = (
    *("next", "type", "color", "brand", "location", "latitude", "longitude"),
    *("kind", "words"),
)


def safe_redirect_path(url: str | None) -> str | None:
    """Return this URL if it is a path within the site; otherwise None."""
    return url if url and _PATH.fullmatch(url) else None


def referring_path() -> str | None:
    """Return the path of the page of this site that led to this request, or None."""
    referrer = request.referrer or ""
    return safe_redirect_path(
        referrer.removeprefix(request.host_url.rstrip("/"))
    )  # others keep theirs


def address_with_fields() -> str:
    """Return the address of the form that was sent, with the kept fields as query parameters."""
    values = {**(request.view_args or {}), **kept_fields(request.form)}
    return url_for(str(request.endpoint), **values)


def kept_fields(values: Mapping[str, str]) -> dict[str, str]:
    """Return the kept fields among these values, shortened to the longest that a form accepts."""
    return {name: values[name][:LOCATION_LENGTH] for name in KEPT_FIELDS if values.get(name)}
