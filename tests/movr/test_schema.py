"""The schema's history: runs up, down and up again, and agrees with the models."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from movr import schema
from movr.engine import is_cockroachdb
from movr.models import Base
from movr.movr import MovR
from tests import databases
from tests.visitor import registration


def columns(engine: Engine) -> list[tuple[str, ...]]:
    """Every column of every table, as both engines describe it."""
    described = text(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(described)]


def test_migrations_run_up_and_down_and_up_again_with_data_in_the_tables(
    empty_database: str, empty_engine: Engine
) -> None:
    schema.upgrade(empty_engine)
    first = columns(empty_engine)
    movr = MovR(empty_database)
    owner = movr.register(**registration())
    movr.start_ride(
        movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here"), owner
    )
    movr.close()

    schema.downgrade(empty_engine, "base")
    undone = columns(empty_engine)
    schema.upgrade(empty_engine)

    assert {table for table, *_ in undone} == {"alembic_version"}
    assert columns(empty_engine) == first


def test_models_and_migrations_do_not_drift_apart(empty_engine: Engine) -> None:
    schema.upgrade(empty_engine)

    with empty_engine.connect() as connection:
        include = schema.is_compared(connection.dialect.name)
        options = {"compare_type": True, "include_object": include}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, Base.metadata)
    if is_cockroachdb(empty_engine.url):  # its types are reflected with some noise
        differences = [
            found for found in differences if str(found[0]).endswith(("table", "column"))
        ]
    assert differences == []


def test_checks_of_models_and_migrations_are_the_same(empty_engine: Engine, server: str) -> None:
    """Alembic does not compare CHECKs: compare what the models make with what migrations make."""
    schema.upgrade(empty_engine)
    with databases.fresh_database(server) as other:
        engine = databases.connect(other)
        Base.metadata.create_all(engine)
        of_models = checks(engine)
        engine.dispose()

    assert checks(empty_engine) == of_models


def checks(engine: Engine) -> dict[str, str]:
    """The CHECK constraints by name, as the server writes them."""
    defined = text(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
        " AND (conname LIKE 'users_%' OR conname LIKE 'vehicles_%' OR conname LIKE 'rides_%')"
    )
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(defined)}


def test_the_schema_is_at_head_only_after_all_migrations(empty_engine: Engine) -> None:
    before = schema.is_at_head(empty_engine)
    schema.upgrade(empty_engine)

    assert (before, schema.is_at_head(empty_engine)) == (False, True)


def test_an_index_as_cockroachdb_describes_it_is_nothing_to_write_a_migration_about() -> None:
    described = (None, "users_idx", "index", True, None)  # as Alembic describes it

    assert not schema.is_compared("cockroachdb")(*described)
    assert schema.is_compared("postgresql")(*described)


def test_a_revision_that_nobody_knows_is_refused_in_a_sentence(empty_engine: Engine) -> None:
    with pytest.raises(schema.SchemaError, match="Can't locate revision"):
        schema.upgrade(empty_engine, "atlantis")
