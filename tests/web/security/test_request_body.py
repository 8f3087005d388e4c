"""Bodies as clients send them to a real gunicorn: whole, too long, in chunks, or broken off."""

import time
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from sqlalchemy import Engine

from tests import raw_http
from tests.conftest import NewVisitor
from tests.databases import all_rows, rows_of
from tests.visitor import Visitor
from web.app import MAX_FORM_SIZE

FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
CHUNKED = (b"Transfer-Encoding", b"chunked")
VEHICLE = {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"}


class Sender:
    """An owner who sends bodies byte by byte to the form that adds a vehicle."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor.register()
        self.form = urlencode({"csrf_token": visitor.token(), **VEHICLE}).encode()
        cookies = "; ".join(f"{name}={text}" for name, text in visitor.client.cookies.items())
        self._always = [(b"Host", b"movr.test"), (b"Cookie", cookies.encode()), FORM]
        self._port = urlsplit(str(visitor.client.base_url)).port or 0

    def send(self, header: tuple[bytes, bytes], body: bytes, *more: tuple[bytes, bytes]) -> int:
        """Return the status of the response."""
        headers = [*self._always, header, *more]
        whole = raw_http.request(b"POST", b"/vehicles/add", headers, body)
        return raw_http.send(self._port, whole).status


@pytest.fixture
def sender(new_http_visitor: NewVisitor) -> Sender:
    return Sender(new_http_visitor())


@pytest.fixture
def nothing_changes(sender: Sender, engine: Engine) -> Iterator[None]:  # noqa: ARG001 - registered
    before = all_rows(engine)
    yield
    assert all_rows(engine) == before


def in_chunks(*chunks: bytes) -> bytes:
    """Return a whole chunked body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def test_a_form_in_chunks_is_a_form(sender: Sender, engine: Engine) -> None:
    assert sender.send(CHUNKED, in_chunks(sender.form[:30], sender.form[30:])) == 303

    assert len(rows_of(engine, "vehicles")) == 1


MALFORMED = {
    "no size": b"\r\n%b\r\n0\r\n\r\n",
    "a size that is no number": b"zz\r\n%b\r\n0\r\n\r\n",
    "a negative size": b"-1\r\n%b\r\n0\r\n\r\n",
    "a size line without an end": b"1" * 9000 + b"%b",
    "an extension that is none": b"1;=\r\n%b\r\n0\r\n\r\n",
    "less than its size": b"ffff\r\n%b",
    "more than its size": b"2\r\n%b\r\n0\r\n\r\n",
    "a trailer without an end": b"0\r\nX: %b",
    "a trailer that is none": b"0\r\n%b\r\n\r\n",
}


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_chunks_that_are_malformed_are_a_bad_request(sender: Sender, body: bytes) -> None:
    assert sender.send(CHUNKED, body % sender.form) == 400


BROKEN_OFF = {
    "no last chunk": b"%x\r\n%b\r\n",
    "half a last chunk": b"%x\r\n%b\r\n0\r\n",
    "a malformed chunk behind it": b"%x\r\n%b\r\nzz\r\n\r\n",
    "a trailer that is none": b"%x\r\n%b\r\n0\r\n: x\r\n\r\n",
}


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("body", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_a_whole_form_in_chunks_that_break_off_is_not_acted_on(sender: Sender, body: bytes) -> None:
    assert sender.send(CHUNKED, body % (len(sender.form), sender.form)) == 400


@pytest.mark.usefixtures("nothing_changes")
def test_a_form_shorter_than_it_says_is_not_acted_on(sender: Sender) -> None:
    assert sender.send((b"Content-Length", b"%d" % (len(sender.form) + 1)), sender.form) == 400


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("excess", [1, MAX_FORM_SIZE])
def test_chunks_of_more_than_64_kb_are_too_large(sender: Sender, excess: int) -> None:
    form = sender.form + b"&padding="
    padding = b"x" * (MAX_FORM_SIZE - len(form) + excess)

    assert sender.send(CHUNKED, in_chunks(form, padding)) == 413


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("field", [b"a&", b"&", b"a=1&", b"%61&"])
def test_fields_are_counted_before_they_are_parsed(sender: Sender, field: bytes) -> None:
    body = (sender.form + b"&" + field * MAX_FORM_SIZE)[:MAX_FORM_SIZE]

    def seconds() -> float:
        began = time.perf_counter()
        assert sender.send((b"Content-Length", b"%d" % len(body)), body) == 413
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.02  # parsed it took 100 ms


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("name", [b"Cookie", b"X-City", b"X-Made-Up"])
def test_headers_are_measured_before_they_are_parsed(sender: Sender, name: bytes) -> None:
    length = (b"Content-Length", b"%d" % len(sender.form))

    status = sender.send(length, sender.form, *[(name, b"a;" * 4000)] * 90)

    assert status == 431


def test_headers_as_long_as_nginx_lets_them_be_are_read(sender: Sender) -> None:
    length = (b"Content-Length", b"%d" % len(sender.form))

    assert sender.send(length, sender.form, *[(b"X-Made-Up", b"a;" * 4000)] * 3) == 303
