"""Set aside the tables of the tutorial's own site, if this is its database.

They move to the schema `tutorial`; 0003a copies their rows. Does nothing to an empty database.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0000"
down_revision = None
branch_labels = None
depends_on = None

# The columns of `users` there; those of later schemas of MovR include them.
COLUMNS = {
    *("id", "city", "first_name", "last_name", "email", "username", "password_hash", "is_owner"),
}
# `users`, by which the site is recognized, moves last: the migration may be interrupted.
TABLES = ("rides", "vehicles", "users")
REFUSAL = (
    "The table users of this database is neither MovR's nor that of the tutorial's site, so nothing"
    " was changed. MovR needs a database of its own: create an empty one and name it in DB_URI"
)


def upgrade() -> None:
    """Move the tables. A table `users` of another program is refused."""
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table("users"):
        return
    columns = {column["name"] for column in inspector.get_columns("users")}
    if not columns >= COLUMNS:
        raise CommandError(REFUSAL)
    if columns == COLUMNS:
        op.execute("CREATE SCHEMA IF NOT EXISTS tutorial")
        for table in TABLES:
            op.execute(f"ALTER TABLE IF EXISTS {table} SET SCHEMA tutorial")


def downgrade() -> None:
    """Do nothing: the tables are kept until the operator drops them."""
