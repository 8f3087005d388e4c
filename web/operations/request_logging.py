"""The access log: one line of text or one JSON object per request.

It contains routes instead of paths, and no query, cookie or form field: no name, email, password
or token is logged.
"""

import json
import logging
import re
import time
from datetime import UTC, datetime
from random import getrandbits
from typing import Any, Final

from flask import Flask, Response, g, has_request_context, request

from movr import __version__
from movr.cities import City
from movr.database import query_stats
from web.context import settings

REQUEST_ID_HEADER: Final = "X-Request-ID"
_REQUEST_ID: Final = re.compile(r"[\w.-]{8,64}", re.ASCII)

logger = logging.getLogger("movr.access")


def configure(log_format: str) -> None:
    """Write the logs of this process to standard error, as `text` or as `json`."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(log_format))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in (logger.name, "movr.accounts", "movr.outbox"):
        logging.getLogger(name).setLevel(logging.INFO)


def formatter(log_format: str) -> logging.Formatter:
    """Return the formatter for `text` or `json`."""
    if log_format == "json":
        return JsonFormatter()
    return logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


def init_app(app: Flask) -> None:
    """Measure and log each request."""
    app.before_request(_begin)
    app.after_request(_log)


def route() -> str:
    """Return the URL rule of this request, never its path."""
    return request.url_rule.rule if request.url_rule else "unknown"


def seconds() -> float:
    """Return the time that this request has taken so far."""
    return time.perf_counter() - float(g.query_stats.began)


def requested_city() -> City | None:
    """Return the city of this request's form, page or URL; None if it does not depend on one."""
    in_url = (request.view_args or {}).get("city")
    city: City | None = g.get("city_of_form") or g.get("city") or in_url
    return city


def _begin() -> None:
    g.query_stats = query_stats.start()
    given = request.headers.get(REQUEST_ID_HEADER, "")
    # A random id is not secret, so `uuid4` and its system call are not needed.
    g.request_id = given if _REQUEST_ID.fullmatch(given) else f"{getrandbits(128):032x}"


def _log(response: Response) -> Response:
    stats, city = g.get("query_stats"), requested_city()
    if not stats:
        return response  # refused before _begin
    facts = {
        "method": request.method,
        "route": route(),
        "status": response.status_code,
        "milliseconds": round(seconds() * 1000, 1),
        "statements": stats.statements,
        "round_trips": stats.round_trips,
        "region": settings().region,
        "city": city.name if city else "",
    }
    logger.info(
        "%(method)s %(route)s %(status)s %(milliseconds)s ms", facts, extra={"facts": facts}
    )
    return response


class JsonFormatter(logging.Formatter):
    """Formats log records as JSON lines, with the field names of common log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON, with MovR's version and the current request's id."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "severity": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "version": __version__,
        }
        if has_request_context() and "request_id" in g:
            entry["request_id"] = g.request_id
        entry |= getattr(record, "facts", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)
