"""Password reset: who gets a link, what it does, and what must not be revealed."""

import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from movr.results import UserKey
from tests.conftest import NewVisitor, settings_for, visiting
from tests.smtp import Postbox, deliver, receiving
from tests.visitor import PASSWORD, Visitor, sentences
from tests.web.security.test_rate_limits import attack
from web.app import create_app
from web.security.link_tokens import RESET_LIFETIME, reset_tokens
from web.services import password_links
from web.services.mail import Email, send_by_smtp

NEW = "a wholly other password"
SITE = "https://movr.example.com"
SOON = 20  # seconds: the machine may be busy
SECRET = "of these tests alone"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with receiving() as server:
        yield server


@pytest.fixture
def mailing(database: str, engine: Engine, postbox: Postbox) -> Flask:  # noqa: ARG001 - emptied
    """MovR with a mail server and a SITE_URL."""
    settings = replace(
        settings_for(database),
        secret_key=SECRET,
        mail_uri=postbox.settings,
        mail_from="movr@example.com",
        site_url=SITE,
    )
    app = create_app(settings)
    postbox.deliver = lambda: deliver(app)
    return app


@pytest.fixture
def new_mailing_visitor(mailing: Flask) -> Iterator[NewVisitor]:
    with visiting(mailing) as new:
        yield new


@pytest.fixture
def member(new_mailing_visitor: NewVisitor, postbox: Postbox) -> Visitor:
    """A member with a verified email address and a session in another browser."""
    member = new_mailing_visitor().register("paris", email="ada@home.example")
    verify(member, link_of(postbox))
    return member


@pytest.fixture
def unknown_browser(new_mailing_visitor: NewVisitor) -> Visitor:
    """A browser that is unknown to MovR."""
    return new_mailing_visitor()


def link_of(postbox: Postbox) -> str:
    """Return the path of the link in the next email."""
    text = postbox.next().message.get_content()
    found = re.search(rf"^{SITE}(/\S+)\s*$", text, re.MULTILINE)
    assert found, text
    return found[1]


def verify(visitor: Visitor, link: str) -> httpx.Response:
    """Open the link that verifies an email address, and press its button."""
    return visitor.post("/verify", token=parse_qs(urlsplit(link).query)["token"][0])


def ask_for_link(visitor: Visitor, username: str) -> httpx.Response:
    return visitor.post("/forgot", username=username)


def open_link(visitor: Visitor, link: str) -> str:
    """Open a link, follow the redirect and return the page."""
    reply = visitor.get(link)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/reset")
    return visitor.get("/reset").text


def is_member(visitor: Visitor) -> bool:
    return visitor.get("/rides").status_code == 200


# The reset


