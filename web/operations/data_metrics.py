"""Metrics of what is in the database: the letters that wait, the ledger and the audit.

Prometheus's requests cause the check, at most one in ten seconds by each worker. It reads the
cities of this region only, so that it does not leave the region.
"""

import time
from contextlib import suppress
from functools import partial
from typing import Final

from flask import Flask, current_app
from prometheus_client import Gauge

from movr.cities import CITIES, cities_in
from movr.data_checks import DataCheck
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from web.background_cache import BackgroundCache
from web.context import movr, settings

KEY: Final = "data"  # of the only value in the cache

_gauge = partial(Gauge, labelnames=["region"], multiprocess_mode="mostrecent")
OLDEST_LETTER = _gauge("movr_outbox_oldest_letter_seconds", "Age of the oldest letter that waits.")
UNBALANCED = _gauge("movr_ledger_unbalanced_entries", "New entries that do not sum to zero.")
UNAUDITED = _gauge("movr_audit_missing_entries", "New actions of staff without a row of audit.")
CHECKED = _gauge("movr_data_checked_timestamp_seconds", "When the data was last checked.")


def init_app(app: Flask) -> None:
    """Create the cache of this process."""
    app.extensions["data_check"] = BackgroundCache[str, tuple[DataCheck, float]]()


def update() -> None:
    """Set the metrics to a check of a moment ago; while the database is away, they stay."""
    cache: BackgroundCache[str, tuple[DataCheck, float]] = current_app.extensions["data_check"]
    region = settings().region
    cities = [city.name for city in cities_in(region) or CITIES]
    checks = movr().data_checks  # the other thread has no app context
    with suppress(DatabaseUnavailable, DatabaseSlow, DatabaseBusy):
        found, at = cache.get(KEY, lambda: (checks.check(cities), time.time()))
        CHECKED.labels(region).set(at)
        OLDEST_LETTER.labels(region).set(_age(found, at))
        UNBALANCED.labels(region).set(found.unbalanced)
        UNAUDITED.labels(region).set(found.unaudited)


def _age(found: DataCheck, now: float) -> float:
    """Return the age of the oldest letter in seconds; 0 if none is to be sent."""
    if found.oldest_letter is None or not settings().mail_uri:
        return 0
    return max(0, now - found.oldest_letter.timestamp())
