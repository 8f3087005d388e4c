"""Retries of schema changes and of commands after serialization failures.

Transactions of requests are retried by class Database, within the deadline of the request.
"""

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg2
from sqlalchemy.exc import DBAPIError

MAX_RETRIES: Final = 60  # about a minute; on a busy server schema changes often conflict
FIRST_BACKOFF: Final = 0.1  # seconds; doubled before each further attempt
MAX_BACKOFF: Final = 1.0  # seconds
SERIALIZATION_FAILURE: Final = "40001"

Result = TypeVar("Result")


def driver_error(error: DBAPIError | psycopg2.Error) -> BaseException | None:
    """Return psycopg2's exception, unwrapped from SQLAlchemy's if necessary."""
    return error.orig if isinstance(error, DBAPIError) else error


def retrying(act: Callable[[], Result]) -> Result:
    """Call `act`, and repeat the call after each serialization failure, at most MAX_RETRIES times.

    `act` must be one transaction, or a series of transactions each of which is safe to repeat.
    """
    for attempt in range(MAX_RETRIES):
        try:
            return act()
        except (DBAPIError, psycopg2.Error) as error:  # COPY raises psycopg2's
            if getattr(driver_error(error), "pgcode", None) != SERIALIZATION_FAILURE:
                raise
        longest = min(FIRST_BACKOFF * 2**attempt, MAX_BACKOFF)
        time.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - jitter, no secret
    return act()
