"""Generated input: it never causes a server error, and refused input changes nothing.

The bytes are sent to a real gunicorn, so that its limits apply too. `FAULTS=long` sends
100,000 inputs; a line at the end has their number (tests/web/pages/conftest.py).
"""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote_from_bytes, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from movr.results import UserKey
from tests import raw_http
from tests.conftest import UNLIMITED, free_port, gunicorn
from tests.databases import all_rows, put_back
from tests.raw_http import HUNG_UP, Headers, Reply
from tests.visitor import PASSWORD, Visitor
from tests.web.pages.conftest import STATUSES
from tests.web.pages.test_bad_input import FORMS, Form
from web.security.link_tokens import reset_tokens
from web.security.rate_limit_store import RateLimitStore

LONG = os.environ.get("FAULTS") == "long"
INPUTS = 12_000 if LONG else 40  # inputs for each of the eight tests without passwords
HASHED = (
    1_000 if LONG else 20
)  # inputs for each of the four tests with passwords, whose hashes are slow
SECRET = "of these tests alone"
HOST = "movr.test"

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # so they are

hostile = settings(
    max_examples=INPUTS,
    deadline=None,  # the machine may be busy
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
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
    "x" * 70_000,
)
numbers = st.floats().map(str)
ids = st.uuids().map(str)
times = st.datetimes(timezones=st.timezones()).map(str)
texts = st.one_of(
    st.binary(max_size=60),
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(NASTY),
        numbers,
        ids,
        st.tuples(numbers, numbers).map(",".join),  # a position
        st.tuples(st.one_of(numbers, times), ids).map("~".join),  # a page key
    ).map(str.encode),
)
ALL_FORMS = {**FORMS, "reset": Form("/reset", {"password": PASSWORD[::-1]}, {})}
HASHING = ("register", "login", "reset", "security", "email")
FOR_MEMBERS = ("security", "names", "email", "add", "end")
HIDDEN = ("latitude", "longitude", "key", "city", "next", "csrf_token", "nothing")
BUTTONS = (
    *("/rides/start/{free}", "/rides/end/{ride}", "/vehicles/remove/{own}", "/city/paris"),
    *("/users/remove/{id}", "/users/{id}/logout", "/logout"),
)
PAGES = (
    *("/", "/home", "/vehicles", "/vehicles/add", "/rides", "/rides/{ride}", "/users"),
    *("/users/{id}", "/users/{id}/security", "/users/{id}/email", "/email", "/verify"),
    *("/login", "/register", "/forgot", "/reset"),
    *("/gbfs/v3/manifest.json", "/gbfs/v3/paris/vehicle_status.json", "/healthz", "/readyz"),
)
PARAMETERS = ("after", "type", "near", "next", "city", "token", "nothing")
PLACES = (
    *("/", "/city/", "/gbfs/v3/", "/leaflet/", "/rides/", "/rides/end/", "/rides/start/"),
    *("/static/", "/users/", "/users/remove/", "/vehicles/paris/", "/vehicles/remove/"),
)
HEADERS = (
    *("X-City", "X-City-Lat-Long", "X-Request-ID", "Referer", "Origin", "User-Agent", "Host"),
    *("Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since"),
    *("Range", "If-Range", "Content-Type", "Authorization", "X-CSRFToken", "X-CSRF-Token"),
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Traceparent"),
    *("X-HTTP-Method-Override", "Connection", "Upgrade", "Expect", "Content-Length"),
    *("SCRIPT_NAME", "PATH_INFO", "REMOTE_USER"),
)
names = st.one_of(
    st.sampled_from(HEADERS).map(str.encode),
    st.text("abcdefghijklmnopqrstuvwxyz-_", min_size=1, max_size=20).map(str.encode),
)
cookies = st.one_of(
    texts, st.tuples(st.sampled_from([b"session", b"browser"]), texts).map(b"=".join)
)
headers = st.one_of(
    st.tuples(names, texts),
    st.tuples(st.just(b"Cookie"), cookies),
    # gunicorn answers 501 to other transfer codings, as HTTP requires.
    st.just((b"Transfer-Encoding", b"chunked")),
)


