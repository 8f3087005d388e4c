"""Totals of the rides that ended before: counted anew, rider by rider, as often as it is run.

`flask db recount` runs it again when no code of before 0008 is left, which ends rides without
adding them up (docs/migrations.md). A rider's row is locked first, as by whoever ends a ride; so
none ends between the count and the writing of it.
Frozen as it was on its day: a migration imports nothing from the models, which go on changing.
"""

from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy_cockroachdb import run_transaction

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CLOCKS = {
    "new york": "America/New_York",
    "boston": "America/New_York",
    "washington dc": "America/New_York",
    "seattle": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles",
    "los angeles": "America/Los_Angeles",
    "amsterdam": "Europe/Amsterdam",
    "paris": "Europe/Paris",
    "rome": "Europe/Rome",
}
BATCH = 100  # riders a transaction
LOCK = sa.text(
    "SELECT id FROM users WHERE city = :city AND id > :after ORDER BY id LIMIT :batch FOR UPDATE"
).columns(id=sa.Uuid())
# Rides may be in any city; their index by rider finds them.
COUNT = sa.text(
    "INSERT INTO ride_totals (city, rider_id, period, begin, rides, length, distance)"
    " SELECT rider_city, rider_id, period,"
    " CAST(date_trunc(period, timezone(:clock, start_time)) AS DATE), count(*), sum(length),"
    " coalesce(sum(distance), 0) FROM rides, (VALUES ('week'), ('month')) AS periods (period)"
    " WHERE rider_city = :city AND rider_id IN :riders AND end_time IS NOT NULL GROUP BY 1, 2, 3, 4"
    " ON CONFLICT (city, rider_id, period, begin) DO UPDATE SET rides = excluded.rides,"
    " length = excluded.length, distance = excluded.distance"
).bindparams(sa.bindparam("riders", type_=sa.Uuid(), expanding=True))


def upgrade() -> None:
    """Count all."""
    count(op.get_bind().engine)


def count(engine: sa.Engine) -> None:
    """In short transactions on a connection of their own, so that riders need not wait."""
    postgresql = engine.dialect.name == "postgresql"
    counter = sa.create_engine(
        engine.url,
        poolclass=sa.NullPool,
        isolation_level="READ COMMITTED" if postgresql else "SERIALIZABLE",
        hide_parameters=True,
    )
    for city in CLOCKS:
        after: UUID | None = UUID(int=0)
        while after:
            next_riders = partial(_count_next, city=city, after=after)
            after = run_transaction(counter, next_riders, max_retries=10, max_backoff=1)


def _count_next(connection: sa.Connection, *, city: str, after: UUID) -> UUID | None:
    """Count the rides of the next riders of a city; the last of those, None if there are no more.

    In two statements: the second sees what had been done when the first got its locks.
    """
    page: dict[str, Any] = {"city": city, "after": after, "batch": BATCH}
    riders = connection.execute(LOCK, page).scalars().all()
    if not riders:
        return None
    connection.execute(COUNT, {"city": city, "riders": riders, "clock": CLOCKS[city]})
    return riders[-1]


def downgrade() -> None:
    """Nothing to undo: no count is wrong, and 0008 takes them all."""
