"""Let vehicles be out of service or missing, and keep each change of their states.

Older code neither lists nor starts such vehicles, and ends a ride without regard to a pause. It
writes no events, so the first event of a vehicle may begin in any state.
Imports nothing from the models, because they change after the migration is written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CITY_IS_SERVED = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco', 'los angeles',"
    " 'amsterdam', 'paris', 'rome')"
)
CHECKS = {
    "status": "status IN ('available', 'in_use', 'non_operational', 'missing')",
    "removed": "removed_at IS NULL OR status <> 'in_use'",
    "paused_by": "paused_by IN ('owner', 'reports', 'staff')",
    "paused": "status <> 'non_operational' OR paused_by IS NOT NULL",
}
OLD_CHECKS = {
    "status": "status IN ('available', 'in_use')",
    "removed": "removed_at IS NULL OR status = 'available'",
}
IS_TRANSITION = (
    "(previous_state, state) IN (('removed', 'available'), ('removed', 'non_operational'),"
    " ('removed', 'missing'), ('available', 'reserved'), ('available', 'on_trip'),"
    " ('available', 'non_operational'), ('available', 'missing'), ('available', 'removed'),"
    " ('reserved', 'available'), ('reserved', 'on_trip'), ('reserved', 'non_operational'),"
    " ('reserved', 'missing'), ('reserved', 'removed'), ('on_trip', 'available'),"
    " ('on_trip', 'non_operational'), ('on_trip', 'removed'), ('non_operational', 'available'),"
    " ('non_operational', 'missing'), ('non_operational', 'removed'), ('missing', 'available'),"
    " ('missing', 'non_operational'), ('missing', 'removed'))"
)
EVENT_CHECKS = {
    "city": CITY_IS_SERVED,
    "transition": IS_TRANSITION,
    "event_types": "array_length(event_types, 1) IS NOT NULL",
    "ride": "(ride_id IS NOT NULL) = (previous_state = 'on_trip' OR state = 'on_trip')",
    "expires_at": "(expires_at IS NOT NULL) = (state = 'reserved')",
    "position": "(latitude IS NULL) = (longitude IS NULL)",
}


def upgrade() -> None:
    """Add the columns and their constraints, and the table of events with its indexes."""
    op.add_column("vehicles", sa.Column("paused_by", sa.String(10)), if_not_exists=True)
    since = sa.Column("state_since", sa.DateTime(timezone=True))
    op.add_column("vehicles", since, if_not_exists=True)
    _create_events()
    for columns in (["city", "happened_at", "id"], ["city", "vehicle_id", "happened_at"]):
        name = op.f(f"vehicle_events_{'_'.join(columns)}_idx")
        op.create_index(name, "vehicle_events", columns, if_not_exists=True)
    _replace_checks(CHECKS)


def downgrade() -> None:
    """Drop them: the history of vehicles is lost, and those out of service are available again."""
    # Apart, because CockroachDB changes no schema after a write.
    with op.get_context().autocommit_block():
        op.execute(
            "UPDATE vehicles SET status = 'available'"
            " WHERE status IN ('non_operational', 'missing')"
        )
    _replace_checks(OLD_CHECKS)
    for name in CHECKS.keys() - OLD_CHECKS.keys():
        op.execute(f"ALTER TABLE vehicles DROP CONSTRAINT IF EXISTS vehicles_{name}_check")
    op.drop_table("vehicle_events", if_exists=True)
    op.drop_column("vehicles", "state_since", if_exists=True)
    op.drop_column("vehicles", "paused_by", if_exists=True)


def _create_events() -> None:
    op.create_table(
        "vehicle_events",
        sa.Column("city", sa.String(20), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_types", sa.ARRAY(sa.String(30)), nullable=False),
        sa.Column("previous_state", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("ride_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("city", "id", name="vehicle_events_pkey"),
        *(
            sa.CheckConstraint(condition, name=op.f(f"vehicle_events_{name}_check"))
            for name, condition in EVENT_CHECKS.items()
        ),
        if_not_exists=True,
    )


def _replace_checks(checks: dict[str, str]) -> None:
    """Replace constraints of vehicles, and validate them without a lock that stops rides."""
    for name, condition in checks.items():
        op.execute(f"ALTER TABLE vehicles DROP CONSTRAINT IF EXISTS vehicles_{name}_check")
        op.create_check_constraint(
            op.f(f"vehicles_{name}_check"), "vehicles", condition, postgresql_not_valid=True
        )
    with op.get_context().autocommit_block():
        for name in checks:
            op.execute(f"ALTER TABLE vehicles VALIDATE CONSTRAINT vehicles_{name}_check")
