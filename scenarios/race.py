"""One vehicle in New York and a hundred riders, for concurrent attempts to start a ride."""

import random
from typing import Final

from movr.cities import DEFAULT_CITY
from movr.passwords import hash_password
from scenarios.shared import world
from scenarios.shared.context import PASSWORD, Login, ScenarioContext
from scenarios.shared.world import World

OWNER: Final = Login("the owner", "race-owner")
RIDERS: Final = tuple(f"racer-{number}" for number in range(1, 101))
LOGINS: Final = (OWNER, Login(f"a rider, of {RIDERS[0]} to {RIDERS[-1]}", RIDERS[0]))


def fill(context: ScenarioContext) -> None:
    """Fill an empty database."""
    rng = random.Random(world.SEED)  # noqa: S311 - a game of rng, not of secrets
    names = world.name_generator(DEFAULT_CITY, rng)
    password_hash = hash_password(PASSWORD)  # shared by all, because hashing is slow
    people = [
        world.person(
            DEFAULT_CITY,
            names.first_name(),
            names.last_name(),
            rng,
            password_hash=password_hash,
        )
        | {"username": username}
        for username in (OWNER.username, *RIDERS)
    ]
    vehicle = world.vehicle(people[0], 0, rng, before=context.now)
    world.load(context.engine, World(people, [vehicle]))
