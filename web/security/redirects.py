"""Safe redirects."""

import re
from typing import Final

# A local path: a slash that is not followed by a slash or by a backslash, which browsers convert.
_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)


def safe_redirect_path(url: str | None) -> str | None:
    """Return this URL if it is a path within the site; otherwise None."""
    return url if url and _PATH.fullmatch(url) else None
