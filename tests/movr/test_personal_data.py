"""The file of a member's data lacks no table and no column."""

from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.sql import visitors

from movr.models import Base
from movr.personal_data import OMITTED, PARTS, WITHOUT_MEMBERS

# Columns with the id of a vehicle or ride.
THINGS = {"id", "public_id", "vehicle_id", "ride_id", "active_ride_id", "reservation_public_id"}
# Columns by which no part is read: what this member has done is in the audit.
OF_OTHERS = {"staff_roles.granted_by_id"}


def test_every_table_is_exported_or_has_no_members() -> None:
    exported = {part.table.name for part in PARTS}

    assert exported | WITHOUT_MEMBERS == set(Base.metadata.tables)
    assert exported & WITHOUT_MEMBERS == set()


def test_every_column_of_an_exported_table_is_exported_unless_it_is_named() -> None:
    exported = {f"{part.table.name}.{name}" for part in PARTS for name in part.columns}
    tables = {part.table for part in PARTS}

    assert exported & OMITTED == set()
    assert {str(column) for table in tables for column in table.c} == exported | OMITTED


def test_the_rows_of_each_column_that_names_a_member_are_read() -> None:
    """A new column with a member's id fails here until a part is read by it."""
    named = {
        str(column)
        for table in Base.metadata.tables.values()
        for column in table.c
        if column.type.python_type is UUID and column.name not in THINGS
    }
    compared = {
        str(item)
        for part in PARTS
        for item in visitors.iterate(part.statement.whereclause)
        if isinstance(item, Column)
    }

    assert named - OF_OTHERS - compared == set()
