"""The session cookie: what it may grow to, and what is no cookie."""

from typing import Any

import pytest
from flask import Flask

from tests.conftest import NewVisitor
from tests.visitor import Visitor
from web.security.session_cookie import MAX_MESSAGES, MAX_SESSION_SIZE

PLEASE_LOG_IN = "Please log in first."


def cookie(app: Flask, **said: Any) -> str:
    """Return a cookie as MovR would sign it."""
    signed: str = app.session_interface.get_signing_serializer(app).dumps(said)  # type: ignore[attr-defined]
    return signed


def said(visitor: Visitor, app: Flask) -> dict[str, Any]:
    """Return what a visitor's cookie says."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    found: dict[str, Any] = serializer.loads(visitor.client.cookies["session"])
    return found


def test_who_is_told_to_log_in_again_and_again_is_told_once(new_http_visitor: NewVisitor) -> None:
    visitor = new_http_visitor()
    lengths = set()

    for _ in range(20):
        visitor.get("/rides")
        lengths.add(len(visitor.client.cookies["session"]))

    assert len(lengths) == 1
    assert visitor.get("/login").text.count(PLEASE_LOG_IN) == 1
    assert visitor.get("/login").text.count(PLEASE_LOG_IN) == 0


def test_of_many_messages_that_were_not_read_the_latest_are_kept(
    visitor: Visitor, app: Flask
) -> None:
    unread = [("info", f"Message {n}.") for n in range(MAX_MESSAGES + 10)]

    visitor.get("/rides", {"Cookie": f"session={cookie(app, _flashes=unread)}"})

    text = visitor.get("/login").text
    kept = [message for _, message in unread if message in text]
    assert kept == [message for _, message in unread][-(MAX_MESSAGES - 1) :]
    assert PLEASE_LOG_IN in text


@pytest.fixture
def member(visitor: Visitor) -> Visitor:
    return visitor.register()


def test_a_cookie_above_a_decoded_size_is_no_cookie(member: Visitor, app: Flask) -> None:
    flashes = [("info", PLEASE_LOG_IN)] * 3000
    flood = cookie(app, **(said(member, app) | {"_flashes": flashes}))
    assert len(flood) < 1500
    member.client.cookies.clear()
    member.client.cookies.set("session", flood)

    page = member.get("/")

    assert page.status_code == 200
    assert "Log out" not in page.text


def test_a_cookie_below_that_size_is_one(member: Visitor, app: Flask) -> None:
    filled = cookie(app, **said(member, app), filling="x" * (MAX_SESSION_SIZE - 500))
    member.client.cookies.clear()
    member.client.cookies.set("session", filled)

    assert "Log out" in member.get("/").text


@pytest.mark.parametrize("text", [".", "..", ".x", ".eJx", ".%00", ".AAAA.AAAA.AAAA", "." * 4000])
def test_a_cookie_that_is_not_even_compressed_is_no_cookie(visitor: Visitor, text: str) -> None:
    assert visitor.get("/", {"Cookie": f"session={text}"}).status_code == 200
