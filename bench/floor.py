"""The floor: a WSGI function that executes MovR's recorded statements and returns its responses.

The statements are identical to MovR's and the bodies are constant text. The difference in cost
between MovR and the floor is that of routing, sessions, forms and templates. `python -m bench` runs
it.
"""

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - the DB-API's own name

from bench.pages import slug

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PLAN: Final[dict[str, Any]] = json.loads(Path(os.environ["FLOOR_PLAN"]).read_text())
_REQUESTS: Final[dict[str, Any]] = {
    slug(name): recorded for name, recorded in _PLAN["requests"].items()
}
_thread: Final = threading.local()


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Serve `/<page>[/<id>…]`; the ids replace the recorded ones in the statements."""
    _, name, *ids = environ["PATH_INFO"].split("/")
    recorded = _REQUESTS.get(name, {"status": "200 OK", "sql": (), "ids": (), "body": ""})
    for statement in recorded["sql"]:
        _run(_with_ids(statement, recorded["ids"], ids))
    body = recorded["body"].encode()
    headers = [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
    start_response(recorded["status"], headers)
    return [body]


def _with_ids(statement: str, old_ids: list[str], ids: list[str]) -> str:
    for old, new in zip(old_ids, ids, strict=False):  # most pages have no ids
        statement = statement.replace(old, new)
    return statement


def _run(statement: str) -> None:
    cursor = _cursor()
    cursor.execute(statement)
    if cursor.description:
        cursor.fetchall()


def _cursor() -> Cursor:
    """Return this thread's cursor, connecting on first use."""
    if not hasattr(_thread, "cursor"):
        connection = psycopg2.connect(os.environ["DB_URI"])
        connection.autocommit = True  # the recorded statements include BEGIN and COMMIT
        _thread.cursor = connection.cursor()
    cursor: Cursor = _thread.cursor
    return cursor
