"""Email verification: required before riding and before other emails, where emails are sent."""

from uuid import uuid4

import pytest
from flask import Flask

from movr.results import UserKey
from tests.conftest import NewVisitor
from tests.smtp import Postbox
from tests.visitor import Visitor, sentences
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    SOON,
    ask_for_link,
    link_of,
    mailing,
    new_mailing_visitor,
    postbox,
    verify,
)
from web.security import email_tokens

EMAIL = "ada@home.example"


@pytest.fixture
def newcomer(new_mailing_visitor: NewVisitor) -> Visitor:  # noqa: F811
    """A member whose address is not verified yet."""
    return new_mailing_visitor().register(email=EMAIL)


def start_ride(visitor: Visitor) -> str:
    """Press the first button on the list of vehicles and return the messages."""
    return visitor.follow(visitor.start(visitor.add_vehicle()))


def test_a_ride_requires_a_verified_address(newcomer: Visitor, postbox: Postbox) -> None:  # noqa: F811
    link = link_of(postbox)
    assert "confirm your email address" in start_ride(newcomer)
    assert "Send the link again" in newcomer.get(f"/users/{newcomer.id}").text

    assert "is confirmed" in newcomer.follow(verify(newcomer, link))

    assert "Have a good ride" in start_ride(newcomer)
    assert "Send the link again" not in newcomer.get(f"/users/{newcomer.id}").text


def test_opening_a_link_without_pressing_its_button_verifies_nothing(
    newcomer: Visitor,
    postbox: Postbox,  # noqa: F811
) -> None:
    assert newcomer.get(link_of(postbox)).status_code == 200

    assert "confirm your email address" in start_ride(newcomer)


def test_where_no_email_is_sent_riders_need_no_verified_address(visitor: Visitor) -> None:
    assert "Have a good ride" in start_ride(visitor.register())


def test_an_address_that_is_not_verified_gets_the_link_that_verifies_it_instead_of_a_reset(
    newcomer: Visitor,
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    assert link_of(postbox).startswith("/verify")

    ask_for_link(new_mailing_visitor(), newcomer.username)

    assert link_of(postbox).startswith("/verify")


def test_many_accounts_that_name_one_mailbox_send_it_three_emails_an_hour(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    mailing: Flask,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    tags = ("", "+a", "+b", "+c", "+d")
    names = [
        new_mailing_visitor().register(email=f"Bob{tag}@Home.example").username for tag in tags
    ]
    for name in names:
        ask_for_link(new_mailing_visitor(), name)

    mailing.extensions["outbox"].close()

    assert postbox.emails.qsize() == 3


def test_the_first_line_of_an_email_has_no_words_of_a_stranger(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    name = f"pay-now-at-evil.example-{uuid4().hex[:6]}"
    new_mailing_visitor().register(username=name)

    text = postbox.emails.get(timeout=SOON).message.get_content()

    assert name in text
    assert name not in text.splitlines()[0]


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_a_link_that_is_not_ours_is_refused(newcomer: Visitor, token: str) -> None:
    assert "has expired" in newcomer.get(f"/verify?token={token}").text
    assert "has expired" in newcomer.follow(newcomer.post("/verify", token=token))


def test_a_link_for_another_address_or_account_verifies_nothing(
    newcomer: Visitor,
    mailing: Flask,  # noqa: F811
) -> None:
    with mailing.app_context():
        tokens = [
            email_tokens.make_token(UserKey("new york", newcomer.id), "eve@home.example"),
            email_tokens.make_token(UserKey("new york", uuid4()), EMAIL),
        ]
    for token in tokens:
        assert "has expired" in newcomer.follow(newcomer.post("/verify", token=token))

    assert "confirm your email address" in start_ride(newcomer)


def test_a_member_can_ask_for_the_link_again_but_not_for_another_member(
    newcomer: Visitor,
    postbox: Postbox,  # noqa: F811
) -> None:
    link_of(postbox)
    assert "on its way" in newcomer.follow(newcomer.post(f"/users/{newcomer.id}/verify"))
    assert link_of(postbox).startswith("/verify")

    reply = newcomer.post(f"/users/{uuid4()}/verify")

    assert "another member" in sentences(reply)
