"""`flask tariff` and `flask payments`: prices that begin later, and fares that are charged once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import Engine, text

from cli import commands
from movr.database import invariants
from movr.movr import MovR
from movr.results import UserKey
from tests.conftest import settings_for, visiting
from tests.visitor import Visitor
from web.app import create_app
from web.services.payments import FakePaymentGateway, PaymentRefused

NEW = ("--unlock", "0.50", "--minute", "0.30", "--day", "25", "--owner", "60")


@pytest.fixture
def app(database: str, engine: Engine) -> Iterator[Flask]:
    """MovR where rides cost, with its commands."""
    app = create_app(replace(settings_for(database), payments="fake"))
    commands.init_app(app)
    yield app
    app.extensions["movr"].close()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM tariffs WHERE valid_from > '2000-01-01'"))


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def test_a_tariff_is_listed_with_the_moment_when_it_begins(runner: FlaskCliRunner) -> None:
    at = ("--from", "2040-01-01T00:00")
    added = runner.invoke(args=["tariff", "set", "Amsterdam", "bike", *NEW, *at])
    listed = runner.invoke(args=["tariff", "list", "amsterdam"]).output.replace("\xa0", " ")

    assert added.exit_code == 0, added.output
    assert "bike       from 1970-01-01 01:00: € 1,00 to unlock, € 0,15 a minute" in listed
    assert (
        "bike       from 2040-01-01 00:00: € 0,50 to unlock, € 0,30 a minute,"
        " at most € 25,00 a day; 60 % for the owner" in listed
    )
    again = runner.invoke(args=["tariff", "set", "amsterdam", "bike", *NEW, *at])
    assert again.exit_code == 1
    assert "There is a tariff from this moment on. Nothing was changed." in again.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("paris", "bike", *NEW, "--from", "2020-01-01T00:00"), "a minute from now or later"),
        (("paris", "bike", *NEW, "--day", "0.20"), "--day must be at least"),
        (("paris", "bike", *NEW, "--minute", "0.255"), "must be an amount from 0 to 1000"),
        (("paris", "bike", *NEW, "--minute", "NaN"), "must be an amount from 0 to 1000"),
        (("paris", "bike", *NEW, "--minute", "-1"), "must be an amount from 0 to 1000"),
        (("gotham", "bike", *NEW), "MovR has new york, boston"),
        (("paris", "boat", *NEW), "'boat' is not one of"),
    ],
)
def test_a_wrong_tariff_is_refused_in_a_sentence(
    runner: FlaskCliRunner, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = runner.invoke(args=["tariff", "set", *arguments])

    assert refused.exit_code in {1, 2}
    assert sentence in refused.output
    assert "Traceback" not in refused.output


@pytest.fixture
def rider(app: Flask) -> Iterator[Visitor]:
    """A rider who has ridden."""
    with visiting(app) as new:
        rider = new().register()
        rider.start(rider.add_vehicle())
        rider.end(rider.active_ride())
        yield rider


def test_a_fare_is_charged_once_although_the_command_stops_before_it_books_the_payment(
    app: Flask,
    runner: FlaskCliRunner,
    rider: Visitor,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gateway: FakePaymentGateway = app.extensions["payment_gateway"]
    charge, keys = gateway.charge, []

    def charge_and_stop(key: str, rider: UserKey, amount: int, currency: str) -> None:
        charge(key, rider, amount, currency)
        keys.append(key)
        raise KeyboardInterrupt

    monkeypatch.setattr(gateway, "charge", charge_and_stop)
    stopped = runner.invoke(args=["payments", "collect"])
    assert (stopped.exit_code, len(keys)) == (1, 1)
    monkeypatch.setattr(gateway, "charge", charge)

    collected = runner.invoke(args=["payments", "collect"])
    again = runner.invoke(args=["payments", "collect"])

    assert collected.output.startswith("1 fare collected by the fake gateway")
    assert again.output.startswith("0 fares collected")
    assert gateway.charges == {keys[0]: (UserKey("new york", rider.id), 120, "USD")}
    with engine.connect() as connection:
        paid = connection.execute(
            text("SELECT account, amount FROM ledger_entries WHERE kind = 'payment'")
        ).all()
    assert dict(map(tuple, paid)) == {"rider": 120, "gateway": -120}
    assert invariants.find_violations(engine) == []


def test_a_refused_charge_stays_unpaid_and_others_are_collected(
    app: Flask, runner: FlaskCliRunner, rider: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider.start(rider.add_vehicle())
    rider.end(rider.active_ride())
    gateway: FakePaymentGateway = app.extensions["payment_gateway"]
    charge, cards = gateway.charge, iter([False, True, True])

    def charge_unless_expired(*what: Any) -> None:
        if not next(cards):
            raise PaymentRefused
        charge(*what)

    monkeypatch.setattr(gateway, "charge", charge_unless_expired)

    outputs = [runner.invoke(args=["payments", "collect"]).output for _ in range(2)]

    assert outputs[0].startswith("1 fare collected")
    assert "1 refused by the gateway" in outputs[0]
    assert outputs[1].startswith("1 fare collected")
    assert "refused" not in outputs[1]


@pytest.mark.parametrize("is_paid", [False, True], ids=["unpaid", "paid"])
def test_a_fare_is_refunded_once_and_is_not_collected_afterwards(
    runner: FlaskCliRunner, rider: Visitor, engine: Engine, is_paid: bool
) -> None:
    (ride_id,) = re.findall("/rides/([0-9a-f-]{36})", rider.get("/rides").text)
    if is_paid:
        runner.invoke(args=["payments", "collect"])

    refunds = [runner.invoke(args=["payments", "refund", "nyc", ride_id]) for _ in range(2)]

    assert [refund.exit_code for refund in refunds] == [0, 1]
    assert "Nothing was changed" in refunds[1].output
    assert runner.invoke(args=["payments", "collect"]).output.startswith("0 fares collected")
    with engine.connect() as connection:
        left = "SELECT sum(amount) FROM ledger_entries WHERE kind <> 'payment' GROUP BY account"
        assert {*connection.execute(text(left)).scalars()} == {0}
    assert invariants.find_violations(engine) == []
    assert "$0.00" in rider.get("/rides").text


def test_the_fare_of_a_ride_elsewhere_is_not_refunded(
    runner: FlaskCliRunner, rider: Visitor
) -> None:
    (ride_id,) = re.findall("/rides/([0-9a-f-]{36})", rider.get("/rides").text)

    refused = runner.invoke(args=["payments", "refund", "boston", ride_id])

    assert (refused.exit_code, "no fare of this ride in Boston" in refused.output) == (1, True)


def test_nothing_is_collected_without_payments(session_app: Flask, movr: MovR) -> None:
    assert movr.tariffs("paris")

    refused = session_app.test_cli_runner().invoke(args=["payments", "collect"])

    assert refused.exit_code == 1
    assert "PAYMENTS is empty: rides are free of charge." in refused.output
