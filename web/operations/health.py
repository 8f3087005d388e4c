"""Is the process alive, and can it serve?"""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue

from movr.errors import DatabaseAway, DatabaseBusy, DatabaseSlow
from web import errors
from web.context import movr, settings

FRESH: Final = 1  # seconds that an answer of the database's is good for
PATIENCE: Final = 4  # seconds that it may take; a probe gives up after 5

blueprint = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why this process can't serve: a reason for everybody, and a cause for the inside."""

    reason: str
    cause: str = ""


DRAINING: Final = Obstacle(
    "this process is draining: it was told to stop, and finishes what it began"
)
SCHEMA_BEHIND: Final = Obstacle(
    "the database's schema is not at this version: run `flask --app server db upgrade`"
)
NO_ANSWER: Final = Obstacle("the database has not answered yet")


def init_app(app: Flask) -> None:
    """Have this process keep what its database last answered."""
    app.extensions["readiness"] = Readiness()


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers. Never asks the database: a restart would not bring that back."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Nobody told it to stop, the database is there and its schema is what this code expects."""
    obstacle = DRAINING if _is_draining() else _readiness().obstacle()
    if not obstacle:
        return {"status": "ready"}
    told = asdict(obstacle)
    if not obstacle.cause or "X-Forwarded-For" in request.headers:
        del told["cause"]
    return {"status": "not ready", **told}, HTTPStatus.SERVICE_UNAVAILABLE


class Readiness:
    """What the database answered a moment ago, so that no number of probes asks it more often.

    One thread asks; others do not wait for it, lest a database that hangs hold them all.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet."""
        self._clock = clock
        self._asking = threading.Lock()
        self._asked_at = -float("inf")
        self._found: Obstacle | None = NO_ANSWER
        self._at_head = False

    def obstacle(self) -> Obstacle | None:
        """What is in the way, if anything."""
        age = self._clock() - self._asked_at
        if not self._asking.acquire(blocking=False):
            return self._found if age < PATIENCE else NO_ANSWER
        try:
            if age >= FRESH:
                self._asked_at = self._clock()
                self._found = self._ask()
            return self._found
        finally:
            self._asking.release()

    def _ask(self) -> Obstacle | None:
        try:
            # On CockroachDB that table is in one region. Losing it, or the way to it, must not take
            # the others out; so it is read until it was right once.
            if self._at_head:
                movr().reach()
            else:
                self._at_head = movr().is_at_head()
        except (DatabaseAway, DatabaseSlow, DatabaseBusy) as refusal:
            errors.note(refusal)
            return Obstacle(refusal.sentence, errors.cause_of(refusal))
        return None if self._at_head else SCHEMA_BEHIND


def _is_draining() -> bool:
    mark = settings().drain_mark
    return bool(mark) and Path(mark).exists()


def _readiness() -> Readiness:
    readiness: Readiness = current_app.extensions["readiness"]
    return readiness
