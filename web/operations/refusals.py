"""Recording of refusals: each is counted; those of the database and of forms are logged."""

import logging

from flask import request

from movr.errors import Refusal
from web.operations import metrics, request_logging

logger = logging.getLogger("movr")


def record_refusal(refusal: Refusal) -> None:
    """Count the refusal; if an error of a library caused it, log why in one line."""
    route, reason = request_logging.route(), type(refusal).__name__
    metrics.REFUSALS.labels(route, reason).inc()
    if cause := first_line_of_cause(refusal):
        logger.warning("%s %s: %s: %s", request.method, route, reason, cause)


def first_line_of_cause(refusal: Refusal) -> str:
    """Return the first line of the driver's, pool's or Flask-WTF's error; "" if there is none."""
    return str(refusal.__cause__ or "").partition("\n")[0]
