"""How Alembic reaches the database: through the engine that movr/schema.py hands it."""

from alembic import context

from movr.models import Base

# On CockroachDB a schema change is not transactional, so each migration stands for itself.
with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
