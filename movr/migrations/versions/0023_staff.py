"""Add the roles of staff, the audit of what they do, and the suspension of accounts.

The audit and the events of vehicles are append only: nobody but their owner, which runs the
migrations, keeps the right to change their rows. Older code uses none of it, and lets suspended
members ride.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
REASON_IS_PLAIN = "length(btrim(reason)) BETWEEN 1 AND 300 AND reason !~ '[<>\\x01-\\x1f\\x7f]'"
APPEND_ONLY = ("audit_entries", "vehicle_events")
# CockroachDB requires DROP to truncate a table, and names two roles that keep every privilege.
CHANGING = {"postgresql": "UPDATE, DELETE, TRUNCATE", "cockroachdb": "UPDATE, DELETE, DROP"}
GRANTEES = sa.text(
    "SELECT DISTINCT granted.table_name, granted.grantee"
    " FROM information_schema.table_privileges AS granted"
    " JOIN pg_tables AS owned ON owned.schemaname = granted.table_schema"
    " AND owned.tablename = granted.table_name AND owned.tableowner <> granted.grantee"
    " WHERE granted.table_schema = current_schema() AND granted.table_name IN :tables"
    " AND granted.grantee NOT IN ('admin', 'root')"
).bindparams(sa.bindparam("tables", APPEND_ONLY, expanding=True))


def upgrade() -> None:
    """Add the columns of members, and create the tables."""
    op.add_column(
        "users",
        sa.Column("staff_cities", sa.ARRAY(sa.String(20)), server_default="{}", nullable=False),
        if_not_exists=True,
    )
    op.add_column(
        "users", sa.Column("suspended_at", sa.DateTime(timezone=True)), if_not_exists=True
    )
    create_staff_roles()
    create_audit_entries()
    revoke_changes()


def create_staff_roles() -> None:
    """Create the table of who may do what in a city."""
    op.create_table(
        "staff_roles",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("user_city", sa.String(20), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by_city", sa.String(20), nullable=True),
        sa.Column("granted_by_id", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("city", "user_city", "user_id", "role", name="staff_roles_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("staff_roles_city_check")),
        sa.CheckConstraint(
            "role IN ('support', 'mechanic', 'manager')", name=op.f("staff_roles_role_check")
        ),
        sa.CheckConstraint(
            "(granted_by_city IS NULL) = (granted_by_id IS NULL)",
            name=op.f("staff_roles_granted_by_check"),
        ),
        if_not_exists=True,
    )


def create_audit_entries() -> None:
    """Create the table of what staff have done, with indexes by time and by subject."""
    op.create_table(
        "audit_entries",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_city", sa.String(20), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(10), nullable=False),
        sa.Column("subject_city", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("city", "id", name="audit_entries_pkey"),
        sa.CheckConstraint(CITY_IS_SERVED, name=op.f("audit_entries_city_check")),
        sa.CheckConstraint(
            "(actor_city IS NULL) = (actor_id IS NULL)", name=op.f("audit_entries_actor_check")
        ),
        sa.CheckConstraint(
            "subject_kind IN ('vehicle', 'ride', 'account', 'report', 'role', 'fare')",
            name=op.f("audit_entries_subject_kind_check"),
        ),
        sa.CheckConstraint(REASON_IS_PLAIN, name=op.f("audit_entries_reason_check")),
        if_not_exists=True,
    )
    for columns in (["city", "happened_at", "id"], ["city", "subject_id"]):
        op.create_index(
            op.f(f"audit_entries_{'_'.join(columns)}_idx"),
            "audit_entries",
            columns,
            if_not_exists=True,
        )


def revoke_changes() -> None:
    """Leave everyone but the owner the rights to read and to add rows."""
    connection = op.get_bind()
    rights = CHANGING[connection.dialect.name]
    quote = connection.dialect.identifier_preparer.quote_identifier
    for table, grantee in connection.execute(GRANTEES).all():
        role = "PUBLIC" if grantee == "PUBLIC" else quote(grantee)
        op.execute(f"REVOKE {rights} ON TABLE {table} FROM {role}")


def downgrade() -> None:
    """Drop them: who was staff, what they did and who was suspended is lost."""
    op.drop_table("audit_entries", if_exists=True)
    op.drop_table("staff_roles", if_exists=True)
    op.drop_column("users", "suspended_at", if_exists=True)
    op.drop_column("users", "staff_cities", if_exists=True)
