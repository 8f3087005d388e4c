"""All nine cities with owners, riders, vehicles at real streets and a month of past rides.

`make run` fills a new database with this scenario.
"""

import secrets
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from operator import itemgetter
from typing import Final
from uuid import uuid4

from sqlalchemy import Engine, select

from movr import reports
from movr.database.retries import retrying
from movr.formats import BRAKES, DIRTY, MANAGER
from movr.models import User
from movr.passwords import hash_password
from movr.reports import Problem
from movr.results import ReportKey, RideKey, UserKey
from movr.staff import actions
from movr.staff.permissions import Action
from scenarios.shared import world
from scenarios.shared.context import Login, ScenarioContext
from scenarios.shared.world import Size, World

RIDER: Final = Login("a rider", "demo-rider")
OWNER: Final = Login("an owner", "demo-owner")
STAFF: Final = Login("a manager of New York", "demo-staff")
LOGINS: Final = (RIDER, OWNER, STAFF)

PROBLEMS: Final = (
    Problem(kind=BRAKES, words="The left brake is weak"),
    Problem(kind=DIRTY),
)

SIZE: Final = Size(owners=8, riders=32, vehicles=48, rides=360, under_way=5)


def is_empty(engine: Engine) -> bool:
    """Return True if the database has no users."""
    with engine.connect() as connection:  # reads all cities, which only requests must not
        return connection.execute(select(User.id).limit(1)).first() is None


def can_be_filled() -> bool:
    """Return True if the package that generates names is installed."""
    return find_spec("faker") is not None


def logins_of(engine: Engine) -> list[Login]:
    """Return the logins whose accounts are in the database."""
    names = select(User.username).where(User.username.in_([login.username for login in LOGINS]))
    with engine.connect() as connection:  # reads all cities, which only requests must not
        found = set(connection.scalars(names))
    return [login for login in LOGINS if login.username in found]


def fill(context: ScenarioContext) -> None:
    """Fill an empty database."""
    made = make(context.now)
    world.load(context.engine, made)
    retrying(partial(_report_problems, context, made))
    manager = made.staff_member()
    retrying(partial(_make_manager, context, UserKey(manager["city"], manager["id"])))
    world.analyze(context.engine)


def _make_manager(context: ScenarioContext, user: UserKey) -> None:
    with context.engine.begin() as connection:
        actions.change_role_as_operator(
            connection,
            user.city,
            user,
            role=MANAGER,
            action=Action.GRANT_ROLE,
            id=uuid4(),
            reason="The demo's staff",
            now=context.now,
        )


def _report_problems(context: ScenarioContext, made: World) -> None:
    """Report problems with vehicles of the owner, each after the last ride with it."""
    owner = made.owner()
    own = {each["id"] for each in made.vehicles if each["owner_id"] == owner["id"]}
    past = sorted(filter(itemgetter("end_time"), made.rides), key=itemgetter("end_time"))
    last = {ride["vehicle_id"]: ride for ride in past if ride["vehicle_id"] in own}
    with context.engine.begin() as connection:
        for ride, problem in zip(last.values(), PROBLEMS, strict=False):
            reports.report(
                connection,
                ReportKey(ride["city"], ride["id"]),
                UserKey(ride["rider_city"], ride["rider_id"]),
                RideKey(ride["city"], ride["id"]),
                problem,
                now=ride["end_time"],
            )


def make(now: datetime) -> World:
    """Generate the demo data as of `now`. Only the demo logins have a known password."""
    made = world.make(now, SIZE, password_hash=hash_password(secrets.token_urlsafe()))
    world.set_login(made.free_rider(), RIDER)
    world.set_login(made.owner(), OWNER)
    world.set_login(made.staff_member(), STAFF)
    return made
