"""A rider from New York with an active ride in Paris, in another region."""

import secrets
from datetime import timedelta
from typing import Final
from uuid import uuid4

from movr import transactions
from movr.database.retries import retrying
from movr.formats import AVAILABLE
from movr.passwords import hash_password
from movr.results import RideKey, UserKey
from scenarios.shared import world
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.world import Size

TRAVELLER: Final = Login("a New Yorker, riding in Paris", "traveller")
LOGINS: Final = (TRAVELLER,)

ABROAD: Final = "paris"
UNDER_WAY: Final = timedelta(minutes=7)
SIZE: Final = Size(owners=2, riders=6, vehicles=12, rides=60, under_way=2)


def fill(context: ScenarioContext) -> None:
    """Fill an empty database, then start the ride with MovR's transaction."""
    made = world.make(context.now, SIZE, password_hash=hash_password(secrets.token_urlsafe()))
    rider = made.free_rider()
    world.set_login(rider, TRAVELLER)
    vehicle = next(v for v in made.vehicles if v["city"] == ABROAD and v["status"] == AVAILABLE)
    world.load(context.engine, made)
    ride = RideKey(ABROAD, uuid4())

    def start() -> None:
        with context.engine.begin() as connection:
            transactions.start_ride(
                connection,
                ride,
                vehicle["public_id"],
                UserKey(rider["city"], rider["id"]),
                now=context.now - UNDER_WAY,
            )

    retrying(start)
