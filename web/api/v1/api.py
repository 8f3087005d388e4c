"""Registers the operations of the API."""

from apiflask import APIFlask

from web.api.v1 import (
    account,
    accounts,
    cities,
    documentation,
    me,
    own_vehicles,
    reports,
    reservations,
    rides,
    tokens,
    vehicle_files,
    vehicles,
)
from web.api.v1.staff import members as staff_members
from web.api.v1.staff import overview as staff_overview
from web.api.v1.staff import reports as staff_reports
from web.api.v1.staff import rides as staff_rides
from web.api.v1.staff import roles as staff_roles
from web.api.v1.staff import vehicles as staff_vehicles

NOUNS = (
    *(tokens, accounts, me, account, cities, vehicles, reservations, rides),
    *(own_vehicles, vehicle_files, reports),
    *(staff_overview, staff_rides, staff_vehicles, staff_members, staff_reports, staff_roles),
)


def init_app(app: APIFlask) -> None:
    """Register all operations and their description."""
    documentation.init_app(app)
    for noun in NOUNS:
        app.extensions["csrf_protect"].exempt(noun.blueprint)
        app.register_blueprint(noun.blueprint)
    app.register_blueprint(documentation.blueprint)
