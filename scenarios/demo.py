"""All nine cities, with owners and riders, vehicles at real streets, and a month of past rides.

What `make run` shows.
"""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select

from movr.models import User
from movr.passwords import hash_password
from scenarios.shared import world
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.world import Size, World

RIDER: Final = Login("a rider", "demo-rider")
OWNER: Final = Login("an owner", "demo-owner")
LOGINS: Final = (RIDER, OWNER)

SIZE: Final = Size(owners=8, riders=32, vehicles=48, rides=360, under_way=5)


def is_empty(engine: Engine) -> bool:
    """True if nobody has an account in this database yet."""
    with engine.connect() as connection:  # over all cities: this is no request of a rider's
        return connection.execute(select(User.id).limit(1)).first() is None


def fill(context: ScenarioContext) -> None:
    """Fill an empty database."""
    world.load(context.engine, make(context.now))
    world.analyze(context.engine)


def make(now: datetime) -> World:
    """The demo world as it is at `now`. Nobody knows a password but those of the demo logins."""
    made = world.make(now, SIZE, password_hash=hash_password(secrets.token_urlsafe()))
    world.admit(made.free_rider(), RIDER)
    world.admit(made.owner(), OWNER)
    return made
