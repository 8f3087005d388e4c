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

from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from web.context import movr, settings
from web.operations.refusals import database_cause, record_refusal

CACHE_SECONDS: Final = 1  # seconds that an answer of the database's is good for
ANSWER_TIMEOUT: Final = 4  # seconds that it may take; a probe gives up after 5

blueprint = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class NotReady:
    """Why this process can't serve: a reason for everybody, and a cause for the inside."""

    reason: str
    cause: str = ""


DRAINING: Final = NotReady(
    "this process is draining: it was told to stop, and finishes what it began"
)
SCHEMA_BEHIND: Final = NotReady(
    "the database's schema is not at this version: run `flask --app server db upgrade`"
)
NO_ANSWER: Final = NotReady("the database has not answered yet")


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
    not_ready = DRAINING if _is_draining() else _readiness().check()
    if not not_ready:
        return {"status": "ready"}
    told = asdict(not_ready)
    if not not_ready.cause or "X-Forwarded-For" in request.headers:
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
        self._found: NotReady | None = NO_ANSWER
        self._at_head = False

    def check(self) -> NotReady | None:
        """What is in the way, if anything."""
        age = self._clock() - self._asked_at
        if not self._asking.acquire(blocking=False):
            return self._found if age < ANSWER_TIMEOUT else NO_ANSWER
        try:
            if age >= CACHE_SECONDS:
                self._asked_at = self._clock()
                self._found = self._ask()
            return self._found
        finally:
            self._asking.release()

    def _ask(self) -> NotReady | None:
        try:
            # On CockroachDB that table is in one region. Losing it, or the way to it, must not take
            # the others out; so it is read until it was right once.
            if self._at_head:
                movr().ping()
            else:
                self._at_head = movr().is_at_head()
        except (DatabaseUnavailable, DatabaseSlow, DatabaseBusy) as refusal:
            record_refusal(refusal)
            return NotReady(refusal.sentence, database_cause(refusal))
        return None if self._at_head else SCHEMA_BEHIND


def _is_draining() -> bool:
    mark = settings().drain_mark
    return bool(mark) and Path(mark).exists()


def _readiness() -> Readiness:
    readiness: Readiness = current_app.extensions["readiness"]
    return readiness
