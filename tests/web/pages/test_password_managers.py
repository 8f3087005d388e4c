"""What password managers and browsers need of the forms with a password."""

import re
import time

import pytest
from flask import Flask

from movr.results import UserKey
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor, registration, sentences
from web.context import settings
from web.security.link_tokens import reset_tokens

LONG = "correct horse battery " * 6  # 132 characters
LONGEST = LONG[:128]


@pytest.fixture
def member(visitor: Visitor) -> Visitor:
    return visitor.register()


def open_reset_link(app: Flask, member: Visitor, browser: Visitor) -> None:
    with app.app_context():
        tokens = reset_tokens(settings().signing_keys)
    browser.get(f"/reset?token={tokens.make(UserKey('new york', member.id), 0, time.time())}")


def usernames(page: str) -> list[str]:
    """Return the values of a page's fields for the username."""
    fields = [tag for tag in re.findall("<input[^>]*>", page) if 'autocomplete="username"' in tag]
    assert all('type="text"' in tag and " hidden" in tag for tag in fields)
    return [value for tag in fields for value in re.findall(r' value="([^"]*)"', tag)]


@pytest.mark.parametrize(
    "page", ["/users/{id}/security", "/users/{id}/email", "/users/remove/{id}"]
)
def test_a_form_with_the_current_password_has_a_hidden_username(member: Visitor, page: str) -> None:
    assert usernames(member.get(page.format(id=member.id)).text) == [member.username]
    refused = member.post(page.format(id=member.id))
    assert (refused.status_code, usernames(refused.text)) == (422, [member.username])


def test_the_form_that_resets_the_password_has_a_hidden_username(
    app: Flask, member: Visitor, new_visitor: NewVisitor
) -> None:
    browser = new_visitor()
    open_reset_link(app, member, browser)

    assert usernames(browser.get("/reset").text) == [member.username]


def test_the_well_known_address_leads_to_the_form_that_changes_the_password(
    member: Visitor,
) -> None:
    reply = member.get("/.well-known/change-password")

    assert (reply.status_code, reply.headers["Location"]) == (303, f"/users/{member.id}/security")


def test_the_well_known_address_asks_a_stranger_to_log_in_first(
    member: Visitor, new_visitor: NewVisitor
) -> None:
    stranger = new_visitor()
    reply = stranger.get("/.well-known/change-password")
    assert reply.headers["Location"] == "/login?next=/.well-known/change-password"

    fields = {"username": member.username, "password": PASSWORD}
    reply = stranger.post("/login", **fields, next="/.well-known/change-password")

    assert reply.headers["Location"] == "/.well-known/change-password"


def test_an_unknown_well_known_address_is_a_404(visitor: Visitor) -> None:
    """Password managers ask for one before they trust the other."""
    path = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"

    assert visitor.get(path).status_code == 404


# Long passwords


@pytest.mark.parametrize(
    "page",
    ["/register", "/login", "/users/{id}/security", "/users/{id}/email", "/users/remove/{id}"],
)
def test_no_browser_cuts_a_long_password(member: Visitor, page: str) -> None:
    text = member.get(page.format(id=member.id)).text
    fields = [tag for tag in re.findall("<input[^>]*>", text) if 'type="password"' in tag]

    assert fields
    assert not any("maxlength" in tag for tag in fields)


def test_a_password_longer_than_128_is_refused_not_cut(
    member: Visitor, new_visitor: NewVisitor
) -> None:
    security = f"/users/{member.id}/security"
    said = [
        new_visitor().post("/register", **registration() | {"password": LONG}),
        member.post(security, current=PASSWORD, new=LONG),
    ]

    for reply in said:
        assert "Please use 10 to 128 characters." in sentences(reply)
    assert member.post(security, current=PASSWORD, new=LONGEST).status_code == 303
    assert new_visitor().log_in(member.username, LONG).status_code == 422
    assert new_visitor().log_in(member.username, LONGEST).status_code == 303
