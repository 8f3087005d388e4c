"""Health checks: liveness at /healthz, readiness at /readyz."""

import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue

from movr.database.schema import Compatibility
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable, Refusal
from web.context import movr, settings
from web.operations.refusals import first_line_of_cause, record_refusal

CACHE_SECONDS: Final = 1  # how long a check of the database is valid
CHECK_TIMEOUT: Final = 4  # how long a check may take; probes time out after 5

blueprint = Blueprint("health", __name__)


class NotReady(NamedTuple):
    """Why this process is not ready: a public reason, and a cause for internal clients only."""

    reason: str
    cause: str = ""


DRAINING: Final = NotReady("this process is draining: it finishes its running requests and stops")
SCHEMA_BEHIND: Final = NotReady(
    "the database's schema is not at this version: run `flask --app server db upgrade`"
)
CODE_BEHIND: Final = NotReady(
    "the database's schema needs newer code than this: run a newer version of MovR"
)
SCHEMA_PROBLEMS: Final[Mapping[Compatibility, NotReady]] = {
    Compatibility.SCHEMA_TOO_OLD: SCHEMA_BEHIND,
    Compatibility.CODE_TOO_OLD: CODE_BEHIND,
}
NO_ANSWER: Final = NotReady("the database has not answered yet")
# In words for operators, unlike the sentences for riders.
REASONS: Final[Mapping[type[Refusal], str]] = {
    DatabaseUnavailable: "the database cannot be reached",
    DatabaseSlow: "the database is slow: a statement reached its timeout",
    DatabaseBusy: "all connections of this process to the database are in use",
}


def init_app(app: Flask) -> None:
    """Create the readiness check of this process."""
    app.extensions["readiness"] = Readiness()


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """Report that the process responds; a database failure must not cause a restart."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Report ready if not draining, the database responds and this code may use its schema."""
    drain_file = settings().drain_file
    readiness: Readiness = current_app.extensions["readiness"]
    not_ready = DRAINING if drain_file and Path(drain_file).exists() else readiness.check()
    if not not_ready:
        return {"status": "ready"}
    body = {"status": "not ready", "reason": not_ready.reason}
    if not_ready.cause and "X-Forwarded-For" not in request.headers:
        body["cause"] = not_ready.cause
    return body, HTTPStatus.SERVICE_UNAVAILABLE


class Readiness:
    """Checks the database and caches the result, so that many probes cause few statements.

    One thread checks at a time; others do not wait, so that a hanging database blocks only one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without a result."""
        self._clock = clock
        self._lock = threading.Lock()
        self._checked_at = -float("inf")
        self._result: NotReady | None = NO_ANSWER
        self._is_compatible = False

    def check(self) -> NotReady | None:
        """Return why the database is not ready; None if it is."""
        age = self._clock() - self._checked_at
        if not self._lock.acquire(blocking=False):
            return self._result if age < CHECK_TIMEOUT else NO_ANSWER
        try:
            if age >= CACHE_SECONDS:
                self._checked_at = self._clock()
                self._result = self._check_database()
            return self._result
        finally:
            self._lock.release()

    def _check_database(self) -> NotReady | None:
        try:
            # On CockroachDB the table of the schema's version is in one region. The loss of that
            # region must not make others not ready, so the table is not read after one success.
            if self._is_compatible:
                movr().ping()
                return None
            found = movr().schema_compatibility()
        except tuple(REASONS) as refusal:
            record_refusal(refusal)
            return NotReady(REASONS[type(refusal)], first_line_of_cause(refusal))
        self._is_compatible = found is Compatibility.COMPATIBLE
        return SCHEMA_PROBLEMS.get(found)
