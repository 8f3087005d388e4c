"""The headers of all responses, and the absence of inline code."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, text

from tests.conftest import HERE, AppOf, NewVisitor, settings_for, visiting, visitors_of
from tests.visitor import Visitor, registration, sentences
from web.app import create_app
from web.context import API

SECURELY = HERE.replace("http:", "https:")
SECRET = "eleven dogs sing under the pier"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"

REPLIES = {
    "a page": ("GET", "/", 200),
    "a list": ("GET", "/vehicles", 200),
    "a form": ("GET", "/login", 200),
    "a page that is not there": ("GET", "/nowhere", 404),
    "a method that is not there": ("PUT", "/vehicles", 405),
    "a redirect": ("GET", "/rides", 303),
    "a form without its token": ("POST", "/login", 400),
    "a file": ("GET", "/static/css/movr.css", 200),
    "a file that is not there": ("GET", "/static/nothing.css", 404),
    "the pulse": ("GET", "/healthz", 200),
    "the readiness": ("GET", "/readyz", 200),
    "the numbers": ("GET", "/metrics", 200),
}


@pytest.fixture
def new_secure_visitor(database: str, app_of: AppOf) -> Iterator[NewVisitor]:
    """Create visitors of MovR with production settings, over https."""
    settings = replace(
        settings_for(database), debug=False, secret_key=SECRET, region="gcp-us-west1"
    )
    with visitors_of(app_of(settings), SECURELY) as new:
        yield new


@pytest.fixture
def secure_visitor(new_secure_visitor: NewVisitor) -> Visitor:
    return new_secure_visitor()


TILES = "https://tile.openstreetmap.org"


def policy(reply: httpx.Response) -> dict[str, list[str]]:
    """Return the content security policy by directive."""
    directives = reply.headers["Content-Security-Policy"].split(";")
    return {name: sources for name, *sources in (directive.split() for directive in directives)}


@pytest.mark.parametrize(("method", "path", "status"), REPLIES.values(), ids=REPLIES)
def test_every_response_has_the_security_headers(
    visitor: Visitor, method: str, path: str, status: int
) -> None:
    reply = visitor.client.request(method, path)

    assert reply.status_code == status
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "same-origin"
    assert policy(reply)["frame-ancestors"] == ["'none'"]
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert policy(reply)["default-src"] == ["'none'"]
    assert reply.headers["X-Served-By-Region"] == "local"


@pytest.mark.parametrize(("method", "path", "status"), REPLIES.values(), ids=REPLIES)
def test_every_response_of_production_has_hsts(
    secure_visitor: Visitor, method: str, path: str, status: int
) -> None:
    reply = secure_visitor.client.request(method, path)

    assert reply.status_code == status
    age = re.match(r"max-age=(\d+)", reply.headers["Strict-Transport-Security"])
    assert age
    assert int(age[1]) >= 31536000
    assert reply.headers["X-Served-By-Region"] == "gcp-us-west1"


@pytest.mark.parametrize(("method", "path", "status"), REPLIES.values(), ids=REPLIES)
def test_no_response_in_development_has_hsts(
    visitor: Visitor, method: str, path: str, status: int
) -> None:
    reply = visitor.client.request(method, path)

    assert reply.status_code == status
    assert "Strict-Transport-Security" not in reply.headers


def test_the_policy_allows_nothing_inline_and_from_elsewhere_only_tiles(visitor: Visitor) -> None:
    directives = policy(visitor.get("/"))

    allowed = {source for sources in directives.values() for source in sources}
    assert allowed <= {"'self'", "'none'", "data:", "blob:", TILES}
    assert {name for name in directives if TILES in directives[name]} == {"connect-src"}
    assert {name for name in directives if "data:" in directives[name]} <= {"img-src"}
    assert {name for name in directives if "blob:" in directives[name]} <= {"img-src"}
    assert directives["base-uri"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]


def test_with_a_key_the_policy_allows_google_by_a_nonce_of_each_reply(database: str) -> None:
    settings = replace(settings_for(database), api_key="a key & more")
    with visiting(create_app(settings)) as new:
        visitor = new().register()
        replies = [visitor.get("/vehicles/add") for _ in range(2)]

    nonces = set()
    for reply in replies:
        directives = policy(reply)
        (nonce,) = set(re.findall(r'nonce="([^"]+)"', reply.text))
        assert f"'nonce-{nonce}'" in directives["script-src"]
        assert f"'nonce-{nonce}'" in directives["style-src"]
        assert "'unsafe-inline'" not in directives["script-src"]
        assert TILES not in directives["connect-src"]
        assert reply.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert 'data-google="a key &amp; more"' in reply.text
        nonces.add(nonce)
    assert len(nonces) == 2


def test_a_page_names_the_region_that_served_it(visitor: Visitor, secure_visitor: Visitor) -> None:
    assert "was served by <b>local</b>" in visitor.get("/").text
    assert "was served by <b>gcp-us-west1</b>" in secure_visitor.get("/").text


def test_pages_are_not_cached_and_files_may_be(visitor: Visitor) -> None:
    assert "no-store" in visitor.get("/").headers["Cache-Control"]
    assert "no-store" in visitor.get("/nowhere").headers["Cache-Control"]
    assert "no-store" not in visitor.get("/static/css/movr.css").headers["Cache-Control"]


@pytest.mark.parametrize(("method", "path", "status"), REPLIES.values(), ids=REPLIES)
def test_responses_are_not_cached_unless_the_view_sets_cache_control(
    visitor: Visitor, method: str, path: str, status: int
) -> None:
    reply = visitor.client.request(method, path)

    assert reply.status_code == status
    (kept,) = reply.headers.get_list("Cache-Control")
    is_file = path.startswith("/static/") and status == 200
    assert kept == ("public, max-age=0" if is_file else "no-store")


def test_cache_control_of_a_view_is_not_doubled(database: str) -> None:
    app = create_app(settings_for(database))
    page = ("<p>hello", {"Cache-Control": "private, max-age=5"})
    app.add_url_rule("/hello", view_func=lambda: page)
    with visiting(app) as new:
        reply = new().get("/hello")

    assert reply.headers.get_list("Cache-Control") == ["private, max-age=5"]


def test_a_public_file_does_not_vary_by_cookie_and_a_page_does(visitor: Visitor) -> None:
    visitor.register()

    for file in ("/static/css/movr.css", "/bootstrap/static/css/bootstrap.min.css"):
        assert "cookie" not in visitor.get(file).headers.get("Vary", "").lower()
    assert "cookie" in visitor.get("/vehicles").headers["Vary"].lower()


# Server-Timing


@pytest.mark.parametrize(
    ("path", "cost"),
    [("/", "1 statement"), ("/vehicles", "1 statement"), ("/login", "0 statements")],
)
def test_server_timing_has_the_number_of_statements(visitor: Visitor, path: str, cost: str) -> None:
    timing = visitor.get(path).headers["Server-Timing"]

    assert re.fullmatch(rf'db;dur=\d+\.\d;desc="{cost}"', timing)


def test_home_costs_a_member_one_statement(visitor: Visitor) -> None:
    visitor.register()

    assert 'desc="1 statement"' in visitor.get("/").headers["Server-Timing"]


def test_a_reply_counts_its_own_statements_and_not_those_before_it(visitor: Visitor) -> None:
    costs = [visitor.get("/vehicles").headers["Server-Timing"] for _ in range(3)]

    assert all('desc="1 statement"' in cost for cost in costs)


# The session's cookie


def cookie(reply: httpx.Response) -> tuple[str, set[str]]:
    """Return the session cookie's value and its flags in lower case."""
    (text,) = (c for c in reply.headers.get_list("Set-Cookie") if "session=" in c)
    value, *flags = (part.strip() for part in text.split(";"))
    return value, {flag.lower() for flag in flags}


