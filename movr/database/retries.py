"""Retries of schema changes and of what commands do, which may lose against others as riders do.

Riders' own transactions are retried by MovR, within the time that a request may take.
"""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg2
from sqlalchemy.exc import DBAPIError

MAX_RETRIES: Final = 60  # a minute or so: on a busy server schema changes lose often
FIRST_BACKOFF: Final = 0.1  # seconds; twice as long before each further attempt
MAX_BACKOFF: Final = 1.0
SERIALIZATION_FAILURE: Final = "40001"

Result = TypeVar("Result")


def driver_error(error: DBAPIError | psycopg2.Error) -> BaseException | None:
    """What psycopg2 raised, whether SQLAlchemy wrapped it or not."""
    return error.orig if isinstance(error, DBAPIError) else error


def retrying(act: Callable[[], Result]) -> Result:
    """Call `act`, and call it again while the server answers that it lost against others.

    What it does must be one transaction, or a series of which each part may run again.
    """
    for attempt in range(MAX_RETRIES):
        try:
            return act()
        except (DBAPIError, psycopg2.Error) as error:  # the latter from COPY
            if getattr(driver_error(error), "pgcode", None) != SERIALIZATION_FAILURE:
                raise
        longest = min(FIRST_BACKOFF * 2**attempt, MAX_BACKOFF)
        time.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - so that two don't meet again
    return act()
