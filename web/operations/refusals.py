"""Recording of refusals: each is counted; those of the database are logged with their cause."""

import logging

from flask import request

from movr.errors import Refusal
from web.operations import metrics, request_logging

logger = logging.getLogger("movr")


def record_refusal(refusal: Refusal) -> None:
    """Count the refusal; if the database caused it, log why in one line."""
    route, reason = request_logging.route(), type(refusal).__name__
    metrics.REFUSALS.labels(route, reason).inc()
    if cause := database_cause(refusal):
        logger.warning("%s %s: %s: %s", request.method, route, reason, cause)


def database_cause(refusal: Refusal) -> str:
    """Return the first line of the driver's or pool's error; empty if there is none."""
    return str(refusal.__cause__ or "").partition("\n")[0]
