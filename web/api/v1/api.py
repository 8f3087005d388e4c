"""Registers the operations of the API."""

from apiflask import APIFlask

from web.api.v1 import (
    cities,
    documentation,
    me,
    own_vehicles,
    reports,
    reservations,
    rides,
    tokens,
    vehicles,
)

NOUNS = (tokens, me, cities, vehicles, reservations, rides, own_vehicles, reports)


def init_app(app: APIFlask) -> None:
    """Register all operations and their description."""
    documentation.init_app(app)
    for noun in NOUNS:
        app.extensions["csrf_protect"].exempt(noun.blueprint)
        app.register_blueprint(noun.blueprint)
    app.register_blueprint(documentation.blueprint)
