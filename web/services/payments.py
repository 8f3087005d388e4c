"""Collection of fares by a payment gateway."""

from typing import Final, Protocol

from flask import Flask, current_app

from web.config import Settings
from web.context import movr

BATCH: Final = 100  # fares that are read at once


class PaymentGateway(Protocol):
    """Charges riders."""

    name: str

    def charge(self, key: str, amount: int, currency: str) -> None:
        """Charge an amount in the currency's minor unit.

        All calls with the same key charge once, so that a call may be repeated after a crash.
        """


class FakePaymentGateway:
    """A gateway for development and tests: it remembers charges and collects no money."""

    name = "the fake gateway, which collects no money"

    def __init__(self) -> None:
        """Start without charges."""
        self.charges: dict[str, tuple[int, str]] = {}

    def charge(self, key: str, amount: int, currency: str) -> None:
        """Remember a charge, once."""
        self.charges.setdefault(key, (amount, currency))


def init_app(app: Flask) -> None:
    """Create the gateway of the settings, if any."""
    settings: Settings = app.extensions["settings"]
    app.extensions["payment_gateway"] = FakePaymentGateway() if settings.payments else None


def gateway() -> PaymentGateway | None:
    """Return the gateway; None if rides are free of charge."""
    current: PaymentGateway | None = current_app.extensions["payment_gateway"]
    return current


def collect(gateway: PaymentGateway, city: str) -> int:
    """Charge the unpaid fares of a city's rides and book the payments; return their number.

    The ride is the key of the charge, so that a fare whose booking failed is not charged twice.
    """
    number, after = 0, None
    while unpaid := movr().unpaid_fares(city, after=after, size=BATCH):
        for fare in unpaid:
            gateway.charge(f"{city} {fare.ride_id}", fare.amount, fare.currency)
            number += movr().book_payment(city, fare.ride_id)
        after = unpaid[-1].ride_id
    return number
