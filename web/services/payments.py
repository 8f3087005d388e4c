"""Collection of fares by a payment gateway."""

from typing import Final, NamedTuple, Protocol

from flask import Flask, current_app

from movr.results import UserKey
from web.config import Settings
from web.context import movr

BATCH: Final = 100  # fares that are read at once


class PaymentRefused(Exception):  # noqa: N818 - an answer of the gateway, not a fault
    """The gateway does not charge this rider, for example because a card has expired."""


class Collected(NamedTuple):
    """The number of fares that were paid, and of charges that the gateway refused."""

    paid: int
    refused: int


class PaymentGateway(Protocol):
    """Charges riders."""

    name: str

    def charge(self, key: str, rider: UserKey, amount: int, currency: str) -> None:
        """Charge a rider an amount in the currency's minor unit. Raises PaymentRefused.

        All calls with the same key charge once, so that a call may be repeated after a crash.
        """


class FakePaymentGateway:
    """A gateway for development and tests: it remembers charges and collects no money."""

    name = "the fake gateway, which collects no money"

    def __init__(self) -> None:
        """Start without charges."""
        self.charges: dict[str, tuple[UserKey, int, str]] = {}

    def charge(self, key: str, rider: UserKey, amount: int, currency: str) -> None:
        """Remember a charge, once."""
        self.charges.setdefault(key, (rider, amount, currency))


def init_app(app: Flask) -> None:
    """Create the gateway of the settings, if any."""
    settings: Settings = app.extensions["settings"]
    app.extensions["payment_gateway"] = FakePaymentGateway() if settings.payments else None


def gateway() -> PaymentGateway | None:
    """Return the gateway; None if rides are free of charge."""
    current: PaymentGateway | None = current_app.extensions["payment_gateway"]
    return current


def collect(gateway: PaymentGateway, city: str) -> Collected:
    """Charge the unpaid fares of a city's rides and book the payments.

    The ride is the key of the charge, so that a fare whose booking failed is not charged twice. A
    fare that is refused stays unpaid.
    """
    paid, refused, after = 0, 0, None
    while unpaid := movr().unpaid_fares(city, after=after, size=BATCH):
        for fare in unpaid:
            try:
                gateway.charge(f"{city} {fare.ride_id}", fare.rider, fare.amount, fare.currency)
            except PaymentRefused:
                refused += 1
            else:
                paid += movr().book_payment(city, fare.ride_id)
        after = unpaid[-1].ride_id
    return Collected(paid, refused)
