"""Where a redirect may lead."""

import re
from typing import Final

# A path of ours: one slash, then no second one and no backslash, which browsers take for one.
_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", re.ASCII)


def safe_redirect_path(url: str | None) -> str | None:
    """This URL if it is a path within the site, so that nobody is sent elsewhere; else None."""
    return url if url and _PATH.fullmatch(url) else None
