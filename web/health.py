"""Is the process alive, and can it serve?"""

from http import HTTPStatus

from flask import Blueprint
from flask.typing import ResponseReturnValue

from movr.errors import DatabaseAway, DatabaseBusy
from web.context import movr

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers. Never asks the database: a restart would not bring that back."""
    return {"status": "alive"}


@blueprint.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database is reachable and its schema is what this code expects; else 503 and why not."""
    try:
        if movr().is_at_head():
            return {"status": "ready"}
        reason = "the database's schema is not at this version: run `flask --app server db upgrade`"
    except (DatabaseAway, DatabaseBusy) as refusal:
        reason = refusal.sentence
    return {"status": "not ready", "reason": reason}, HTTPStatus.SERVICE_UNAVAILABLE
