"""Alembic's environment, which uses the engine passed by movr/database/schema.py."""

from contextlib import nullcontext
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo

from movr.database.engine import disable_statement_timeout
from movr.database.schema import include_object_for
from movr.database.schema_locks import unlocked
from movr.models import Base

# Schema changes are not transactional on CockroachDB, so each migration commits separately.
given = context.config.attributes


def report(*, step: MigrationInfo, **_: Any) -> None:
    """Report a revision that was applied or undone."""
    revision = step.up_revision
    if step.is_upgrade:
        given["report"](f"Upgraded to {revision.revision}: {revision.doc}")
    else:
        given["report"](f"Undone: {revision.revision}, {revision.doc}")


with given["engine"].connect() as connection:
    disable_statement_timeout(connection)
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
        on_version_apply=report,
        include_object=include_object_for(connection.dialect.name),
    )
    changing = unlocked(connection) if given["changes"] else nullcontext()
    with changing, context.begin_transaction():
        context.run_migrations()
