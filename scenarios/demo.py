"""All nine cities, with owners and riders, vehicles at real streets, and a month of past rides."""

import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select

from movr.cities import DEFAULT_CITY
from movr.models import User
from movr.passwords import hash_password
from scenarios import world
from scenarios.world import Size, World

PASSWORD: Final = "ride with movr"  # noqa: S105 - printed for everybody to use
RIDER: Final = "demo-rider"
OWNER: Final = "demo-owner"

SIZE: Final = Size(owners=8, riders=32, vehicles=48, rides=360, under_way=5)


def is_empty(engine: Engine) -> bool:
    """True if nobody has an account in this database yet."""
    with engine.connect() as connection:  # over all cities: this is no request of a rider's
        return connection.execute(select(User.id).limit(1)).first() is None


def fill(engine: Engine, *, now: datetime) -> None:
    """Fill an empty database."""
    world.insert_rows(engine, make(now))


def make(now: datetime) -> World:
    """The demo world as it is at `now`. Nobody knows a password but those of the demo logins."""
    made = world.make(now, SIZE, password_hash=hash_password(secrets.token_urlsafe()))
    _add_demo_logins(made)
    return made


def _add_demo_logins(made: World) -> None:
    """Give the two demo logins to people of the first city: a rider who is free, and an owner."""
    home = [user for user in made.users if user["city"] == DEFAULT_CITY.name]
    rider = next(u for u in home if u["cities_ridden"] and not u["active_ride_id"])
    owner = next(u for u in home if u["is_owner"])
    for user, username in ((rider, RIDER), (owner, OWNER)):
        user.update(username=username, password_hash=hash_password(PASSWORD))
