"""Recording of refusals: each is counted; those of the database are logged with their cause."""

import logging

from flask import request

from movr.errors import Refusal
from web.operations import metrics, request_logging

logger = logging.getLogger("movr")


def record_refusal(refusal: Refusal) -> None:
    """Count the refusal; if the database caused it, log why in one line."""
    metrics.count_refusal(refusal)
    if cause := database_cause(refusal):
        kind = type(refusal).__name__
        logger.warning("%s %s: %s: %s", request.method, request_logging.route(), kind, cause)


def database_cause(refusal: Refusal) -> str:
    """Return the first line of the driver's or pool's error; empty if there is none."""
    return str(refusal.__cause__ or "").partition("\n")[0]
