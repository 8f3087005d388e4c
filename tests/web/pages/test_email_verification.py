"""Email verification: required before riding and before other emails, where emails are sent."""

import time
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from movr.results import UserKey
from tests.conftest import NewVisitor, visiting
from tests.smtp import Postbox
from tests.visitor import Visitor, registration, sentences
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    ask_for_link,
    link_of,
    mailing,
    new_mailing_visitor,
    postbox,
    verify,
)
from web.app import create_app
from web.security.link_tokens import email_tokens
from web.services.verification import REQUESTS_OF_ADDRESS

EMAIL = "ada@home.example"


@pytest.fixture
def newcomer(new_mailing_visitor: NewVisitor) -> Visitor:  # noqa: F811
    """A member whose address is not verified yet."""
    return new_mailing_visitor().register(email=EMAIL)


@pytest.fixture
def vehicle(mailing: Flask) -> UUID:  # noqa: F811
    """The public id of a vehicle, added where no email is sent."""
    app = create_app(replace(mailing.extensions["settings"], mail_uri=None))
    with visiting(app) as new:
        return new().register().add_vehicle()


def start_ride(visitor: Visitor, vehicle: UUID) -> str:
    """Start a ride and return the messages."""
    return visitor.follow(visitor.start(vehicle))


def test_an_owner_requires_a_verified_address(newcomer: Visitor, postbox: Postbox) -> None:  # noqa: F811
    """Otherwise accounts without a mailbox fill a city with vehicles that are not there."""
    form = {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"}
    refused = newcomer.follow(newcomer.post("/vehicles/add", **form))
    assert "confirm your email address" in refused

    verify(newcomer, link_of(postbox))

    assert newcomer.add_vehicle()


def test_a_ride_requires_a_verified_address(
    newcomer: Visitor,
    postbox: Postbox,  # noqa: F811
    vehicle: UUID,
) -> None:
    link = link_of(postbox)
    assert "confirm your email address" in start_ride(newcomer, vehicle)
    assert "Send the link again" in newcomer.get(f"/users/{newcomer.id}").text

    assert "is confirmed" in newcomer.follow(verify(newcomer, link))

    assert "Have a good ride" in start_ride(newcomer, vehicle)
    assert "Send the link again" not in newcomer.get(f"/users/{newcomer.id}").text


def test_opening_a_link_without_pressing_its_button_verifies_nothing(
    newcomer: Visitor,
    postbox: Postbox,  # noqa: F811
    vehicle: UUID,
) -> None:
    assert newcomer.get(link_of(postbox)).status_code == 200

    assert "confirm your email address" in start_ride(newcomer, vehicle)


def test_a_member_whose_address_cannot_be_mailed_is_not_told_that_a_link_is_on_its_way(
    newcomer: Visitor, engine: Engine
) -> None:
    """As of accounts that were adopted from the tutorial's site."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET email = 'unknown@movr.invalid'"))

    said = newcomer.follow(newcomer.post(f"/users/{newcomer.id}/verify"))

    assert "We cannot send email to unknown@movr.invalid." in said
    assert "We have sent" not in said


def test_where_no_email_is_sent_riders_need_no_verified_address(visitor: Visitor) -> None:
    assert "Have a good ride" in start_ride(visitor, visitor.register().add_vehicle())


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
    postbox: Postbox,  # noqa: F811
) -> None:
    spellings = (
        "Bob@home.example",
        "bob+a@Home.example",
        "b.ob@home.example",
        "bo.b+c@home.example",
        "bob@\uff48ome.example",
    )
    names = [new_mailing_visitor().register(email=each).username for each in spellings]
    for name in names:
        ask_for_link(new_mailing_visitor(), name)

    assert len(postbox.rest()) == 3


@pytest.mark.parametrize(
    "address",
    [
        "bob(a)@home.example",
        '"bob"@home.example',
        "bob@(a)home.example",
        "a:b@c.example",
        "bob@ho\u00adme.example",
    ],
)
def test_an_address_with_any_number_of_spellings_opens_no_account(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    address: str,
) -> None:
    reply = new_mailing_visitor().post("/register", **registration() | {"email": address})

    assert "We cannot send email to this address." in sentences(reply)


def test_a_network_that_opens_many_accounts_sends_sixty_emails_an_hour(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    mailing: Flask,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    store = mailing.extensions["rate_limit_store"]
    for _ in range(59):
        store.try_count(REQUESTS_OF_ADDRESS, "127.0.0.1")
    new_mailing_visitor().register(email=EMAIL)
    eve = new_mailing_visitor().register(email="eve@home.example")

    assert "Too many attempts" in sentences(eve.post(f"/users/{eve.id}/verify"))

    assert [email.recipients for email in postbox.rest()] == [[EMAIL]]


def test_the_first_line_of_an_email_has_no_words_of_a_stranger(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    name = f"pay-now-at-evil.example-{uuid4().hex[:6]}"
    new_mailing_visitor().register(username=name)

    text = postbox.next().message.get_content()

    assert name in text
    assert name not in text.splitlines()[0]


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_a_link_that_is_not_ours_is_refused(newcomer: Visitor, token: str) -> None:
    assert "has expired" in newcomer.get(f"/verify?token={token}").text
    assert "has expired" in newcomer.follow(newcomer.post("/verify", token=token))


def test_a_link_for_another_address_or_account_verifies_nothing(
    newcomer: Visitor,
    mailing: Flask,  # noqa: F811
    vehicle: UUID,
) -> None:
    signed = email_tokens(mailing.extensions["settings"].signing_keys)
    tokens = [
        signed.make(UserKey("new york", newcomer.id), "eve@home.example", time.time()),
        signed.make(UserKey("new york", uuid4()), EMAIL, time.time()),
    ]
    for token in tokens:
        assert "has expired" in newcomer.follow(newcomer.post("/verify", token=token))

    assert "confirm your email address" in start_ride(newcomer, vehicle)


def test_a_member_can_ask_for_the_link_again_but_not_for_another_member(
    newcomer: Visitor,
    postbox: Postbox,  # noqa: F811
) -> None:
    link_of(postbox)
    assert "We have sent a link" in newcomer.follow(newcomer.post(f"/users/{newcomer.id}/verify"))
    assert link_of(postbox).startswith("/verify")

    reply = newcomer.post(f"/users/{uuid4()}/verify")

    assert "another member" in sentences(reply)
