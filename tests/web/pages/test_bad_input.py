"""Invalid input is refused with a message and never causes a 5xx."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, insert, update
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.test import TestResponse

from movr.cities import DEFAULT_CITY
from movr.models import Base, Ride, User, Vehicle
from tests.conftest import NewVisitor
from tests.databases import all_rows, rows_of
from tests.visitor import PASSWORD, Visitor, registration, sentences
from web.security.rate_limit_store import RateLimitStore

UNKNOWN_ID = UUID(int=0)


@dataclass(frozen=True)
class Form:
    """A form: its URL, valid values, and the maximum lengths of its fields."""

    path: str
    fields: Mapping[str, str]
    longest: Mapping[str, int]

    def open(self, visitor: Visitor) -> str:
        """Open the page with the form, and return the form's URL."""
        if self.path in {"/register", "/login", "/forgot"}:
            return self.path
        visitor.register()
        if "{id}" in self.path:
            return self.path.format(id=visitor.id)
        if "{ride}" not in self.path:
            return self.path
        visitor.start(visitor.add_vehicle())
        return self.path.format(ride=visitor.active_ride())


FORMS = {
    "register": Form(
        "/register",
        registration(),
        {"first_name": 100, "last_name": 100, "email": 254, "username": 64, "password": 128},
    ),
    "login": Form(
        "/login",
        {"username": "ada.lovelace", "password": PASSWORD},
        {"username": 64, "password": 512},
    ),
    "forgot": Form("/forgot", {"username": "ada.lovelace"}, {"username": 64}),
    "security": Form(
        "/users/{id}/security",
        {"current": PASSWORD, "new": PASSWORD[::-1]},
        {"current": 512, "new": 128},
    ),
    "names": Form(
        "/users/{id}/names",
        {"first_name": "Augusta", "last_name": "King"},
        {"first_name": 100, "last_name": 100},
    ),
    "email": Form(
        "/users/{id}/email",
        {"email": "king@home.example", "password": PASSWORD},
        {"email": 254, "password": 128},
    ),
    "add": Form(
        "/vehicles/add",
        {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"},
        {"color": 50, "brand": 50, "location": 200},
    ),
    "end": Form("/rides/end/{ride}", {"location": "2 Broadway"}, {"location": 200}),
    "report": Form(
        "/reports/ride/{ride}", {"kind": "other", "words": "It squeaks"}, {"words": 300}
    ),
}

Spoil = Callable[[str], bytes | None]


def instead(text: str) -> Spoil:
    return lambda _good: text.encode()


def inside(bad: bytes) -> Spoil:
    return lambda good: good[:2].encode() + bad + good[2:].encode()


def longer(length: int) -> Spoil:
    """Return a valid text, padded to this number of characters."""
    return lambda good: good.rjust(length, "x").encode()


BAD_ANYWHERE: Mapping[str, Spoil] = {
    "missing": lambda _good: None,
    "empty": instead(""),
    "blanks": instead("   "),
    "tabs": instead("\t\t"),
    "wide blanks": instead("\u3000\u00a0"),
    "5,000 characters": longer(5000),
    "a NUL byte": inside(b"\0"),
    "a bell": inside(b"\a"),
    "an escape sequence": inside(b"\x1b[31m"),
    "a delete": inside(b"\x7f"),
    "a C1 control": inside("\x9b".encode()),
    "a line break": inside(b"\r\n"),
}
NO_UTF8: Mapping[str, Spoil] = {
    "no characters": inside(b"\xff\xfe"),
    "half a character": inside(b"\xc3"),
    "a surrogate": inside(b"\xed\xa0\x80"),
}
BAD_WORDS: Mapping[str, Spoil] = {
    "markup": instead("<script>alert(1)</script>"),
    "a bracket": inside(b">"),
}
BAD_CHOICES: Mapping[str, Spoil] = {**BAD_WORDS, "unknown": instead("atlantis")}
BAD_ADDRESSES: Mapping[str, Spoil] = {
    "no domain": instead("ada"),
    "a blank inside": inside(b" "),
    "two at signs": inside(b"@"),
}
BAD_USERNAMES: Mapping[str, Spoil] = {
    "two letters": instead("ad"),
    "a blank inside": inside(b" "),
    "an umlaut": inside("ä".encode()),
}

SPECIFIC: Mapping[tuple[str, str], Mapping[str, Spoil]] = {
    ("register", "city"): BAD_CHOICES,
    ("register", "first_name"): BAD_WORDS,
    ("register", "last_name"): BAD_WORDS,
    ("register", "email"): {**BAD_WORDS, **BAD_ADDRESSES},
    ("register", "username"): {**BAD_WORDS, **BAD_USERNAMES},
    ("register", "password"): {"nine characters": instead("123456789")},
    ("login", "username"): {},  # an unknown username has the same error as a wrong password
    ("login", "password"): {},
    ("forgot", "username"): {},
    ("security", "current"): {},
    ("security", "new"): {"nine characters": instead("123456789")},
    ("names", "first_name"): BAD_WORDS,
    ("names", "last_name"): BAD_WORDS,
    ("email", "email"): {**BAD_WORDS, **BAD_ADDRESSES},
    ("email", "password"): {},
    ("add", "type"): BAD_CHOICES,
    ("add", "color"): BAD_WORDS,
    ("add", "brand"): BAD_WORDS,
    ("add", "location"): BAD_WORDS,
    ("end", "location"): BAD_WORDS,
    ("report", "kind"): BAD_CHOICES,
    ("report", "words"): BAD_WORDS,
}


def badness(form: str, field: str) -> dict[str, Spoil]:
    """Return the invalid values of this field by name."""
    longest = FORMS[form].longest.get(field)
    too_long = {"one character too many": longer(longest + 1)} if longest else {}
    return {**BAD_ANYWHERE, **too_long, **SPECIFIC[form, field]}


FIELDS = [(form, field) for form in FORMS for field in FORMS[form].fields]
BAD_FIELDS = [(form, field, how) for form, field in FIELDS for how in badness(form, field)]


@pytest.fixture(autouse=True)
def _fresh_limits(app: Flask) -> None:
    """Reset the rate limits, because all tests use one address."""
    app.extensions["rate_limit_store"] = RateLimitStore()


def send(visitor: Visitor, path: str, fields: Mapping[str, str | bytes]) -> httpx.Response:
    """Send a form as these bytes."""
    return visitor.client.post(
        path,
        content=urlencode({"csrf_token": visitor.token(), **fields}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def errors(reply: httpx.Response) -> dict[str, str]:
    """Return the error messages of a page by field."""
    return dict(re.findall(r'id="(\w+)-error">([^<]*)<', reply.text))


def focused(reply: httpx.Response) -> list[str]:
    """Return the fields with the autofocus attribute."""
    tags = [tag for tag in re.findall("<[^>]+>", reply.text) if " autofocus" in tag]
    return [found[1] for tag in tags if (found := re.search(r' name="(\w+)"', tag))]


# Forms


@pytest.mark.parametrize(("form", "field", "how"), BAD_FIELDS)
def test_an_invalid_field_has_an_error_message(
    visitor: Visitor, engine: Engine, form: str, field: str, how: str
) -> None:
    path = FORMS[form].open(visitor)
    good = dict(FORMS[form].fields)
    bad = badness(form, field)[how](good.pop(field))
    before = all_rows(engine)

    reply = send(visitor, path, good if bad is None else {**good, field: bad})

    assert reply.status_code == 422, sentences(reply)
    assert list(errors(reply)) == focused(reply) == [field]
    assert errors(reply)[field].strip()
    assert all_rows(engine) == before


@pytest.mark.parametrize("how", NO_UTF8)
@pytest.mark.parametrize(("form", "field"), FIELDS)
def test_invalid_utf8_is_refused(
    visitor: Visitor, engine: Engine, form: str, field: str, how: str
) -> None:
    """The response is a 400 page or an error at the field."""
    path = FORMS[form].open(visitor)
    good = dict(FORMS[form].fields)
    bad = NO_UTF8[how](good.pop(field)) or b""
    before = all_rows(engine)

    reply = send(visitor, path, {**good, field: bad})

    said = list(errors(reply))
    assert (reply.status_code, said) in [(400, []), (422, [field])], sentences(reply)
    assert all_rows(engine) == before


@pytest.mark.parametrize("form", FORMS)
def test_the_first_of_two_values_of_a_field_is_used(
    visitor: Visitor, engine: Engine, form: str
) -> None:
    path = FORMS[form].open(visitor)
    before = all_rows(engine)
    twice = urlencode(dict.fromkeys(FORMS[form].fields, "")) + "&" + urlencode(FORMS[form].fields)

    reply = visitor.client.post(
        path,
        content=f"csrf_token={visitor.token()}&{twice}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert reply.status_code == 422, sentences(reply)
    assert set(errors(reply)) == set(FORMS[form].fields)
    assert all_rows(engine) == before


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_form_has_an_error_at_each_field(
    visitor: Visitor, engine: Engine, form: str
) -> None:
    path = FORMS[form].open(visitor)
    before = all_rows(engine)

    reply = send(visitor, path, {})

    assert reply.status_code == 422
    assert set(errors(reply)) == set(FORMS[form].fields)
    assert all_rows(engine) == before


def test_text_without_visible_letters_gets_the_message_of_an_empty_field(visitor: Visitor) -> None:
    visitor.register()
    visitor.start(visitor.add_vehicle())
    ride = visitor.active_ride()

    for location in ("", "\u200b\u200b"):  # zero-width spaces
        reply = visitor.post(f"/rides/end/{ride}", location=location)
        assert sentences(reply) == "422: Please enter a place."


@pytest.mark.parametrize("form", FORMS)
def test_the_first_invalid_field_has_the_focus(visitor: Visitor, form: str) -> None:
    path = FORMS[form].open(visitor)

    reply = send(visitor, path, {})

    assert focused(reply) == list(errors(reply))[:1]


def test_a_field_refused_by_the_database_has_the_focus(visitor: Visitor) -> None:
    taken = visitor.register().username

    assert focused(visitor.post("/register", **registration() | {"username": taken})) == [
        "username"
    ]
    assert focused(visitor.post("/login", username=taken, password="wrong")) == ["password"]


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_blank_form_has_no_focused_field(visitor: Visitor, path: str) -> None:
    assert focused(visitor.get(path)) == []


@pytest.mark.parametrize(("form", "field"), FIELDS)
def test_a_file_upload_is_refused_for_each_field(
    visitor: Visitor, engine: Engine, form: str, field: str
) -> None:
    path = FORMS[form].open(visitor)
    fields = {"csrf_token": visitor.token(), **FORMS[form].fields}
    before = all_rows(engine)

    file = {field: ("words.txt", fields.pop(field).encode())}
    reply = visitor.client.post(path, data=fields, files=file)

    assert reply.status_code == 415, sentences(reply)
    assert all_rows(engine) == before


def test_too_long_text_is_not_matched_against_patterns(visitor: Visitor) -> None:
    """Matching a pattern against long text may take seconds and would block other requests."""
    typed = registration() | {"email": f"a@{'.' * 50_000}@"}

    assert errors(visitor.post("/register", **typed))["email"].strip() == (
        "Please use at most 254 characters."
    )


def test_a_refused_form_keeps_its_values_except_the_password(visitor: Visitor) -> None:
    typed = registration("rome") | {"first_name": 'Ada "<i>"', "password": "open sesame!"}

    page = visitor.post("/register", **typed).text

    assert 'value="Ada &#34;&lt;i&gt;&#34;"' in page
    assert 'value="Lovelace"' in page
    assert 'value="ada@example.com"' in page
    assert f'value="{typed["username"]}"' in page
    assert '<option selected value="rome">' in page
    assert "open sesame!" not in page
    assert "<i>" not in page


@pytest.mark.parametrize("form", ["register", "names", "add"])
def test_fields_accept_their_maximum_length(visitor: Visitor, engine: Engine, form: str) -> None:
    path = FORMS[form].open(visitor)
    before = all_rows(engine)
    fields = dict(FORMS[form].fields)
    for field, longest in FORMS[form].longest.items():
        filling = "x" if field in {"username", "email"} else "\N{BICYCLE}"
        fields[field] = fields[field].rjust(longest, filling)

    reply = send(visitor, path, fields)

    assert reply.status_code == 303, sentences(reply)
    assert all_rows(engine) != before


def test_passwords_may_contain_markup_and_any_script(visitor: Visitor) -> None:
    password = "<b>Pässwörter & 密码</b> "

    visitor.register(password=password)
    visitor.post("/logout")

    assert visitor.log_in(visitor.username, password).status_code == 303


def test_a_login_with_markup_is_an_unknown_login(visitor: Visitor) -> None:
    reply = visitor.log_in("<script>alert(1)</script>", "<script>alert(2)</script>")

    assert list(errors(reply)) == ["password"]
    assert "<script>" not in reply.text


# Ids and cities, in paths and forms

MALFORMED_IDS = [
    "x",
    "1",
    "None",
    str(UNKNOWN_ID)[:-1],
    f"{UNKNOWN_ID}0",
    f"{UNKNOWN_ID}/x",
    UNKNOWN_ID.hex,
    f"%7B{UNKNOWN_ID}%7D",
    "%3Cscript%3E",
    "'; DROP TABLE users; --",
    "%00",
    f"{UNKNOWN_ID}%00",
    "%F0%9F%9A%B2",
    "%ff%fe",
    "..",
    "x" * 5000,
]
UNKNOWN_IDS = [UNKNOWN_ID, UUID(int=2**128 - 1), uuid4()]
OWN_THINGS = ["/users/remove/", "/vehicles/remove/", "/rides/start/", "/rides/end/"]


def ask(app: Flask, visitor: Visitor, method: str, path: str) -> TestResponse:
    """Request a raw path, which httpx's WSGI transport cannot send."""
    form = {"csrf_token": visitor.token(), "location": "2 Broadway"} if method == "POST" else None
    cookie = f"session={visitor.client.cookies['session']}"
    client = app.test_client(use_cookies=False)
    return client.open(path, method=method, data=form, environ_overrides={"HTTP_COOKIE": cookie})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/users/"), *(("POST", path) for path in OWN_THINGS)]
)
def test_a_malformed_id_is_a_404(
    app: Flask, visitor: Visitor, engine: Engine, method: str, path: str
) -> None:
    visitor.register()
    before = all_rows(engine)

    replies = {id_: ask(app, visitor, method, path + id_).status_code for id_ in MALFORMED_IDS}

    assert replies == dict.fromkeys(MALFORMED_IDS, 404)
    assert all_rows(engine) == before


@pytest.mark.parametrize("path", OWN_THINGS)
def test_an_unknown_id_is_refused(visitor: Visitor, engine: Engine, path: str) -> None:
    visitor.register()
    before = all_rows(engine)

    replies = [visitor.post(f"{path}{id_}", location="2 Broadway") for id_ in UNKNOWN_IDS]

    # A start is refused as if the vehicle had just been taken.
    expected = {"/users/remove/": 403, "/rides/start/": 303}.get(path, 404)
    assert [reply.status_code for reply in replies] == [expected] * len(UNKNOWN_IDS)
    assert all_rows(engine) == before


BAD_CITIES = {
    "unknown": b"atlantis",
    "empty": b"",
    "blanks": b"   ",
    "5,000 characters": b"x" * 5000,
    "markup": b"<script>alert(1)</script>",
    "a NUL byte": b"new\0york",
    "a control character": b"new york\a",
    "bytes that are no UTF-8": b"\xff\xfe",
    "two cities": b"new york,rome",
}


@pytest.mark.parametrize("city", BAD_CITIES.values(), ids=BAD_CITIES)
def test_an_unknown_city_cannot_be_chosen(app: Flask, visitor: Visitor, city: bytes) -> None:
    visitor.post("/city/rome")

    reply = ask(app, visitor, "POST", f"/city/{quote(city)}")

    assert reply.status_code == 404
    assert "<strong>Rome</strong>" in visitor.get("/").text


@pytest.mark.parametrize("city", BAD_CITIES.values(), ids=BAD_CITIES)
def test_no_ride_starts_in_an_unknown_city(
    new_visitor: NewVisitor, engine: Engine, city: bytes
) -> None:
    """The current city is used instead, which does not have the vehicle."""
    vehicle = new_visitor().register("new york").add_vehicle()
    rider = new_visitor().register("rome")
    before = all_rows(engine)

    reply = send(rider, f"/rides/start/{vehicle}", {"city": city})

    assert reply.status_code in {303, 400, 404}, sentences(reply)
    assert all_rows(engine) == before


# Lists

MALFORMED_PAGES = [
    "x",
    "~",
    "-1",
    " ",
    str(UNKNOWN_ID)[:-1],
    f"{UNKNOWN_ID}0",
    "<script>alert(1)</script>",
    "\0",
    f"{UNKNOWN_ID}\0",
    "\N{BICYCLE}",
    "x" * 5000,
]
MALFORMED_PAGES_OF_RIDES = [
    str(UNKNOWN_ID),
    f"~{UNKNOWN_ID}",
    f"x~{UNKNOWN_ID}",
    "2026-01-01T00:00:00+00:00",
    "2026-01-01T00:00:00+00:00~x",
    f"2026-02-30T00:00:00+00:00~{UNKNOWN_ID}",
    f"2026-01-01T00:00:00+00:00~{UNKNOWN_ID}~{UNKNOWN_ID}",
    f"\0~{UNKNOWN_ID}",
    f"9999-12-31T23:59:59-23:59~{UNKNOWN_ID}",
    f"0001-01-01T00:00:00+23:59~{UNKNOWN_ID}",
    f"10000-01-01T00:00:00+00:00~{UNKNOWN_ID}",
]


@pytest.mark.parametrize("path", ["/vehicles", "/users", "/users/{id}", "/rides"])
def test_a_malformed_page_key_is_a_404(visitor: Visitor, path: str) -> None:
    visitor.register()
    path = path.format(id=visitor.id)
    malformed = MALFORMED_PAGES + (MALFORMED_PAGES_OF_RIDES if path == "/rides" else [])

    replies = {
        after: visitor.get(f"{path}?{urlencode({'after': after})}").status_code
        for after in malformed
    }
    not_utf8 = visitor.get(f"{path}?after=%ff%fe").status_code

    assert (replies, not_utf8) == (dict.fromkeys(malformed, 404), 404)


@pytest.mark.parametrize(
    ("time", "is_active_shown"),
    [
        ("0001-01-01T00:00:00+00:00", False),
        ("9999-12-31T23:59:59.999999+00:00", True),
        ("2026-01-01", False),
    ],
)
def test_extreme_page_keys_of_rides_are_valid(
    visitor: Visitor, time: str, *, is_active_shown: bool
) -> None:
    visitor.register()
    visitor.start(visitor.add_vehicle())

    reply = visitor.get(f"/rides?{urlencode({'after': f'{time}~{UNKNOWN_ID}'})}")

    assert reply.status_code == 200
    assert ("/rides/end/" in reply.text) is is_active_shown


# Raw headers and cookies


def get(app: Flask, path: str = "/", **environ: str) -> TestResponse:
    """Request a page without cookies."""
    return app.test_client(use_cookies=False).get(path, environ_overrides=environ)


NONSENSE = [
    "",
    "atlantis",
    "<script>alert(1)</script>",
    "new york,rome",
    "x" * 5000,
    "\0",
    "new\x1byork",
    "ny\x85",
    "\xff\xfe",
    "Zürich",
    "ZÃ¼rich",
]
NO_POSITIONS = [
    *NONSENSE,
    "nan,nan",
    "nan,0",
    "inf,0",
    "inf,-inf",
    "1e400,0",
    "91,0",
    "-90.0001,0",
    "0,181",
    "0,-180.0001",
    "40.7",
    "40.7,-74.0,0",
    ",",
    ",,",
    "40.7;-74.0",
    "0x28,0",
    "40,7" * 1000,
]


@pytest.mark.parametrize("path", ["/", "/vehicles", "/register", "/nowhere"])
@pytest.mark.parametrize("header", NONSENSE)
def test_an_invalid_city_header_is_ignored(app: Flask, path: str, header: str) -> None:
    reply = get(app, path, HTTP_X_CITY=header)

    assert reply.status_code == (404 if path == "/nowhere" else 200)
    assert "<strong>New York</strong>" in reply.text
    assert "<script>" not in reply.text


@pytest.mark.parametrize("header", NO_POSITIONS)
def test_an_invalid_position_header_is_ignored(app: Flask, header: str) -> None:
    reply = get(app, HTTP_X_CITY_LAT_LONG=header)

    assert reply.status_code == 200
    assert "<strong>New York</strong>" in reply.text
    assert "<script>" not in reply.text


@pytest.mark.parametrize("header", NONSENSE)
def test_the_position_header_is_used_if_the_city_header_is_invalid(app: Flask, header: str) -> None:
    reply = get(app, HTTP_X_CITY=header, HTTP_X_CITY_LAT_LONG="41.9,12.5")

    assert reply.status_code == 200
    assert "<strong>Rome</strong>" in reply.text


@pytest.mark.parametrize(
    "header", ["90,180", "90,-180", "-90,0", "0,0", "-0,-0", " 1 , 1 ", "1e-320,1e-320"]
)
def test_any_position_on_earth_selects_a_city(app: Flask, header: str) -> None:
    assert get(app, HTTP_X_CITY_LAT_LONG=header).status_code == 200


@pytest.mark.parametrize("host", [".", "..", "movr..test", f"{'x' * 64}.test", "x" * 5000])
def test_an_invalid_host_header_is_a_bad_request(app: Flask, host: str) -> None:
    assert get(app, HTTP_HOST=host).status_code == 400


BROKEN_COOKIES = [
    "",
    "=",
    ";;;",
    "session",
    "session=",
    "session=x",
    "session=..",
    "session=eyJfdXNlcl9pZCI6Im5ldyB5b3JrIn0.aaaaaa.bbbbbb",
    "session=.eJw.a.b",
    "session=\0",
    "session=\xff\xfe",
    f"session={'x' * 5000}",
    "remember_token=x",
    "remember_token=new york/00000000-0000-0000-0000-000000000000|bad",
    "remember_token=x|\xc3\xbc",
]


@pytest.mark.parametrize("cookie", BROKEN_COOKIES)
def test_an_invalid_cookie_is_an_anonymous_session(app: Flask, cookie: str) -> None:
    home = get(app, HTTP_COOKIE=cookie)
    rides = get(app, "/rides", HTTP_COOKIE=cookie)

    assert (home.status_code, rides.status_code) == (200, 303)
    assert "Register to ride" in home.text
    assert rides.headers["Location"] == "/login?next=/rides"


@pytest.mark.parametrize("where", [0, 20, -2])  # the last character has unused bits
def test_a_tampered_cookie_is_an_anonymous_session(
    visitor: Visitor, app: Flask, where: int
) -> None:
    cookie = list(visitor.register().client.cookies["session"])
    cookie[where] = "A" if cookie[where] != "A" else "B"

    untouched = get(app, "/rides", HTTP_COOKIE=f"session={visitor.client.cookies['session']}")
    changed = get(app, "/rides", HTTP_COOKIE=f"session={''.join(cookie)}")

    assert (untouched.status_code, changed.status_code) == (200, 303)


@pytest.mark.parametrize(
    "user_id", ["", "x", "new york/x", f"atlantis/{UNKNOWN_ID}", f"{UNKNOWN_ID}"]
)
def test_a_session_in_an_unknown_format_is_anonymous(app: Flask, user_id: str) -> None:
    """The cookie is signed with the right key, but its user id has another format."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookie = serializer.dumps({"_user_id": user_id, "city": "atlantis"})

    home = get(app, HTTP_COOKIE=f"session={cookie}")
    rides = get(app, "/rides", HTTP_COOKIE=f"session={cookie}")

    assert (home.status_code, rides.status_code) == (200, 303)
    assert "Register to ride" in home.text


# Bodies and methods

POSTS = [
    "/register",
    "/login",
    "/logout",
    "/city/rome",
    "/vehicles/add",
    f"/rides/end/{UNKNOWN_ID}",
]


@pytest.mark.parametrize("path", POSTS)
def test_a_body_of_more_than_64_kb_is_too_large(
    visitor: Visitor, engine: Engine, path: str
) -> None:
    visitor.register()
    before = all_rows(engine)
    fields = {"csrf_token": visitor.token(), **FORMS["add"].fields, **registration()}

    reply = visitor.client.post(path, data=fields | {"padding": "x" * 64 * 1024})

    assert reply.status_code == 413
    assert "That is too much data to send at once." in sentences(reply)
    assert all_rows(engine) == before


def multipart(*headers: bytes) -> bytes:
    """Return a multipart body with one part for each of these headers."""
    return b"".join(b"--B\r\n%s\r\n\r\nx\r\n" % header for header in headers) + b"--B--\r\n"


def named(name: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"'.encode()


BROKEN_PARTS = {
    "1,001 fields": multipart(*(named(f"f{n}") for n in range(1001))),
    "no part": b"",
    "no end": multipart(named("city"))[:-8],
    "no name": multipart(b"Content-Disposition: form-data"),
    "no disposition": multipart(b"X-Nothing: x"),
    "no header": multipart(b""),
    "no UTF-8": multipart(b'Content-Disposition: form-data; name="\xff\xfe"'),
    "a NUL byte": multipart(b'Content-Disposition: form-data; name="\0"'),
    "an unknown charset": multipart(named("city") + b"\r\nContent-Type: text/plain; charset=x"),
}


@pytest.mark.parametrize("body", BROKEN_PARTS.values(), ids=BROKEN_PARTS)
@pytest.mark.parametrize("proven", [False, True], ids=["forged", "proven"])
def test_a_broken_multipart_body_is_refused(
    visitor: Visitor, engine: Engine, body: bytes, *, proven: bool
) -> None:
    """The token is in a header, so that the body is parsed."""
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    if proven:
        headers["X-CSRFToken"] = visitor.token()

    reply = visitor.client.post("/register", content=body, headers=headers)

    assert reply.status_code == 415, sentences(reply)
    assert rows_of(engine, "users") == []


@pytest.mark.parametrize(
    "body", [b"a=&" * 20_000, b"&" * 60_000, b"=" * 60_000, b"%" * 60_000, b"\xff" * 60_000, b"\0"]
)
def test_an_undecodable_body_is_refused(visitor: Visitor, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    refused = visitor.client.post("/register", content=body, headers=kind)

    assert refused.status_code == (413 if b"&" in body else 400)


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "x", "", "a/b; c*=x''%ff"]
)
def test_another_content_type_is_refused(visitor: Visitor, engine: Engine, kind: str) -> None:
    fields = {"csrf_token": visitor.token(), **registration()}

    reply = visitor.client.post(
        "/register", content=urlencode(fields), headers={"Content-Type": kind}
    )

    assert reply.status_code == (415 if kind else 400)
    assert rows_of(engine, "users") == []


def test_a_wrong_method_gets_the_allowed_methods(app: Flask, engine: Engine) -> None:
    urls = app.url_map.bind("movr.test")
    values = {"filename": "favicon.svg", "name": "rome", "city": DEFAULT_CITY, "number": 123456}
    values |= {"home": DEFAULT_CITY, "noun": "rides", "action": "end-ride", "role": "manager"}
    client = app.test_client()
    tried = 0

    for rule in app.url_map.iter_rules():
        path = urls.build(
            rule.endpoint, {key: values.get(key, UNKNOWN_ID) for key in rule.arguments}
        )
        allowed = set(urls.allowed_methods(path))
        # A GET of a form's address leads to its page.
        for method in sorted({"POST", "PUT", "PATCH", "DELETE", "BREW"} - allowed):
            reply = client.open(path, method=method)
            assert (path, method, reply.status_code) == (path, method, 405)
            assert set(reply.headers["Allow"].split(", ")) == allowed
            tried += 1

    assert tried > 80
    assert not any(all_rows(engine).values())


# The constraints of the database

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOOD: Mapping[type[Base], Mapping[str, Any]] = {
    User: {
        "city": "new york",
        "id": UUID(int=1),
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "username": "ada",
        "password_hash": "x",
        "is_owner": True,
        "cities_ridden": ["new york"],
    },
    Vehicle: {
        "city": "new york",
        "id": UUID(int=2),
        "type": "bike",
        "owner_id": UUID(int=1),
        "date_added": NOW,
        "status": "available",
        "last_location": "2 Broadway",
        "latitude": 40.7,
        "longitude": -74.0,
        "color": "red",
        "brand": "Kona",
    },
    Ride: {
        "city": "new york",
        "id": UUID(int=3),
        "vehicle_id": UUID(int=2),
        "rider_city": "new york",
        "rider_id": UUID(int=1),
        "start_location": "1 Wall Street",
        "end_location": "2 Broadway",
        "start_time": NOW,
        "end_time": NOW + timedelta(minutes=5),
        "length": timedelta(minutes=5),
    },
}


def bad_words(longest: int) -> list[str]:
    return ["", "   ", "\t", "x" * (longest + 1), "<script>", "a > b", "a\nb", "a\x7fb"]


CITIES = ["", "atlantis", "New York", "<script>"]
BAD_VALUES: Mapping[tuple[type[Base], str], list[Any]] = {
    (User, "city"): CITIES,
    (User, "first_name"): bad_words(100),
    (User, "last_name"): bad_words(100),
    (User, "email"): [
        "",
        "  ",
        "ada",
        "a@b",
        "a b@c.d",
        "<a@b.c>",
        f"{'x' * 251}@b.c",
        "adef test_the_first_invalid_field_has_the_focus(b.c",
    ],
    (User, "username"): ["", "   ", "ab", "x" * 65, "Ada", "ADA", "ad a", "<ada>", "ada\n", "ädä"],
    (Vehicle, "city"): CITIES,
    (Vehicle, "type"): ["", "car", "Bike", "<script>"],
    (Vehicle, "status"): ["", "lost", "Available"],
    (Vehicle, "color"): bad_words(50),
    (Vehicle, "brand"): bad_words(50),
    (Vehicle, "last_location"): bad_words(200),
    (Ride, "city"): CITIES,
    (Ride, "end_location"): [*bad_words(200), None],
    (Ride, "end_time"): [NOW - timedelta(seconds=1), None],
}


@pytest.fixture
def kept(engine: Engine) -> Engine:
    """A database with one valid row in each table."""
    with engine.begin() as connection:
        for model, row in GOOD.items():
            connection.execute(insert(model).values(**row))
    return engine


def another(model: type[Base]) -> dict[str, Any]:
    """Return another valid row of this table."""
    unlike = {"id": uuid4()} | ({"username": "grace"} if model is User else {})
    return {**GOOD[model], **unlike}


@pytest.mark.parametrize("model", GOOD)
def test_the_database_accepts_a_second_valid_row(kept: Engine, model: type[Base]) -> None:
    with kept.begin() as connection:
        connection.execute(insert(model).values(**another(model)))

    assert len(rows_of(kept, model.__tablename__)) == 2


@pytest.mark.parametrize(
    ("model", "column", "value"),
    [(*column, value) for column, values in BAD_VALUES.items() for value in values],
)
def test_the_database_refuses_what_the_forms_refuse(
    kept: Engine, model: type[Base], column: str, value: object
) -> None:
    before = all_rows(kept)

    with pytest.raises((IntegrityError, DataError)), kept.begin() as connection:
        connection.execute(insert(model).values(**{**another(model), column: value}))
    with pytest.raises((IntegrityError, DataError)), kept.begin() as connection:
        connection.execute(update(model).values({column: value}))

    assert all_rows(kept) == before


@pytest.mark.parametrize("city", ["new york", "rome"])
def test_the_database_refuses_a_duplicate_username(kept: Engine, city: str) -> None:
    """Usernames are unique over all cities."""
    row = {**another(User), "city": city, "username": "ada"}

    with pytest.raises(IntegrityError), kept.begin() as connection:
        connection.execute(insert(User).values(**row))


@pytest.mark.parametrize("confirmation", [{}, {"confirm": ""}, {"confirm": "false"}])
def test_an_account_is_deleted_with_a_confirmation_only(
    visitor: Visitor, confirmation: dict[str, str]
) -> None:
    member = visitor.register()

    refused = member.post(f"/users/remove/{member.id}", password=PASSWORD, **confirmation)

    assert "Please tick this box to confirm" in sentences(refused)
    assert member.get("/users").status_code == 200
