"""The worked example of docs/migrations.md, on a database with rows."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from movr.movr import MovR
from movr.results import UserKey
from tests import databases
from tests.visitor import registration

BATCH = 2
FILL = sa.text(
    "UPDATE vehicles SET range_meters = 30000 WHERE city = :city AND id IN (SELECT id FROM vehicles"
    " WHERE city = :city AND range_meters IS NULL LIMIT :batch)"
)


def expand(op: Operations) -> None:
    op.add_column("vehicles", sa.Column("range_meters", sa.Integer()))


def migrate(op: Operations) -> None:
    for city in ("new york", "rome"):
        while op.get_bind().execute(FILL, {"city": city, "batch": BATCH}).rowcount:
            pass  # the next batch


def contract(op: Operations) -> None:
    op.alter_column("vehicles", "range_meters", nullable=False)


def carry_out(engine: Engine, step: Callable[[Operations], None]) -> None:
    with engine.begin() as connection:
        step(Operations(MigrationContext.configure(connection)))


def old_code_adds_a_vehicle(movr: MovR, owner: UserKey) -> None:
    movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")


def test_a_not_null_column_comes_to_a_filled_table_while_old_code_writes(own_database: str) -> None:
    movr, engine = MovR(own_database), databases.connect(own_database)
    owners = [movr.register(**registration(city)) for city in ("new york", "rome")]
    for owner in owners * 3:
        old_code_adds_a_vehicle(movr, owner)

    carry_out(engine, expand)
    old_code_adds_a_vehicle(movr, owners[0])
    carry_out(engine, migrate)
    old_code_adds_a_vehicle(movr, owners[1])
    carry_out(engine, migrate)
    carry_out(engine, contract)

    with engine.connect() as connection:
        ranges = connection.execute(sa.text("SELECT range_meters FROM vehicles")).scalars().all()
    assert ranges == [30000] * 8
    with pytest.raises(IntegrityError):
        old_code_adds_a_vehicle(movr, owners[0])
    movr.close()
    engine.dispose()
