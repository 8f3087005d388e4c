"""Input that nobody thought of: whatever is sent, no server error, and a refusal changes nothing.

`FAULTS=long` tries 100,000 inputs; they print their number (pytest -s).
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote_from_bytes
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.databases import all_rows
from tests.visitor import Visitor
from tests.web.test_bad_input import FORMS

LONG = os.environ.get("FAULTS") == "long"
EXAMPLES = 6_500 if LONG else 40  # of each property; some send more than one input

hostile = settings(
    max_examples=EXAMPLES,
    deadline=None,  # a busy machine is no bug
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

NASTY = (
    "' OR '1'='1",
    "'; DROP TABLE rides; --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "%00",
    "\0",
    "\r\nSet-Cookie: x=y",
    "//evil.example",
    "https://evil.example",
    "NaN",
    "1e999",
    "-0",
    "\u202e",
    "\ud7ff\ufeff",
    "x" * 10_000,
)
texts = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60).map(str.encode),
    st.sampled_from(NASTY).map(str.encode),
    st.floats().map(lambda number: str(number).encode()),
    st.tuples(st.floats(), st.floats()).map(lambda pair: f"{pair[0]},{pair[1]}".encode()),
    st.uuids().map(lambda id_: str(id_).encode()),
)
HIDDEN = ("latitude", "longitude", "key", "city", "next", "csrf_token", "nothing")
PAGES = ("/", "/home", "/vehicles", "/users", "/users/{id}", "/rides", "/login", "/register")
PARAMETERS = ("after", "type", "free", "near", "next", "city", "nothing")
# A server passes on no line breaks and no NUL.
header_texts = texts.map(lambda text: text.translate(None, b"\r\n\0").decode("latin-1"))
HEADERS = (
    *("X_CITY", "X_CITY_LAT_LONG", "COOKIE", "REFERER", "USER_AGENT", "ACCEPT", "ACCEPT_LANGUAGE"),
    *("ACCEPT_ENCODING", "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "RANGE", "X_FORWARDED_FOR"),
    *("X_REQUEST_ID", "TRACEPARENT", "X_CSRFTOKEN", "AUTHORIZATION", "X_HTTP_METHOD_OVERRIDE"),
    *("HOST", "CONTENT_TYPE", "IF_RANGE", "ORIGIN", "FORWARDED"),
)


def urlencoded(fields: dict[str, bytes]) -> str:
    return "&".join(f"{name}={quote_from_bytes(text)}" for name, text in fields.items())


class Target:
    """MovR, a member on a ride, and what the database holds."""

    def __init__(self, app: Flask, visitor: Visitor, engine: Engine) -> None:
        visitor.register()
        visitor.start(visitor.add_vehicle())
        self.ids = {"id": str(visitor.id), "ride": str(visitor.active_ride())}
        self.statuses = Counter[int]()
        self._token = visitor.token().encode()
        self._cookie = f"session={visitor.client.cookies['session']}"
        self._app, self._engine = app, engine
        self._client = app.test_client(use_cookies=False)
        self._rows = all_rows(engine)

    def get(self, path: str, query: str = "", **environ: str) -> TestResponse:
        """Ask for a page, as a server passes it on. It changes nothing."""
        environ = {"HTTP_COOKIE": self._cookie} | environ
        reply = self._client.get(path, query_string=query, environ_overrides=environ)
        return self._judged(reply, may_change=False)

    def post(self, path: str, fields: dict[str, bytes], *, acceptable: bool = True) -> TestResponse:
        """Send a form. Unless it is accepted, it changes nothing."""
        self._app.extensions["attempts"].forget()
        reply = self._client.post(
            path,
            data=urlencoded({"csrf_token": self._token} | fields),
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"HTTP_COOKIE": self._cookie},
        )
        return self._judged(reply, may_change=acceptable and reply.status_code == 303)

    def _judged(self, reply: TestResponse, *, may_change: bool) -> TestResponse:
        self.statuses[reply.status_code] += 1
        assert reply.status_code < 500, reply.text[:2000]
        rows = all_rows(self._engine)
        if may_change:
            self._rows = rows
        assert rows == self._rows
        return reply


@pytest.fixture
def target(app: Flask, visitor: Visitor, engine: Engine) -> Iterator[Target]:
    target = Target(app, visitor, engine)
    yield target
    print(f"\n{target.statuses.total()} inputs, by status: {dict(target.statuses)}")


@hostile
@given(data=st.data())
@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_accepted_or_names_what_is_wrong(
    target: Target, form: str, data: st.DataObject
) -> None:
    """Of a form that is fine but for some fields: these are named, and no others."""
    fine = {name: text.encode() for name, text in FORMS[form].fields.items()}
    spoilt = data.draw(st.dictionaries(st.sampled_from([*fine, *HIDDEN]), texts, min_size=1))

    reply = target.post(FORMS[form].path.format(**target.ids), fine | spoilt)

    assert reply.status_code in {200, 303, 400, 403, 404, 422, 429}
    if reply.status_code == 422:
        places = {"location"} if {"latitude", "longitude"} & spoilt.keys() else set()
        logging_in = {"password"} if form == "login" else set()
        taken = {"username"} if form == "register" else set()
        named = set(errors_of(reply))
        assert named <= spoilt.keys() | places | logging_in | taken
        assert named or form == "end"  # a ride that is over has a sentence instead of a form


@hostile
@given(path=st.sampled_from(PAGES), query=st.dictionaries(st.sampled_from(PARAMETERS), texts))
def test_a_page_s_parameters_are_understood_or_refused(
    target: Target, path: str, query: dict[str, bytes]
) -> None:
    reply = target.get(path.format(**target.ids), urlencoded(query))

    assert reply.status_code in {200, 303, 404}


@hostile
@given(
    path=st.sampled_from(PAGES),
    headers=st.dictionaries(st.sampled_from(HEADERS), header_texts, min_size=1),
)
def test_a_page_s_headers_are_understood_or_ignored(
    target: Target, path: str, headers: dict[str, str]
) -> None:
    environ = {
        name if name == "CONTENT_TYPE" else f"HTTP_{name}": text for name, text in headers.items()
    }

    reply = target.get(path.format(**target.ids), **environ)

    assert reply.status_code in {200, 303, 400, 404}


@hostile
@given(path=texts, ids=st.uuids())
def test_a_path_that_nobody_linked_to_changes_nothing(
    target: Target, path: bytes, ids: UUID
) -> None:
    kinds = ("/vehicles/remove/", "/rides/start/", "/rides/end/", "/users/remove/", "/city/")
    for kind in kinds:
        for what in (quote_from_bytes(path, safe=""), str(ids)):
            target.post(f"{kind}{what}", {"location": path}, acceptable=False)


def errors_of(reply: TestResponse) -> list[str]:
    """The fields at which the page says something."""
    return re.findall(r'id="(\w+)-error"', reply.text)