def test_the_session_cookie_of_production_is_secure_and_http_only(secure_visitor: Visitor) -> None:
    _, flags = cookie(secure_visitor.get("/login"))

    assert {"httponly", "samesite=lax", "secure"} <= flags


def test_the_session_cookie_in_development_works_without_https(visitor: Visitor) -> None:
    _, flags = cookie(visitor.get("/login"))

    assert {"httponly", "samesite=lax"} <= flags
    assert "secure" not in flags


def test_a_member_of_production_logs_in_and_stays(new_secure_visitor: NewVisitor) -> None:
    visitor = new_secure_visitor()
    referrer = {"Referer": f"{SECURELY}/register"}

    reply = visitor.post("/register", referrer, **registration())

    assert reply.status_code == 303, sentences(reply)
    assert {"httponly", "samesite=lax", "secure"} <= cookie(reply)[1]
    assert visitor.get("/rides").status_code == 200


def test_logging_in_changes_the_cookie(visitor: Visitor) -> None:
    before, _ = cookie(visitor.get("/login"))

    after, _ = cookie(visitor.register().post("/city/paris"))

    assert after != before


# Inline code


class Inline(HTMLParser):
    """Collects inline code, which the policy forbids, and the URLs that a page loads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.found.append(f"<{tag}>")
        self.found += [f"<{tag} {name}=>" for name in given if name == "style"]
        self.found += [f"<{tag} {name}=>" for name in given if name.startswith("on")]
        links = [given.get("href") or "", given.get("src") or "", given.get("action") or ""]
        self.found += [link for link in links if link.lower().startswith("javascript:")]
        if tag in {"link", "script", "img"} and given.get("rel") != "alternate":
            self.loaded |= {link for link in links if link}


def assert_nothing_inline(*pages: httpx.Response) -> None:
    found = [(str(page.url), page.status_code, Inline(page.text).found) for page in pages]
    assert [(url, status, what) for url, status, what in found if what] == []


def test_no_page_without_login_contains_inline_code(visitor: Visitor) -> None:
    pages = [visitor.get(path) for path in ("/", "/vehicles", "/login", "/register", "/nowhere")]
    refused = [visitor.post("/register"), visitor.post("/login"), visitor.client.post("/login")]

    assert_nothing_inline(*pages, *refused)


def test_no_page_of_a_member_contains_inline_code(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle()
    profile = f"/users/{visitor.id}"
    before = [visitor.get(path) for path in ("/", "/vehicles", "/vehicles/add", "/users", profile)]
    visitor.start(vehicle)
    riding = [visitor.get(path) for path in ("/", "/vehicles", "/rides", profile)]
    visitor.end(visitor.active_ride())
    after = [
        visitor.get("/rides"),
        visitor.post("/vehicles/add"),
        visitor.get(f"/users/{UNKNOWN_ID}"),
    ]

    assert [page.status_code for page in after] == [200, 422, 403]
    assert_nothing_inline(*before, *riding, *after)


def test_everything_that_a_page_loads_exists_on_this_site(visitor: Visitor) -> None:
    loaded = Inline(visitor.get("/").text).loaded

    assert len(loaded) >= 5
    assert all(re.match(r"/(?!/)", link) for link in loaded)
    assert {link: visitor.get(link).status_code for link in loaded} == dict.fromkeys(loaded, 200)


# CSRF tokens


# Text for what URL rules convert; ids are unknown.
EXAMPLES = {
    "<name>": "paris",
    "<city:city>": "new-york",
    "<city:home>": "new-york",
    "<any(rides, vehicles, members, reports):noun>": "rides",
    "<action>": "end-ride",
    "<any(support, mechanic, manager):role>": "manager",
}


def forms(app: Flask) -> list[str]:
    """Return a path for each URL rule of a page that accepts POST."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set()) and not rule.rule.startswith(API)
    ]
    paths = [re.sub(r"<uuid:\w+>", UNKNOWN_ID, rule.rule) for rule in rules]
    for converted, example in EXAMPLES.items():
        paths = [path.replace(converted, example) for path in paths]
    return paths


