"""A cache of rendered template fragments, keyed by their arguments.

Lists and maps of vehicles, past rides and totals take most of the time of their pages, and are the
same for equal arguments (docs/decisions/0009). Templates call `cached_fragment("past_ride", ride)`
for the macro `past_ride` of fragments.html. A cached fragment must not contain a token, a nonce,
the time, or anything else that is not in its arguments.
"""

import sys
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final, NamedTuple

from cachetools import LRUCache, cached
from flask import Flask, get_template_attribute
from markupsafe import Markup

TEMPLATE: Final = "fragments.html"
MOST_BYTES: Final = 32 * 1024 * 1024


class CardAction(NamedTuple):
    """The button of a card: the endpoint it posts to; `<label> <what> Kona at 1 Wall St`."""

    endpoint: str
    label: str
    what: str
    style: str = "primary"


START_RIDE: Final = CardAction("rides.start", "Start ride", "with the")
REMOVE_VEHICLE: Final = CardAction("vehicles.remove", "Remove", "the", style="outline-danger")


def init_app(app: Flask) -> None:
    """Add the cache and the actions of vehicle cards to the globals of templates."""
    app.jinja_env.globals.update(
        cached_fragment=make_cache(MOST_BYTES),
        START_RIDE=START_RIDE,
        REMOVE_VEHICLE=REMOVE_VEHICLE,
    )


def make_cache(most_bytes: int) -> Callable[..., Markup]:
    """Return a function that renders a fragment, or returns it from a cache of this size."""

    @cached(LRUCache(most_bytes, getsizeof=_size), lock=Lock(), info=True)
    def cached_fragment(macro: str, *arguments: Hashable) -> Markup:
        rendered: Markup = get_template_attribute(TEMPLATE, macro)(*arguments)
        return rendered

    return cached_fragment


def _size(fragment: Markup) -> int:
    """Return the size of a fragment and its key. The fragment shows all data of its key."""
    return 2 * sys.getsizeof(fragment)
