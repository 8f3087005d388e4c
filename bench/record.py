"""Recording of each page's statements and response, which the floor replays.

They are recorded from MovR while it serves the pages.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import filterfalse
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, event
from werkzeug.test import TestResponse

from bench.http import Unexpected
from bench.latency_proxy import LatencyProxy
from bench.pages import (
    END,
    END_FORM,
    END_LOCATION,
    SEE,
    START,
    is_by_api,
    is_for_strangers,
    paths,
)
from bench.people import PASSWORD, Person, public_id
from movr.database.admin import uri_text
from movr.movr import MovR
from web.app import create_app
from web.config import Settings

# Transaction control, which is not counted as a statement.
_TRANSACTION_CONTROL: Final = frozenset({"BEGIN", "COMMIT"})


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A recorded request: SQL, round trips, response, and the ids that a replay replaces."""

    sql: list[str]
    round_trips: int
    status: str
    body: str
    ids: list[str]

    @property
    def statements(self) -> int:
        """The number of statements, without transaction control."""
        return sum(statement not in _TRANSACTION_CONTROL for statement in self.sql)


@dataclass(slots=True)
class Plan:
    """The recorded requests, by name."""

    requests: dict[str, RecordedRequest] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON data for the floor's process."""
        return asdict(self)


class Recorder:
    """MovR in this process, with a record of the statements that it sends."""

    def __init__(self, app: Flask, proxy: LatencyProxy) -> None:
        """Listen to this app's engines, whose connections go through the proxy."""
        self.plan: Final = Plan()
        self._client = FlaskClient(app, app.response_class)
        self._proxy = proxy
        self._sql: list[str] = []
        movr: MovR = app.extensions["movr"]
        for engine in movr.engines:
            event.listen(engine, "before_cursor_execute", self._on_statement)
        event.listen(movr.engine, "begin", lambda _: self._sql.append("BEGIN"))
        event.listen(movr.engine, "commit", lambda _: self._sql.append("COMMIT"))

    def see(self, path: str, token: str = "") -> TestResponse:
        """Open a page, or call an operation of the API with an access token."""
        return self._client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})

    def access_token(self, username: str, password: str) -> str:
        """Log in at the API and return an access token."""
        login = {"username": username, "password": password, "device": "bench"}
        tokens: Any = self._client.post("/api/v1/tokens", json=login).json
        return str(tokens["access_token"])

    def send(self, path: str, **fields: str) -> TestResponse:
        """Send a form."""
        return self._client.post(path, data=fields)

    def note(self, name: str, act: Callable[[], TestResponse]) -> str:
        """Call `act`, record it under this name, and return the page."""
        self._sql.clear()
        self._proxy.reset()
        reply = act()
        self.plan.requests[name] = RecordedRequest(
            list(self._sql), self._proxy.round_trips, reply.status, reply.text, []
        )
        return reply.text

    def _on_statement(self, *arguments: Any) -> None:  # SQLAlchemy passes six
        _, cursor, statement, parameters, *_ = arguments
        self._sql.append(cursor.mogrify(statement, parameters).decode())


def record(url: URL, person: Person, engine: Engine) -> Plan:
    """Record every page for this member and for anonymous visitors."""
    with LatencyProxy(url) as proxy:
        app = create_app(Settings(db_uri=uri_text(proxy.url), debug=True))
        app.config["WTF_CSRF_ENABLED"] = False  # the client is not a browser
        try:
            return _record(Recorder(app, proxy), person, engine)
        finally:
            app.extensions["movr"].close()


def _record(recorder: Recorder, person: Person, engine: Engine) -> Plan:
    pages = paths(person)
    recorder.see("/")  # opens a connection, and shows the message about the city once
    for name in filter(is_for_strangers, pages):
        recorder.note(name, partial(recorder.see, pages[name]))
    recorder.send("/login", username=person.username, password=PASSWORD)
    recorder.see("/")  # shows the message after logging in
    token = recorder.access_token(person.username, PASSWORD)
    for name in filterfalse(is_for_strangers, pages):
        by_token = (token,) if is_by_api(name) else ()
        recorder.note(name, partial(recorder.see, pages[name], *by_token))
    _note_ride(recorder, person, engine)  # opens the connection for writes; recorded again below
    _note_ride(recorder, person, engine)
    return recorder.plan


def _note_ride(recorder: Recorder, person: Person, engine: Engine) -> None:
    old_id = public_id(engine, person)
    recorder.note(START, lambda: recorder.send(f"/rides/start/{old_id}"))
    found = END_FORM.search(recorder.note(SEE, lambda: recorder.see("/rides")))
    if not found:
        raise Unexpected("The ride that was started is not on the page of rides.")
    recorder.note(END, lambda: recorder.send(found[1], location=END_LOCATION))
    ride = found[1].rpartition("/")[2]
    ids = [str(id_) for id_ in (person.id, old_id, ride, public_id(engine, person))]
    for name in (START, SEE, END):
        recorder.plan.requests[name] = replace(recorder.plan.requests[name], ids=ids)
