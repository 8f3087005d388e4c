"""Class MovR with a clock that a test sets, created once: that takes 40 ms."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from typing import Protocol

import pytest

from movr.movr import MovR


class MovRAt(Protocol):
    """Return class MovR with this clock."""

    def __call__(self, clock: Callable[[], datetime], *, charges_rides: bool = False) -> MovR: ...


class ReplaceableClock:
    """The clock of a MovR that tests share."""

    def __init__(self) -> None:
        self.of_test: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.of_test()


@pytest.fixture(scope="session")
def movr_at(database: str) -> Iterator[MovRAt]:
    shared = ReplaceableClock()
    with ExitStack() as stack:

        @cache
        def created(*, charges_rides: bool) -> MovR:
            movr = MovR(database, pool_size=20, clock=shared, charges_rides=charges_rides)
            stack.callback(movr.close)
            return movr

        def movr_at(clock: Callable[[], datetime], *, charges_rides: bool = False) -> MovR:
            shared.of_test = clock
            return created(charges_rides=charges_rides)

        yield movr_at
