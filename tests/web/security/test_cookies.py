"""Cookies: their names and attributes, in production and on a laptop."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.conftest import AppOf, NewVisitor, settings_for, visitors_of
from tests.visitor import Visitor, registration

SITE = "https://movr.test"
LOCKED = {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}


@pytest.fixture
def new_https_visitor(database: str, app_of: AppOf) -> Iterator[NewVisitor]:
    """Create visitors of MovR as production has it."""
    settings = replace(settings_for(database), debug=False, secret_key="of this test alone")
    with visitors_of(app_of(settings), SITE) as new:
        yield new


def send(visitor: Visitor, path: str, **fields: str) -> list[str]:
    """Send a form over https and return the Set-Cookie headers of the response."""
    form = fields | {"csrf_token": visitor.token()}
    reply = visitor.client.post(path, data=form, headers={"Referer": SITE + path})
    assert reply.status_code == 303
    return reply.headers.get_list("Set-Cookie")


def names(cookies: list[str]) -> set[str]:
    return {cookie.partition("=")[0] for cookie in cookies}


def test_no_other_host_of_the_domain_sets_or_reads_a_cookie_of_production(
    new_https_visitor: NewVisitor,
) -> None:
    """Browsers accept a name with __Host- from this host over https only, and with these values."""
    visitor = new_https_visitor()

    cookies = send(visitor, "/register", **registration()) + send(visitor, "/logout")

    assert names(cookies) == {"__Host-session", "__Host-browser"}
    for cookie in cookies:
        assert set(cookie.split("; ")) >= LOCKED
        assert "domain" not in cookie.lower()


def test_production_reads_no_cookie_of_a_plain_name(new_https_visitor: NewVisitor) -> None:
    """Another host of the domain could have set it, with a session of its owner's choice."""
    member = new_https_visitor()
    send(member, "/register", **registration())
    victim = new_https_visitor()
    for name in ("session", "browser"):
        victim.client.cookies.set(name, member.client.cookies[f"__Host-{name}"])

    assert member.get("/rides").status_code == 200
    assert victim.get("/rides").headers["Location"].startswith("/login")


def test_a_laptop_has_plain_names_because_it_serves_plain_http(visitor: Visitor) -> None:
    reply = visitor.post("/register", **registration())

    cookies = reply.headers.get_list("Set-Cookie")
    assert names(cookies) == {"session", "browser"}
    assert "Secure" not in "".join(cookies)