def test_every_form_is_refused_without_a_token(visitor: Visitor, app: Flask) -> None:
    visitor.register()
    paths = forms(app)

    replies = {path: visitor.client.post(path) for path in paths}

    assert len(paths) >= 9
    assert {path: reply.status_code for path, reply in replies.items()} == dict.fromkeys(paths, 400)
    assert all("This form has expired" in sentences(reply) for reply in replies.values())


def test_every_form_is_refused_with_the_token_of_another_session(
    visitor: Visitor, new_visitor: NewVisitor, app: Flask
) -> None:
    visitor.register()
    foreign = new_visitor().register().token()

    replies = [visitor.post(path, csrf_token=foreign) for path in forms(app)]

    assert {reply.status_code for reply in replies} == {400}


def test_a_form_without_its_token_changes_nothing(visitor: Visitor, engine: Engine) -> None:
    visitor.register()
    vehicle, member = visitor.add_vehicle(), visitor.id
    own, client = visitor.permanent_id(vehicle), visitor.client

    client.post(f"/rides/start/{vehicle}", data={"city": "new york"})
    client.post(f"/vehicles/remove/{own}")
    client.post(f"/users/remove/{member}")
    client.post("/register", data=registration())
    client.post("/logout")

    assert visitor.id == member
    with engine.connect() as connection:
        vehicle_is = connection.execute(text("SELECT status FROM vehicles")).scalar_one()
        assert vehicle_is == "available"
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM rides")).scalar_one() == 0


def test_production_refuses_forms_of_other_sites(secure_visitor: Visitor) -> None:
    elsewhere = {"Referer": "https://evil.example/movr.test"}

    assert secure_visitor.post("/register", elsewhere, **registration()).status_code == 400
