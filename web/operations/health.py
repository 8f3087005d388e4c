"""Health checks: liveness at /healthz, readiness at /readyz."""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue

from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from web.context import movr, settings
from web.operations.refusals import database_cause, record_refusal

CACHE_SECONDS: Final = 1  # how long a check of the database is valid
ANSWER_TIMEOUT: Final = 4  # how long a check may take; probes time out after 5

blueprint = Blueprint("health", __name__)


class NotReady(NamedTuple):
    """Why this process is not ready: a public reason, and a cause for internal clients only."""

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
    """Create the readiness check of this process."""
    app.extensions["readiness"] = Readiness()


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Report that the process responds; a database failure must not cause a restart."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Report ready if not draining, the database responds and its schema is current."""
    mark = settings().drain_mark
    readiness: Readiness = current_app.extensions["readiness"]
    not_ready = DRAINING if mark and Path(mark).exists() else readiness.check()
    if not not_ready:
        return {"status": "ready"}
    told = {"status": "not ready", "reason": not_ready.reason}
    if not_ready.cause and "X-Forwarded-For" not in request.headers:
        told["cause"] = not_ready.cause
    return told, HTTPStatus.SERVICE_UNAVAILABLE


class Readiness:
    """Checks the database and caches the result, so that many probes cause few statements.

    One thread checks at a time; others do not wait, so that a hanging database blocks only one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without a result."""
        self._clock = clock
        self._asking = threading.Lock()
        self._asked_at = -float("inf")
        self._found: NotReady | None = NO_ANSWER
        self._at_head = False

    def check(self) -> NotReady | None:
        """Return why the database is not ready; None if it is."""
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
            # On CockroachDB the table of the schema's version is in one region. The loss of that
            # region must not make others not ready, so the table is not read after one success.
            if self._at_head:
                movr().ping()
            else:
                self._at_head = movr().is_at_head()
        except (DatabaseUnavailable, DatabaseSlow, DatabaseBusy) as refusal:
            record_refusal(refusal)
            return NotReady(refusal.sentence, database_cause(refusal))
        return None if self._at_head else SCHEMA_BEHIND
