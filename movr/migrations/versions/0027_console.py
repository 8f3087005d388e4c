"""Add the indexes of the staff's pages: members by name and address, money by day, dead letters.

Older code uses none of them.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INDEXES = (
    ("users_city_username_idx", "users", ["city", "username"], None),
    ("users_city_email_idx", "users", ["city", "email"], None),
    ("ledger_entries_city_created_at_idx", "ledger_entries", ["city", "created_at"], None),
    (
        "outbox_city_failed_at_id_idx",
        "outbox",
        ["city", "failed_at", "id"],
        "failed_at IS NOT NULL",
    ),
)


def upgrade() -> None:
    """Create the indexes."""
    for name, table, columns, condition in INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, columns, postgresql_where=where, if_not_exists=True)


def downgrade() -> None:
    """Drop them."""
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table, if_exists=True)
