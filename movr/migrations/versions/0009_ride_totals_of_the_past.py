"""Count the totals of the rides that have ended. The count may be repeated at any time.

Code older than 0008 ends rides without updating totals, so `flask db recount` has to repeat the
count when no such code runs any more (docs/migrations.md). The rider's row is locked first, as when
a ride is ended, so that no ride ends between the count and the write.
Imports nothing from the models, because they change after the migration is written.
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
# Rides may be in any city; the index by rider is used.
COUNT = (
    "INSERT INTO ride_totals (city, rider_id, period, begin, rides, length, distance)"
    " SELECT rider_city, rider_id, period,"
    " CAST(date_trunc(period, timezone(:clock, start_time)) AS DATE), count(*), sum(length),"
    " coalesce(sum(distance), 0) FROM rides, (VALUES ('week'), ('month')) AS periods (period)"
    " WHERE rider_city = :city AND rider_id IN :riders AND {counted} GROUP BY 1, 2, 3, 4"
    " ON CONFLICT (city, rider_id, period, begin) DO UPDATE SET rides = excluded.rides,"
    " length = excluded.length, distance = excluded.distance"
)


def upgrade() -> None:
    """Count the totals of all riders."""
    count(op.get_bind().engine)


def count(engine: sa.Engine, counted: str = "end_time IS NOT NULL") -> None:
    """Count the rides of this condition, in short transactions, so that riders need not wait."""
    statement = sa.text(COUNT.format(counted=counted)).bindparams(
        sa.bindparam("riders", type_=sa.Uuid(), expanding=True)
    )
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
            next_riders = partial(_count_next, statement=statement, city=city, after=after)
            after = run_transaction(counter, next_riders, max_retries=10, max_backoff=1)


def _count_next(
    connection: sa.Connection, *, statement: sa.TextClause, city: str, after: UUID
) -> UUID | None:
    """Count the rides of the next BATCH riders of a city; return the last rider's id, or None.

    Counting is a separate statement: on READ COMMITTED it sees all that was committed before the
    locks were acquired.
    """
    page: dict[str, Any] = {"city": city, "after": after, "batch": BATCH}
    riders = connection.execute(LOCK, page).scalars().all()
    if not riders:
        return None
    connection.execute(statement, {"city": city, "riders": riders, "clock": CLOCKS[city]})
    return riders[-1]


def downgrade() -> None:
    """Do nothing: the totals are correct, and the downgrade of 0008 drops them."""