def test_a_forgotten_password_is_reset_by_a_link(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    assert "we have sent a link" in unknown_browser.follow(
        ask_for_link(unknown_browser, member.username.upper())
    )

    page = open_link(unknown_browser, link_of(postbox))
    assert "New password" in page
    reply = unknown_browser.post("/reset", password=NEW)

    assert "Please log in with it." in unknown_browser.follow(reply)
    assert not is_member(member)
    assert not is_member(unknown_browser)
    assert unknown_browser.log_in(member.username, PASSWORD).status_code == 422
    assert unknown_browser.log_in(member.username, NEW).status_code == 303
    assert is_member(unknown_browser)


def test_the_email_is_plain_text_to_the_account_s_address(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    ask_for_link(unknown_browser, member.username)

    recipients, message = postbox.next()

    assert recipients == ["ada@home.example"]
    assert (message["To"], message["From"]) == ("ada@home.example", "movr@example.com")
    assert message.get_content_type() == "text/plain"
    assert member.username in message.get_content()
    assert "Lovelace" not in message.as_string()


def test_the_link_uses_site_url(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    """The Host header is not used, because clients can forge it."""
    form = {"csrf_token": unknown_browser.token(), "username": member.username}
    unknown_browser.client.post("/forgot", data=form, headers={"X-Forwarded-Host": "evil.example"})
    unknown_browser.client.post("/forgot", data=form, headers={"Host": "evil.example"})

    for _ in range(2):
        text = postbox.next().message.get_content()
        assert "evil.example" not in text
        assert f"{SITE}/reset?token=" in text


def test_a_link_works_once(member: Visitor, unknown_browser: Visitor, postbox: Postbox) -> None:
    ask_for_link(unknown_browser, member.username)
    link = link_of(postbox)
    open_link(unknown_browser, link)
    unknown_browser.post("/reset", password=NEW)

    open_link(unknown_browser, link)
    reply = unknown_browser.post("/reset", password="and a third password")

    assert "expired or was already used" in unknown_browser.follow(reply)
    assert unknown_browser.log_in(member.username, NEW).status_code == 303


def test_using_one_of_two_links_invalidates_the_other(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    for _ in range(2):
        ask_for_link(unknown_browser, member.username)
    first, second = link_of(postbox), link_of(postbox)
    open_link(unknown_browser, second)
    unknown_browser.post("/reset", password=NEW)

    open_link(unknown_browser, first)

    assert unknown_browser.post("/reset", password=PASSWORD).headers["Location"] == "/forgot"


def test_a_link_is_invalid_after_logging_out_everywhere_or_deleting_the_account(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    ask_for_link(unknown_browser, member.username)
    open_link(unknown_browser, link_of(postbox))
    member.post(f"/users/{member.id}/logout")
    after_log_out = unknown_browser.post("/reset", password=NEW)

    ask_for_link(unknown_browser, member.username)
    open_link(unknown_browser, link_of(postbox))
    member.log_in(member.username)
    member.delete_account()
    after_leaving = unknown_browser.post("/reset", password=NEW)

    assert [reply.headers["Location"] for reply in (after_log_out, after_leaving)] == 2 * [
        "/forgot"
    ]


def test_a_too_short_password_does_not_use_up_the_link(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    ask_for_link(unknown_browser, member.username)
    open_link(unknown_browser, link_of(postbox))

    refused = unknown_browser.post("/reset", password="short")

    assert "10 to 128 characters" in sentences(refused)
    assert unknown_browser.post("/reset", password=NEW).headers["Location"] == "/login"


def test_opening_a_link_does_not_use_it_up(
    member: Visitor, unknown_browser: Visitor, new_mailing_visitor: NewVisitor, postbox: Postbox
) -> None:
    """Mail scanners open every link."""
    ask_for_link(unknown_browser, member.username)
    link = link_of(postbox)
    open_link(new_mailing_visitor(), link)

    open_link(unknown_browser, link)

    assert unknown_browser.post("/reset", password=NEW).headers["Location"] == "/login"


# The validity of a link

ADA = UserKey("new york", UUID(int=7))


def test_a_token_expires_after_half_an_hour() -> None:
    tokens = reset_tokens([SECRET])
    token = tokens.make(ADA, 3, now=1_000_000)

    assert RESET_LIFETIME == 30 * 60
    assert tokens.read(token, now=1_000_000) == (ADA, 3)
    assert tokens.read(token, now=1_000_000 + RESET_LIFETIME - 1) == (ADA, 3)
    assert tokens.read(token, now=1_000_000 + RESET_LIFETIME) is None


def test_a_tampered_token_is_invalid() -> None:
    tokens = reset_tokens([SECRET])
    token = tokens.make(ADA, 3, now=0)
    changed = [
        token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :]
        for n in range(len(token) - 1)
    ]

    assert [
        made_up
        for made_up in ("", ".", token[:-3], f"{token}.x", *changed)
        if tokens.read(made_up, 0)
    ] == []
    assert reset_tokens([f"not {SECRET}"]).read(token, now=0) is None


def test_a_session_cookie_is_not_a_valid_token(unknown_browser: Visitor) -> None:
    """Both are signed with the same secret, but with different salts."""
    cookie = unknown_browser.get("/login").cookies["session"]

    assert reset_tokens([SECRET]).read(cookie, now=0) is None


@pytest.mark.parametrize("age", [RESET_LIFETIME, 24 * RESET_LIFETIME])
def test_an_expired_link_shows_no_form(member: Visitor, unknown_browser: Visitor, age: int) -> None:
    key = UserKey("paris", member.id)
    old = reset_tokens([SECRET]).make(key, 0, time.time() - age)

    page = open_link(unknown_browser, f"/reset?token={old}")

    assert "This link has expired or was already used." in page
    assert unknown_browser.post("/reset", password=NEW).headers["Location"] == "/forgot"
    assert is_member(member)


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "%F0%9F%9B%B4", ".."])
def test_an_invalid_link_shows_no_form(unknown_browser: Visitor, token: str) -> None:
    assert "This link has expired or was already used." in open_link(
        unknown_browser, f"/reset?token={token}"
    )


# Privacy


def anonymous(reply: httpx.Response) -> object:
    """Return a response without the parts that differ each time."""
    body = re.sub(r'(name="csrf_token" value=")[^"]+', r"\1", reply.text)
    headers = {
        name: value for name, value in reply.headers.items() if name not in {"x-request-id", "date"}
    }
    headers["set-cookie"] = headers.get("set-cookie", "").partition("=")[0]
    headers["content-length"] = str(len(body))
    headers["server-timing"] = re.sub(r"dur=[0-9.]+", "", headers["server-timing"])
    return reply.status_code, headers, body


def test_no_response_reveals_whether_an_account_exists(
    new_mailing_visitor: NewVisitor, postbox: Postbox
) -> None:
    member = new_mailing_visitor().register()
    verify(member, link_of(postbox))
    known, unknown = new_mailing_visitor(), new_mailing_visitor()

    asked = [
        (ask_for_link(visitor, name), visitor.get("/forgot"))
        for visitor, name in ((known, member.username), (unknown, "nobody-at-all"))
    ]

    replies, pages = ([anonymous(pair[n]) for pair in asked] for n in (0, 1))
    assert replies[0] == replies[1]
    assert pages[0] == pages[1]
    assert '"1 statement"' in asked[0][0].headers["Server-Timing"]
    assert [email.recipients for email in postbox.rest()] == [["ada@example.com"]]


def test_the_token_is_not_in_any_page_or_log(
    member: Visitor, unknown_browser: Visitor, postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "movr")
    ask_for_link(unknown_browser, member.username)
    link = link_of(postbox)
    (token,) = parse_qs(urlsplit(link).query)["token"]

    led_on = unknown_browser.get(link)
    page = unknown_browser.get("/reset")
    unknown_browser.post("/reset", password=NEW)

    assert token not in led_on.text + led_on.headers["Location"] + page.text
    assert token not in caplog.text
    assert member.username not in caplog.text


def test_in_development_the_email_is_logged(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = create_app(settings_for(database))
    with visiting(app) as new:
        member = new().register()
        ask_for_link(new(), member.username)
        deliver(app)

    assert "http://movr.test/reset?token=" in caplog.text


def test_production_without_mail_shows_a_message(database: str, engine: Engine) -> None:  # noqa: ARG001
    app = create_app(replace(settings_for(database), debug=False, secret_key=SECRET))
    with visiting(app, SITE) as new:
        visitor = new()
        referrer = {"Referer": f"{SITE}/forgot"}
        page = visitor.get("/forgot")
        reply = visitor.post("/forgot", referrer, username="ada.lovelace")

    assert "cannot send email" in page.text
    assert '<form method="post" action="/forgot"' not in page.text
    assert reply.headers["Location"] == "/forgot"


# Limits


def test_emails_to_an_account_are_limited_without_a_message(
    new_mailing_visitor: NewVisitor, postbox: Postbox
) -> None:
    member = new_mailing_visitor().register()

    replies = [ask_for_link(new_mailing_visitor(), member.username) for _ in range(6)]

    assert {reply.status_code for reply in replies} == {303}
    assert len(postbox.rest()) == password_links.EMAILS_TO_USERNAME.at_most


def test_a_member_whose_email_limit_is_used_up_has_a_valid_link() -> None:
    assert password_links.EMAILS_TO_USERNAME.seconds <= RESET_LIFETIME


def test_reset_requests_of_an_address_are_limited_except_for_known_browsers(
    new_mailing_visitor: NewVisitor, member: Visitor
) -> None:
    stranger = new_mailing_visitor()
    statuses = [ask_for_link(stranger, f"somebody-{n}").status_code for n in range(21)]
    member.post("/logout")

    assert statuses == [303] * 20 + [429]
    assert ask_for_link(member, member.username).status_code == 303


def test_a_reset_allows_login_when_the_limit_of_the_name_is_reached(
    mailing: Flask, member: Visitor, unknown_browser: Visitor, postbox: Postbox
) -> None:
    attack(mailing, member.username)
    assert unknown_browser.log_in(member.username).status_code == 429
    ask_for_link(unknown_browser, member.username)
    open_link(unknown_browser, link_of(postbox))
    unknown_browser.post("/reset", password=NEW)

    assert unknown_browser.log_in(member.username, NEW).status_code == 303


# Mail


def test_the_mail_server_s_password_is_sent_over_tls_only(postbox: Postbox) -> None:
    server = postbox.settings._replace(user="movr", password="hunter2")

    with pytest.raises(OSError, match="STARTTLS"):
        send_by_smtp(Email(uuid4(), "ada@example.com", "x", "x"), server, "movr@example.com")

    assert not [line for line in postbox.heard if line.startswith((b"AUTH", b"MAIL"))]


@pytest.mark.parametrize(
    "address", ["a@b.example,evil.example", "a,b@c.example", "a@b.example\r\nBcc: c@d.example"]
)
def test_an_address_field_with_two_addresses_gets_no_email(postbox: Postbox, address: str) -> None:
    with pytest.raises((ValueError, OSError)):
        send_by_smtp(Email(uuid4(), address, "x", "x"), postbox.settings, "movr@example.com")

    assert postbox.emails.empty()
