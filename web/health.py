"""Is the process alive, and can it serve?"""

from http import HTTPStatus
from pathlib import Path

from flask import Blueprint
from flask.typing import ResponseReturnValue

from movr.errors import DatabaseAway, DatabaseBusy
from web.context import movr, settings

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers. Never asks the database: a restart would not bring that back."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """Nobody told it to stop, the database is there and its schema is what this code expects."""
    if reason := _why_not():
        return {"status": "not ready", "reason": reason}, HTTPStatus.SERVICE_UNAVAILABLE
    return {"status": "ready"}


def _why_not() -> str | None:
    if (mark := settings().drain_mark) and Path(mark).exists():
        return "this process is draining: it was told to stop, and finishes what it began"
    try:
        if movr().is_at_head():
            return None
    except (DatabaseAway, DatabaseBusy) as refusal:
        return refusal.sentence
    return "the database's schema is not at this version: run `flask --app server db upgrade`"
