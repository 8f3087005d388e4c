"""A cache of rendered template fragments, keyed by their arguments and their language.

Lists and maps of vehicles, past rides and totals take most of the time of their pages, and are the
same for equal arguments in one language (docs/decisions/0009). Templates call
`cached_fragment("past_ride", ride)` for the macro `past_ride` of fragments.html. A cached fragment
must not contain a token, a nonce, the time, or anything else that is not in its arguments.
"""

import sys
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from flask import Flask, get_template_attribute
from markupsafe import Markup

from web.languages import current_language

TEMPLATE: Final = "fragments.html"
MAX_BYTES: Final = 32 * 1024 * 1024


def init_app(app: Flask) -> None:
    """Add the cache to the globals of templates."""
    app.jinja_env.globals["cached_fragment"] = make_cache(MAX_BYTES)


def make_cache(max_bytes: int) -> Callable[..., Markup]:
    """Return a function that renders a fragment, or returns it from a cache of this size."""

    @cached(LRUCache(max_bytes, getsizeof=_size), key=_key, lock=Lock(), info=True)
    def cached_fragment(macro: str, *arguments: Hashable) -> Markup:
        rendered: Markup = get_template_attribute(TEMPLATE, macro)(*arguments)
        return rendered

    return cached_fragment


def _key(*arguments: Hashable) -> tuple[Hashable, ...]:
    return hashkey(*arguments, current_language())


def _size(fragment: Markup) -> int:
    """Return the size of a fragment and its key. The fragment shows all data of its key."""
    return 2 * sys.getsizeof(fragment)