def half(usual: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Draw one of these values in half of all cases, otherwise any text."""
    known = st.sampled_from(usual).map(str.encode)
    return st.booleans().flatmap(lambda is_usual: known if is_usual else texts)


def urlencoded(fields: Mapping[str, bytes]) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(text)}" for name, text in fields.items()).encode()


class Site:
    """MovR under a separate gunicorn, whose rate limits can be reset."""

    def __init__(self, url: str, attempts: RateLimitStore, log: Path) -> None:
        self.url = url
        self.port = urlsplit(url).port or 0
        self.forget_attempts = attempts.clear
        self._log = log

    def complaints(self) -> str:
        return self._log.read_text()[-4000:]


class Target:
    """A member with an active ride and an available vehicle, and the rows of the database."""

    def __init__(self, site: Site, visitor: Visitor, engine: Engine) -> None:
        visitor.register()
        free = visitor.add_vehicle()
        own = visitor.permanent_id(free)
        visitor.start(visitor.add_vehicle())
        ride, token = visitor.active_ride(), visitor.token()
        link = reset_tokens([SECRET]).make(UserKey("new york", visitor.id), 0, time.time())
        visitor.get(f"/reset?token={link}")
        self.ids = {"id": visitor.id, "free": free, "own": own, "ride": ride}
        self.username = visitor.username.encode()
        self.statuses = Counter[int]()
        self._token = token.encode()
        self._cookies = "; ".join(f"{name}={text}" for name, text in visitor.client.cookies.items())
        self._site, self._engine = site, engine
        self._rows = all_rows(engine)

    def get(self, path: str, query: bytes = b"", headers: Headers = ()) -> Reply:
        """Request a page and assert that nothing changed."""
        path = path.format(**self.ids)
        return self.send(b"GET", path.encode() + (query and b"?" + query), headers)

    def post(
        self, path: bytes, fields: Mapping[str, bytes], *, can_be_accepted: bool = True
    ) -> Reply:
        """Send a form, and assert that nothing changed unless it was accepted."""
        self._site.forget_attempts()
        body = urlencoded({"csrf_token": self._token, **fields})
        form = (b"Content-Type", b"application/x-www-form-urlencoded")
        length = (b"Content-Length", b"%d" % len(body))
        return self.send(b"POST", path, [form, length], body, can_be_accepted=can_be_accepted)

    def send(
        self,
        method: bytes,
        path: bytes,
        headers: Headers,
        body: bytes = b"",
        *,
        can_be_accepted: bool = False,
    ) -> Reply:
        """Send a request as the member, and undo permitted changes."""
        ours = [(b"Host", HOST.encode()), (b"Cookie", self._cookies.encode())]
        given = [name.lower() for name, _ in headers]
        whole = [*(header for header in ours if header[0].lower() not in given), *headers]
        reply = raw_http.send(self._site.port, raw_http.request(method, path, whole, body))
        self.statuses[reply.status] += 1
        assert HUNG_UP < reply.status < 500, self._site.complaints()
        if (rows := all_rows(self._engine)) != self._rows:
            put_back(self._engine, self._rows)
            assert can_be_accepted, rows
            assert reply.status == 303, rows
        return reply


@pytest.fixture(scope="module")
def hostile_site(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("hostile")
    log, attempts = folder / "log", folder / "attempts"
    environment = {
        "DB_URI": database,
        "DEBUG": "1",
        "SECRET_KEY": SECRET,
        "RATE_LIMIT_FILE": str(attempts),
        "WRITES_PER_MINUTE": str(UNLIMITED),
    }
    with log.open("wb") as file, gunicorn(free_port(), environment, file) as (url, _):
        yield Site(url, RateLimitStore(str(attempts)), log)


@pytest.fixture
def target(
    hostile_site: Site, engine: Engine, record_property: Callable[[str, object], None]
) -> Iterator[Target]:
    with httpx.Client(base_url=hostile_site.url, timeout=raw_http.TIMEOUT) as client:
        target = Target(hostile_site, Visitor(client), engine)
    yield target
    record_property(STATUSES, dict(target.statuses))


@hostile
@given(data=st.data())
@pytest.mark.parametrize("form", sorted(ALL_FORMS.keys() - HASHING))
def test_a_form_is_accepted_or_names_what_is_wrong(
    target: Target, form: str, data: st.DataObject
) -> None:
    judge_form(target, form, data)


@settings(hostile, max_examples=HASHED)
@given(data=st.data())
@pytest.mark.parametrize("form", HASHING)
def test_a_form_with_a_password_is_accepted_or_names_what_is_wrong(
    target: Target, form: str, data: st.DataObject
) -> None:
    judge_form(target, form, data)


def judge_form(target: Target, form: str, data: st.DataObject) -> None:
    """Assert that a refused form has errors at the invalid fields only."""
    what = ALL_FORMS[form]
    fine = {name: text.encode() for name, text in what.fields.items()}
    if form in {"login", "forgot"}:
        fine["username"] = target.username
    fields = st.one_of(st.sampled_from([*fine]), st.sampled_from(HIDDEN))
    spoilt = data.draw(st.dictionaries(fields, texts, min_size=1, max_size=3))

    reply = target.post(what.path.format(**target.ids).encode(), fine | spoilt)

    limited = {409, 429} if form == "report" else set()
    assert reply.status in {303, 400, 404, 413, 422} | limited
    if reply.status == 422:
        places = {"location", "latitude"} if {"latitude", "longitude"} & spoilt.keys() else set()
        logging_in = {"password"} if form == "login" else set()
        named = set(errors_of(reply))
        assert named
        assert named <= spoilt.keys() | places | logging_in
    if form in FOR_MEMBERS:  # ours is still one
        assert not reply.location.startswith("/login")


@hostile
@given(
    path=st.sampled_from(BUTTONS),
    fields=st.dictionaries(st.sampled_from(HIDDEN), texts, max_size=3),
)
def test_a_button_has_its_effect_or_none(
    target: Target, path: str, fields: dict[str, bytes]
) -> None:
    reply = target.post(path.format(**target.ids).encode(), fields)

    assert reply.status in {303, 400, 404, 413, 422}
    assert not urlsplit(reply.location).netloc


@hostile
@given(path=st.sampled_from(PAGES), query=st.dictionaries(st.sampled_from(PARAMETERS), texts))
def test_query_parameters_are_accepted_or_refused(
    target: Target, path: str, query: dict[str, bytes]
) -> None:
    reply = target.get(path, urlencoded(query))

    assert reply.status in {200, 303, 404, 414}


@hostile
@example(path="/", headers=[(b"SCRIPT_NAME", b"/elsewhere")])
@example(path="/", headers=[(b"X-City", b"paris")] * 101)
@given(path=st.sampled_from(PAGES), headers=st.lists(headers, min_size=1, max_size=120))
def test_request_headers_are_accepted_or_ignored(
    target: Target, path: str, headers: list[tuple[bytes, bytes]]
) -> None:
    reply = target.get(path, headers=headers)

    assert reply.status in {200, 303, 304, 400, 404, 417, 431}


@hostile
@example(place="/city/", what=b"/evil.example", rest=b"")
@given(place=st.sampled_from(PLACES), what=texts, rest=texts)
def test_a_random_path_changes_nothing(
    target: Target, place: str, what: bytes, rest: bytes
) -> None:
    path = place.encode() + quote_from_bytes(what, safe="/").encode()

    reply = target.post(path, {"next": rest}, can_be_accepted=False)

    assert reply.status in {303, 308, 400, 403, 404, 405, 413, 414, 422}
    assert urlsplit(reply.location).netloc in {"", HOST}  # Werkzeug redirects with a 308


@hostile
@given(
    method=half(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")),
    path=half([*PAGES, *BUTTONS]),
    headers=st.lists(headers, max_size=5),
    body=texts,
    has_length=st.booleans(),
)
def test_a_malformed_http_request_changes_nothing(
    target: Target,
    method: bytes,
    path: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    has_length: bool,
) -> None:
    length = [(b"Content-Length", b"%d" % len(body))] if has_length else []

    target.send(method, path, [*length, *headers], body)


def errors_of(reply: Reply) -> list[str]:
    """Return the fields that have an error on the page."""
    return re.findall(r'id="(\w+)-error"', reply.text)
