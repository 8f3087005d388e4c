"""How Alembic reaches the database: through the engine that movr/schema.py hands it."""

from contextlib import nullcontext

from alembic import context

from movr.engine import take_time
from movr.models import Base
from movr.schema import is_compared
from movr.schema_locks import unlocked

# On CockroachDB a schema change is not transactional, so each migration stands for itself.
given = context.config.attributes
with given["engine"].connect() as connection:
    take_time(connection)
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
        include_object=is_compared(connection.dialect.name),
    )
    changing = unlocked(connection) if given["changes"] else nullcontext()
    with changing, context.begin_transaction():
        context.run_migrations()
