"""A rider in New York with 50,000 past rides."""

import random
import secrets
from datetime import timedelta
from typing import Final

from movr.cities import DEFAULT_CITY
from movr.passwords import hash_password
from scenarios.shared import world
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.world import World

RIDER: Final = Login("the rider", "old-hand")
LOGINS: Final = (RIDER,)

RIDES: Final = 50_000
VEHICLES: Final = 50
EVERY: Final = timedelta(minutes=20)
LONGEST: Final = 1080  # seconds
BATCH: Final = 5_000  # rides a transaction


def fill(context: ScenarioContext, *, rows: int = RIDES) -> None:
    """Fill an empty database with `rows` rides."""
    rng = random.Random(world.SEED)  # noqa: S311 - a game of rng, not of secrets
    names = world.name_generator(DEFAULT_CITY, rng)
    random_hash = hash_password(secrets.token_urlsafe())
    owner, rider = (
        world.person(
            DEFAULT_CITY, names.first_name(), names.last_name(), rng, password_hash=random_hash
        )
        for _ in range(2)
    )
    world.set_login(rider, RIDER)
    start = context.now - rows * EVERY
    vehicles = [world.vehicle(owner, n, rng, before=start) for n in range(VEHICLES)]
    rides = []
    for number in range(rows):
        begin = start + number * EVERY
        end = begin + timedelta(seconds=rng.randrange(180, LONGEST))
        left = world.place(DEFAULT_CITY.name, rng)
        rides.append(world.ride(rider, rng.choice(vehicles), begin, (end, left), rng))
    world.load(context.engine, World([owner, rider], vehicles))
    for first in range(0, rows, BATCH):
        world.load(context.engine, World(rides=rides[first : first + BATCH]))
        context.report_progress(min((first + BATCH) / rows, 1))
    world.load(context.engine, World(ride_totals=world.totals_of(rides)))
    world.analyze(context.engine)
