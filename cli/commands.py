"""The commands of `flask --app server …`."""

from importlib.util import find_spec

from flask import Flask

from cli.city_data import agency, zones
from cli.db import db
from cli.invariants import invariants
from cli.money import payments, tariff
from cli.outbox import outbox
from cli.placement import placement
from cli.retention import retention
from cli.staff import staff


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    app.cli.add_command(db)
    app.cli.add_command(invariants)
    app.cli.add_command(placement)
    app.cli.add_command(tariff)
    app.cli.add_command(payments)
    app.cli.add_command(retention)
    app.cli.add_command(staff)
    app.cli.add_command(outbox)
    app.cli.add_command(agency)
    app.cli.add_command(zones)
    if find_spec("scenarios"):  # the container image does not include them
        from cli.scenario import scenario  # noqa: PLC0415

        app.cli.add_command(scenario)
