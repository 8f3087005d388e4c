"""Number the vehicles of each city, and index what lists show to members.

Older code adds vehicles without numbers, so `flask db fill-numbers` has to be run when no such code
runs any more (docs/migrations.md). Imports nothing from the models, because they change after the
migration is written.
"""

import random
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CITIES = (
    "new york",
    "boston",
    "washington dc",
    "seattle",
    "san francisco",
    "los angeles",
    "amsterdam",
    "paris",
    "rome",
)
CHECK = "vehicles_number_check"
IS_THERE = sa.text(
    "SELECT 1 FROM pg_constraint WHERE conname = :name AND conrelid = CAST('vehicles' AS REGCLASS)"
)
NUMBERS = range(100_000, 1_000_000)
LIST, OLD_LIST = "vehicles_list_idx", "vehicles_city_removed_at_status_latitude_band_longitude_idx"
LIST_KEY = ["city", "removed_at", "status", "latitude_band", "longitude"]
SHOWN = ["public_id", "type", "color", "brand", "last_location", "latitude"]

BATCH = 500  # vehicles a statement
CANDIDATES = 3 * BATCH  # random numbers, of which most are not taken
MISSING = sa.text("SELECT id FROM vehicles WHERE city = :city AND number IS NULL LIMIT :batch")
TAKEN = sa.text("SELECT number FROM vehicles WHERE city = :city AND number = ANY(:candidates)")
FILL = sa.text(
    "UPDATE vehicles SET number = new.number"
    " FROM unnest(CAST(:ids AS UUID[]), CAST(:numbers AS INTEGER[])) AS new (id, number)"
    " WHERE vehicles.city = :city AND vehicles.id = new.id AND vehicles.number IS NULL"
)
_RANDOM: Final = random.SystemRandom()


def upgrade() -> None:
    """Add the column, the unique index and the index of lists; then number all vehicles."""
    op.add_column("vehicles", sa.Column("number", sa.Integer(), nullable=True), if_not_exists=True)
    if op.get_bind().execute(IS_THERE, {"name": CHECK}).first() is None:
        op.create_check_constraint(
            op.f(CHECK), "vehicles", f"number BETWEEN {NUMBERS[0]} AND {NUMBERS[-1]}"
        )
    op.create_index(
        "vehicles_city_number_idx", "vehicles", ["city", "number"], unique=True, if_not_exists=True
    )
    _create_index(LIST, [*SHOWN, "number"])
    op.drop_index(OLD_LIST, "vehicles", if_exists=True)
    with op.get_context().autocommit_block():
        fill(op.get_bind().engine)


def _create_index(name: str, shown: list[str]) -> None:
    op.create_index(name, "vehicles", LIST_KEY, postgresql_include=shown, if_not_exists=True)


def fill(engine: sa.Engine) -> None:
    """Number the vehicles without a number, some at a time, each in its own transaction."""
    filler = sa.create_engine(
        engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True
    )
    with filler.connect() as connection:
        for city in CITIES:
            while ids := _without_number(connection, city):
                _number(connection, city, ids)


def _without_number(connection: sa.Connection, city: str) -> list[str]:
    found = connection.execute(MISSING, {"city": city, "batch": BATCH})
    return [str(id_) for id_ in found.scalars()]


def _number(connection: sa.Connection, city: str, ids: list[str]) -> None:
    """Give random numbers to these vehicles, or to some of them if too many numbers are taken.

    Gives none if one of the numbers was taken by a vehicle that was added at the same time.
    """
    where: dict[str, Any] = {"city": city, "candidates": _RANDOM.sample(NUMBERS, CANDIDATES)}
    taken = set(connection.execute(TAKEN, where).scalars())
    available = [number for number in where["candidates"] if number not in taken]
    pairs = list(zip(ids, available, strict=False))
    new = {"ids": [id_ for id_, _ in pairs], "numbers": [number for _, number in pairs]}
    with suppress(sa.exc.IntegrityError):
        connection.execute(FILL, {"city": city, **new})


def downgrade() -> None:
    """Drop the numbers."""
    _create_index(OLD_LIST, SHOWN)
    op.drop_index(LIST, "vehicles", if_exists=True)
    op.drop_index("vehicles_city_number_idx", "vehicles", if_exists=True)
    op.drop_constraint(op.f(CHECK), "vehicles", if_exists=True)
    op.drop_column("vehicles", "number", if_exists=True)
