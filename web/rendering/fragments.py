"""Pieces of pages that say the same whenever they are about the same: made once, then remembered.

To escape and join the text of thirty tickets took longer than all the rest of their page. What is
remembered is found by all that it says, so that nobody finds what is another's; it has no token or
clock in it. Templates write `piece.ticket(…)`; `ticket(…)` would write it anew.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from flask import Flask
from markupsafe import Markup, escape

from web.forms import Blank, WordsForm
from web.pages import mark

TEMPLATE: Final = "pieces.html"
FORMS: Final = "forms.html"
# How many of each are remembered, those last used: in all some 30 MB, once there have been so many.
PIECES: Final = {
    "ticket": 5_000,
    "tickets": 200,
    "past_ride": 2_000,
    "totals": 200,
    "people": 100,
    "map_of_vehicles": 500,
    "map_to_choose_on": 50,
    "city_bar": 9,
    "map_data": 500,
    "head": 500,
    "top": 1_000,
    "top_of_stranger": 1,
    "top_of_error": 100,
    "foot": 1,
    "icons": 1,
    "icon": 20,
}
BLANK_FORMS: Final = 100
# What templates call macros by. To import them into each page would take Jinja as long as it takes
# to write most of what is on it.
MACROS: Final = {"m": "macros.html", "maps": "maps.html"}
ADDRESSES: Final = 10_000
# Where in a ticket it says how far away that is, which is another distance for everybody.
AWAY: Final = mark("AWAY")


class Offer(NamedTuple):
    """What a ticket's button does: the endpoint it posts to, `<label> <what> Kona at 1 Wall St`."""

    endpoint: str
    label: str
    what: str
    style: str = "primary"


START: Final = Offer("rides.start", "Start ride", "with the")
REMOVE: Final = Offer("vehicles.remove", "Remove", "the", style="outline-danger")


def init_app(app: Flask) -> None:
    """Give templates the pieces, the addresses that are in them, and macros: after all else."""

    @lru_cache(ADDRESSES)
    def url_for(endpoint: str, **values: Any) -> Markup:
        return escape(app.url_for(endpoint, **values))

    remembered = {
        piece: lru_cache(most)(partial(_written, app, TEMPLATE, piece))
        for piece, most in PIECES.items()
    }
    app.jinja_env.globals.update(
        piece=SimpleNamespace(**remembered),
        form_of=_form_of(app),
        url_for=url_for,
        AWAY=AWAY,
        START=START,
        REMOVE=REMOVE,
    )
    for name, template in MACROS.items():
        app.jinja_env.globals[name] = app.jinja_env.get_template(template).module


def _form_of(app: Flask) -> Callable[..., Markup]:
    """What writes the forms; one in which nobody has written is a piece."""
    written = partial(_written, app, FORMS)

    @lru_cache(BLANK_FORMS)
    def blank(name: str, form: Blank, *facts: Hashable) -> Markup:
        return written(name, form.made(), *facts)

    def form_of(name: str, form: Blank | WordsForm, *facts: Any) -> Markup:
        return (blank if isinstance(form, Blank) else written)(name, form, *facts)

    return form_of


def _written(app: Flask, template: str, macro: str, *arguments: object, **named: object) -> Markup:
    """What this macro of this template makes of these arguments."""
    module = app.jinja_env.get_template(template).module
    return Markup(getattr(module, macro)(*arguments, **named))  # noqa: S704 - a template escapes them
