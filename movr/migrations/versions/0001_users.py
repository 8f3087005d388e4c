"""Users.

Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = "0000"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
CITY = sa.String(20)
TIME = sa.DateTime(timezone=True)


def _plain(column: str, longest: int) -> str:
    return (
        f"length(btrim({column})) BETWEEN 1 AND {longest}"
        rf" AND {column} !~ '[<>\x01-\x1f\x7f]'"
    )


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "users",
        sa.Column("city", CITY, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_name", sa.String(100)),
        sa.Column("last_name", sa.String(100)),
        sa.Column("email", sa.String(254)),
        sa.Column("username", sa.String(64)),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("is_owner", sa.Boolean(), nullable=False),
        sa.Column("active_ride_city", CITY),
        sa.Column("active_ride_id", sa.Uuid()),
        sa.Column("cities_ridden", sa.ARRAY(CITY), nullable=False),
        sa.Column("deleted_at", TIME),
        sa.PrimaryKeyConstraint("city", "id", name="users_pkey"),
        sa.UniqueConstraint("username", name="users_username_key"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("users_city_check")),
        sa.CheckConstraint(_plain("first_name", 100), name=op.f("users_first_name_check")),
        sa.CheckConstraint(_plain("last_name", 100), name=op.f("users_last_name_check")),
        sa.CheckConstraint("username ~ '^[a-z0-9._@+-]{3,64}$'", name=op.f("users_username_check")),
        sa.CheckConstraint(
            r"email ~ '^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$'",
            name=op.f("users_email_check"),
        ),
        sa.CheckConstraint(
            "(active_ride_city IS NULL) = (active_ride_id IS NULL)",
            name=op.f("users_active_ride_check"),
        ),
        sa.CheckConstraint(
            "(deleted_at IS NULL) = (first_name IS NOT NULL)"
            " AND (deleted_at IS NULL) = (last_name IS NOT NULL)"
            " AND (deleted_at IS NULL) = (email IS NOT NULL)"
            " AND (deleted_at IS NULL) = (username IS NOT NULL)"
            " AND (deleted_at IS NULL) = (password_hash IS NOT NULL)"
            " AND (deleted_at IS NULL OR active_ride_id IS NULL)",
            name=op.f("users_erased_check"),
        ),
        if_not_exists=True,
    )
    op.create_index(
        "users_city_deleted_at_id_idx", "users", ["city", "deleted_at", "id"], if_not_exists=True
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("users", if_exists=True)
