"""Rush hour in all cities: most vehicles are in use, few are available."""

import secrets
from typing import Final

from movr.passwords import hash_password
from scenarios.shared import world
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.world import Size

RIDER: Final = Login("a rider who still needs a vehicle", "late-rider")
OWNER: Final = Login("an owner, whose vehicles are out", "rush-owner")
LOGINS: Final = (RIDER, OWNER)

SIZE: Final = Size(owners=6, riders=60, vehicles=48, rides=240, under_way=44)


def fill(context: ScenarioContext) -> None:
    """Fill an empty database."""
    made = world.make(context.now, SIZE, password_hash=hash_password(secrets.token_urlsafe()))
    world.set_login(made.free_rider(), RIDER)
    world.set_login(made.owner(), OWNER)
    world.load(context.engine, made)
