"""Pieces of pages that say the same whenever they are about the same: made once, then remembered.

To escape and join the text of thirty tickets took longer than all the rest of their page. What is
remembered has no token, name or clock in it: nothing but its arguments, all of which are compared.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Final, NamedTuple

from flask import Flask
from markupsafe import Markup, escape

TEMPLATE: Final = "pieces.html"
PIECES: Final = ("ticket", "map_of_vehicles", "map_to_choose_on", "city_choices")
REMEMBERED: Final = 5_000  # of a kind: tickets take some 1.5 kB


class Offer(NamedTuple):
    """What a ticket's button does: the endpoint it posts to, `<label> <what> Kona at 1 Wall St`."""

    endpoint: str
    label: str
    what: str
    style: str = "primary"


START: Final = Offer("rides.start", "Start ride", "with the")
REMOVE: Final = Offer("vehicles.remove", "Remove", "the", style="outline-danger")


def init_app(app: Flask) -> None:
    """Give templates the pieces, and the addresses that are in them."""

    @lru_cache(REMEMBERED)
    def url_for(endpoint: str, **values: Hashable) -> Markup:
        return escape(app.url_for(endpoint, **values))

    app.jinja_env.globals.update({piece: _remembered(app, piece) for piece in PIECES})
    app.jinja_env.globals.update(url_for=url_for, START=START, REMOVE=REMOVE)


def _remembered(app: Flask, piece: str) -> Callable[..., Markup]:
    @lru_cache(REMEMBERED)
    def make(*arguments: Hashable) -> Markup:
        macro = getattr(app.jinja_env.get_template(TEMPLATE).module, piece)
        return Markup(macro(*arguments))  # noqa: S704 - what a template made of them

    return make
