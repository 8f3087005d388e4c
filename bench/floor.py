"""The floor: a bare WSGI function that asks the database what MovR asks, and answers what it did.

Its statements are those that MovR sends, word for word; its bodies are text. What a page of MovR
takes beyond this is MovR's own: routes, sessions, forms, templates. Run by `python -m bench`.
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
_ACTS: Final[dict[str, Any]] = {slug(name): act for name, act in _PLAN["acts"].items()}
_thread: Final = threading.local()


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """The page named by the path; after it, the ids that take the place of those recorded."""
    _, name, *ids = environ["PATH_INFO"].split("/")
    act = _ACTS.get(name, {"status": "200 OK", "sql": (), "ids": (), "body": ""})
    for statement in act["sql"]:
        _run(_with_ids(statement, act["ids"], ids))
    body = act["body"].encode()
    headers = [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
    start_response(act["status"], headers)
    return [body]


def _with_ids(statement: str, recorded: list[str], ids: list[str]) -> str:
    for old, new in zip(recorded, ids, strict=False):  # most pages have none
        statement = statement.replace(old, new)
    return statement


def _run(statement: str) -> None:
    cursor = _cursor()
    cursor.execute(statement)
    if cursor.description:
        cursor.fetchall()


def _cursor() -> Cursor:
    """This thread's own."""
    if not hasattr(_thread, "cursor"):
        connection = psycopg2.connect(os.environ["DB_URI"])
        connection.autocommit = True  # BEGIN and COMMIT are statements like the others
        _thread.cursor = connection.cursor()
    cursor: Cursor = _thread.cursor
    return cursor
