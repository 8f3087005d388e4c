"""Tariffs, and entries of the ledger."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    column,
    literal,
    select,
    true,
    values,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert

from movr.changes.common import NOW, RIDE_CITY, RIDE_ID, ledger, tariffs
from movr.formats import FARE, GATEWAY, PAYMENT, REFUND, RIDER

# The parameters have the names of the columns.
ADD_TARIFF: Final = pg_insert(tariffs).on_conflict_do_nothing().returning(tariffs.c.vehicle_type)


_IS_FARE_OF_RIDE: Final = and_(
    ledger.c.city == RIDE_CITY, ledger.c.ride_id == RIDE_ID, ledger.c.kind == FARE
)


def _book_once(row: dict[str, ColumnElement[Any]], entries: Select[Any]) -> ReturningInsert[Any]:
    """Add entries with these columns to the ledger, or none if they are there."""
    return (
        pg_insert(ledger)
        .from_select(list(row), entries)
        .on_conflict_do_nothing()
        .returning(ledger.c.account)
    )


def _book_payment() -> ReturningInsert[Any]:
    """Book that a rider has paid the fare of a ride, once: the gateway has the money."""
    by = values(column("account", String()), name="accounts").data([(RIDER,), (GATEWAY,)])
    is_rider = by.c.account == RIDER
    row: dict[str, ColumnElement[Any]] = {
        **{name: ledger.c[name] for name in ("city", "ride_id", "vehicle_id", "currency")},
        "kind": literal(PAYMENT),
        "account": by.c.account,
        "holder_city": case((is_rider, ledger.c.holder_city)),
        "holder_id": case((is_rider, ledger.c.holder_id)),
        "amount": case((is_rider, -ledger.c.amount), else_=ledger.c.amount),
        "created_at": NOW,
    }
    entries = select(*row.values()).select_from(ledger.join(by, true()))
    return _book_once(row, entries.where(_IS_FARE_OF_RIDE, ledger.c.account == RIDER))


BOOK_PAYMENT: Final = _book_payment()


def _refund_fare() -> ReturningInsert[Any]:
    """Take a fare back, once, by entries of the same accounts with the other sign."""
    changed: dict[str, ColumnElement[Any]] = {
        "kind": literal(REFUND),
        "amount": -ledger.c.amount,
        "created_at": NOW,
    }
    row = {each.name: changed.get(each.name, each) for each in ledger.c}
    return _book_once(row, select(*row.values()).where(_IS_FARE_OF_RIDE))


REFUND_FARE: Final = _refund_fare()
