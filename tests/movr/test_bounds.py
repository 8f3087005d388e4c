"""Bounds that keep one account from filling a city."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from movr import errors, transactions
from movr.cities import DEFAULT_CITY
from movr.movr import MovR
from tests.movr.test_movr import a_member

WORDS: dict[str, Any] = {"type": "bike", "color": "red", "brand": "Kona", "location": "here"}
PLACED = WORDS | {"position": DEFAULT_CITY.centre}


def test_an_owner_adds_few_vehicles_a_day(movr: MovR, database: str) -> None:
    owner = a_member(movr)
    for _ in range(transactions.MAX_ADDED_A_DAY):
        movr.add_vehicle(owner, **PLACED)

    with pytest.raises(errors.TooManyVehicles):
        movr.add_vehicle(owner, **PLACED)
    assert movr.add_vehicle(a_member(movr), **PLACED)

    tomorrow = MovR(database, clock=lambda: datetime.now(UTC) + timedelta(days=1))
    assert tomorrow.add_vehicle(owner, **PLACED)
    tomorrow.close()


def test_an_owner_has_few_vehicles_without_a_position(movr: MovR) -> None:
    owner = a_member(movr)
    vehicles = [movr.add_vehicle(owner, **WORDS) for _ in range(transactions.MAX_WITHOUT_POSITION)]

    with pytest.raises(errors.TooManyVehicles):
        movr.add_vehicle(owner, **WORDS)
    assert movr.add_vehicle(owner, **PLACED)

    movr.remove_vehicle(vehicles[0], owner)
    assert movr.add_vehicle(owner, **WORDS)


def test_vehicles_added_at_once_do_not_exceed_the_bound(movr: MovR) -> None:
    owner = a_member(movr)
    with ThreadPoolExecutor(8) as threads:
        added = [threads.submit(movr.add_vehicle, owner, **WORDS) for _ in range(20)]

    refused = [each for each in as_completed(added) if each.exception()]

    assert {type(each.exception()) for each in refused} <= {
        errors.TooManyVehicles,
        errors.DatabaseBusy,
    }
    assert len(added) - len(refused) <= transactions.MAX_WITHOUT_POSITION


def test_the_last_form_sent_again_is_still_accepted(movr: MovR) -> None:
    owner = a_member(movr)
    keys = [str(n) for n in range(transactions.MAX_WITHOUT_POSITION)]
    vehicles = [movr.add_vehicle(owner, **WORDS, idempotency_key=key) for key in keys]

    assert movr.add_vehicle(owner, **WORDS, idempotency_key=keys[-1]) == vehicles[-1]
