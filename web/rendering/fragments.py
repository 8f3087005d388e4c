"""Pieces of pages that say the same whenever they are about the same: made once, then remembered.

To escape and join the text of thirty vehicle cards took longer than all the rest of their page.
What is remembered is found by all that it says, so that nobody finds what is another's; it has no
token or clock in it. Templates write `fragment.vehicle_card(…)`; `vehicle_card(…)` would write it
anew.
"""

from collections.abc import Callable, Hashable
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from flask import Flask
from markupsafe import Markup, escape

from web.forms import BlankForm, TextForm
from web.placeholders import placeholder

TEMPLATE: Final = "fragments.html"
FORMS: Final = "forms.html"
# How many of each are remembered, those last used: in all some 30 MB, once there have been so many.
FRAGMENTS: Final = {
    "vehicle_card": 5_000,
    "vehicle_cards": 200,
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
# Where in a vehicle card it says how far away that is, which is another distance for everybody.
DISTANCE_PLACEHOLDER: Final = placeholder("DISTANCE")


class CardAction(NamedTuple):
    """The button of a card: the endpoint it posts to; `<label> <what> Kona at 1 Wall St`."""

    endpoint: str
    label: str
    what: str
    style: str = "primary"


START_RIDE: Final = CardAction("rides.start", "Start ride", "with the")
REMOVE_VEHICLE: Final = CardAction("vehicles.remove", "Remove", "the", style="outline-danger")


def init_app(app: Flask) -> None:
    """Give templates the pieces, the addresses that are in them, and macros: after all else."""

    @lru_cache(ADDRESSES)
    def url_for(endpoint: str, **values: Any) -> Markup:
        return escape(app.url_for(endpoint, **values))

    remembered = {
        fragment: lru_cache(most)(partial(_written, app, TEMPLATE, fragment))
        for fragment, most in FRAGMENTS.items()
    }
    app.jinja_env.globals.update(
        fragment=SimpleNamespace(**remembered),
        render_form=_form_renderer(app),
        url_for=url_for,
        DISTANCE_PLACEHOLDER=DISTANCE_PLACEHOLDER,
        START_RIDE=START_RIDE,
        REMOVE_VEHICLE=REMOVE_VEHICLE,
    )
    for name, template in MACROS.items():
        app.jinja_env.globals[name] = app.jinja_env.get_template(template).module


def _form_renderer(app: Flask) -> Callable[..., Markup]:
    """What writes the forms; one in which nobody has written is a piece."""
    written = partial(_written, app, FORMS)

    @lru_cache(BLANK_FORMS)
    def blank(name: str, form: BlankForm, *facts: Hashable) -> Markup:
        return written(name, form.build(), *facts)

    def render_form(name: str, form: BlankForm | TextForm, *facts: Any) -> Markup:
        return (blank if isinstance(form, BlankForm) else written)(name, form, *facts)

    return render_form


def _written(app: Flask, template: str, macro: str, *arguments: object, **named: object) -> Markup:
    """What this macro of this template makes of these arguments."""
    module = app.jinja_env.get_template(template).module
    return Markup(getattr(module, macro)(*arguments, **named))  # noqa: S704 - a template escapes them
