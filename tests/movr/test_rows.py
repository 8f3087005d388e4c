"""From rows to results: columns are read by name, in whatever order a statement brings them."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Connection, Row, Select, literal, select

from movr import queries, rows
from movr.changes.accounts import DELETE_ACCOUNT
from movr.models import User
from movr.movr import MovR
from movr.results import Vehicle
from tests.visitor import registration


def in_both_orders(
    connection: Connection, found: Select[Any], **parameters: object
) -> list[Row[Any]]:
    """The one row of this statement, and the same with its columns the other way round."""
    columns = found.subquery().c
    return [
        connection.execute(select(*order), parameters).one()
        for order in (columns, reversed(columns))
    ]


def test_a_member_is_the_same_in_whatever_order_its_columns_come(movr: MovR) -> None:
    user = movr.register(**registration("rome"))
    keys = {"member_city": user.city, "member_id": user.id, "epoch": 0}
    with movr.engine.connect() as connection:
        usual, reverse = in_both_orders(connection, queries.SESSION_MEMBER, **keys)

    assert tuple(usual) == tuple(reversed(reverse))
    now = datetime.now(UTC)
    assert rows.member(usual, now) == rows.member(reverse, now) == movr.session_member(user)


def test_a_vehicle_is_the_same_in_whatever_order_its_columns_come(movr: MovR) -> None:
    named = [literal(name).label(name) for name in Vehicle._fields]
    with movr.engine.connect() as connection:
        both = in_both_orders(connection, select(*named))

    assert rows.named_tuples(Vehicle, [both[0]]) == rows.named_tuples(Vehicle, [both[1]])
    assert rows.named_tuples(Vehicle, [both[1]]) == [Vehicle(*Vehicle._fields)]  # type: ignore[arg-type]


def test_deleting_an_account_clears_every_personal_column() -> None:
    (check,) = (
        constraint
        for constraint in User.metadata.tables["users"].constraints
        if isinstance(constraint, CheckConstraint) and str(constraint.name).endswith("erased_check")
    )
    must_be_gone = set(re.findall(r"\((\w+) IS NOT NULL\)", str(check.sqltext)))

    personal = {column.name for column in User.__table__.c if column.info.get("personal")}

    assert len(must_be_gone) == 5
    reservation = {name for name in personal if name.startswith("reservation_")}
    assert (
        must_be_gone | reservation | {"email_verified_at", "language", "suspended_at"} == personal
    )
    assert personal <= set(DELETE_ACCOUNT.compile().params)
