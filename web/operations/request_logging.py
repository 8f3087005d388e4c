"""What MovR writes down of each request: a line for people, or an object for programs.

Routes, not paths, and never a query, cookie or field: no name, email, password or token is logged.
"""

import json
import logging
import re
import time
from random import getrandbits
from typing import Any, Final

from flask import Flask, Response, g, has_request_context, request

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
    logger.setLevel(logging.INFO)
    # What no line of ours says need not be found out for each: logging's own advice on speed.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def formatter(log_format: str) -> logging.Formatter:
    """What writes a line of the log, as `text` or as `json`."""
    return JsonFormatter() if log_format == "json" else TextFormatter()


def init_app(app: Flask) -> None:
    """Count what each request costs, and log it once everything else is said about it."""
    app.before_request(_begin)
    app.after_request(_log)


def route() -> str:
    """The route of this request, as the URL map writes it; never the path itself."""
    return request.url_rule.rule if request.url_rule else "unknown"


def seconds() -> float:
    """How long this request has taken so far."""
    return time.perf_counter() - float(g.query_stats.began)


def _begin() -> None:
    g.query_stats = query_stats.start()
    given = request.headers.get(REQUEST_ID_HEADER, "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else _another_id()


def _log(response: Response) -> Response:
    cost, city = g.get("query_stats"), g.get("city")
    if not cost:
        return response  # refused before anything began
    facts = {
        "method": request.method,
        "route": route(),
        "status": response.status_code,
        "milliseconds": round(seconds() * 1000, 1),
        "statements": cost.statements,
        "round_trips": cost.round_trips,
        "region": settings().region,
        "city": city.name if city else "",
    }
    logger.info(
        "%(method)s %(route)s %(status)s %(milliseconds)s ms", facts, extra={"facts": facts}
    )
    return response


def _another_id() -> str:
    """Not by `uuid4`: no secret, and not worth to ask the system for randomness at each request."""
    return f"{getrandbits(128):032x}"


class TextFormatter(logging.Formatter):
    """A line for people."""

    def __init__(self) -> None:
        """Time, level, logger, message."""
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")


class JsonFormatter(logging.Formatter):
    """An object a line, in the field names that Google's and others' log collectors know."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, with the id of the request that it was written in."""
        entry: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "severity": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context() and "request_id" in g:
            entry["request_id"] = g.request_id
        entry |= getattr(record, "facts", {})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)
