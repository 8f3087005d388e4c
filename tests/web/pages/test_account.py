"""A member's names and email address: who changes them, and what the old and new address get."""

from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, text

from movr.results import UserKey
from tests.conftest import NewVisitor
from tests.smtp import Postbox
from tests.visitor import PASSWORD, Visitor, sentences
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    SITE,
    ask_for_link,
    is_member,
    link_of,
    mailing,
    member,
    new_mailing_visitor,
    open_link,
    postbox,
    unknown_browser,
    verify,
)
from web.security.link_tokens import email_tokens, new_email_tokens
from web.services.verification import REQUESTS_OF_ADDRESS

OLD, NEW = "ada@home.example", "ada@new.example"


def ask_to_change(visitor: Visitor, address: str = NEW, password: str = PASSWORD) -> httpx.Response:
    return visitor.post(f"/users/{visitor.id}/email", email=address, password=password)


def next_email(postbox: Postbox) -> EmailMessage:  # noqa: F811
    return postbox.next().message


def confirm(visitor: Visitor, link: str) -> httpx.Response:
    """Open the link that changes an email address, and press its button."""
    assert "Confirm my email address" in visitor.get(link).text
    return visitor.post("/email", token=parse_qs(urlsplit(link).query)["token"][0])


def shows(visitor: Visitor, address: str) -> bool:
    return f"<dd>{address}</dd>" in visitor.get(f"/users/{visitor.id}").text


# Names


def test_members_can_change_their_names(visitor: Visitor) -> None:
    form = f"/users/{visitor.register().id}/names"
    assert 'value="Ada"' in visitor.get(form).text
    assert f'href="{form}"' in visitor.get(f"/users/{visitor.id}").text

    reply = visitor.post(form, first_name="  Augusta ", last_name="King")

    assert "Your name has been changed." in visitor.follow(reply)
    assert "<h1>Augusta King</h1>" in visitor.get(f"/users/{visitor.id}").text


# The email address, where MovR sends email


def test_a_new_email_address_takes_effect_when_its_link_is_opened(
    member: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    assert f"We have sent a link to {NEW}." in member.follow(ask_to_change(member))
    assert shows(member, OLD)

    link = link_of(postbox)
    assert shows(member, OLD)
    reply = confirm(member, link)

    assert "Your email address has been changed." in member.follow(reply)
    assert shows(member, NEW)
    assert "Have a good ride" in member.follow(member.start(member.add_vehicle(), "paris"))


def test_the_new_address_gets_a_link_and_the_old_one_is_told(
    member: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    ask_to_change(member)

    to_new, to_old = next_email(postbox), next_email(postbox)

    assert (to_new["To"], to_old["To"]) == (NEW, OLD)
    assert f"{SITE}/email?token=" in to_new.get_content()
    assert "token" not in to_old.get_content()
    assert NEW in to_old.get_content()
    assert f"{SITE}/.well-known/change-password" in to_old.get_content().splitlines()
    for email in (to_new, to_old):
        assert member.username in email.get_content()
        assert member.username not in email.get_content().splitlines()[0]


def test_the_old_address_is_told_of_an_international_one_as_mail_servers_write_it(
    member: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    """Letters of another script may look like the member's own address."""
    ask_to_change(member, "ada@bücher.example")

    to_new, to_old = next_email(postbox), next_email(postbox)

    assert to_new["To"] == "ada@xn--bcher-kva.example"
    assert "New email address: ada@xn--bcher-kva.example" in to_old.get_content()


def test_an_old_address_that_was_never_verified_is_not_told(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    visitor = new_mailing_visitor().register(email="typo@home.example")
    next_email(postbox)

    ask_to_change(visitor)
    confirm(visitor, link_of(postbox))

    assert postbox.rest() == []
    assert "(not confirmed yet)" not in visitor.get(f"/users/{visitor.id}").text


def test_changing_the_email_address_asks_for_the_password(
    member: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    reply = ask_to_change(member, password="not my password")

    assert (reply.status_code, "not your current password" in reply.text) == (422, True)
    assert postbox.rest() == []
    assert shows(member, OLD)


def test_attempts_to_guess_the_password_by_a_new_email_address_are_limited(
    member: Visitor,  # noqa: F811
) -> None:
    for _ in range(10):
        ask_to_change(member, password="not my password")

    assert ask_to_change(member).status_code == 429


def test_a_changed_email_address_ends_all_sessions_but_the_one_of_the_link(
    member: Visitor,  # noqa: F811
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    phone = new_mailing_visitor()
    phone.log_in(member.username)
    ask_to_change(member)

    confirm(phone, link_of(postbox))

    assert (is_member(phone), is_member(member)) == (True, False)


def test_a_link_to_a_new_address_logs_nobody_in(
    member: Visitor,  # noqa: F811
    unknown_browser: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    ask_to_change(member)

    reply = confirm(unknown_browser, link_of(postbox))

    assert "Your email address has been changed." in unknown_browser.follow(reply)
    assert not is_member(unknown_browser)
    assert member.log_in(member.username).status_code == 303
    assert shows(member, NEW)


def test_a_link_to_a_new_password_that_the_old_address_got_is_invalid_after_the_change(
    member: Visitor,  # noqa: F811
    unknown_browser: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    """Members change their address also because somebody else reads the old one."""
    ask_for_link(unknown_browser, member.username)
    reset = link_of(postbox)
    ask_to_change(member)
    confirm(member, link_of(postbox))

    assert "expired or was already used" in open_link(unknown_browser, reset)


@pytest.mark.parametrize("path", ["logout", "security"])
def test_a_link_to_a_new_address_is_invalid_after_the_sessions_were_ended(
    member: Visitor,  # noqa: F811
    unknown_browser: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
    path: str,
) -> None:
    """As the old address is told: a thief of the password asked for the link."""
    ask_to_change(member)
    link = link_of(postbox)
    member.post(f"/users/{member.id}/{path}", current=PASSWORD, new="a wholly other password")

    assert "has expired" in unknown_browser.follow(confirm(unknown_browser, link))


def test_a_link_that_is_opened_twice_changes_the_address_once(
    member: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
    engine: Engine,
) -> None:
    ask_to_change(member)
    link = link_of(postbox)

    said = {member.follow(confirm(member, link)) for _ in range(2)}

    assert len(said) == 1
    with engine.connect() as connection:
        epochs = connection.execute(text("SELECT session_epoch FROM users WHERE city = 'paris'"))
        assert epochs.scalars().all() == [1]
    assert is_member(member)


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
def test_a_link_to_a_new_address_that_is_not_ours_is_refused(
    member: Visitor,  # noqa: F811
    token: str,
) -> None:
    assert "has expired" in member.get(f"/email?token={token}").text
    assert "has expired" in member.follow(member.post("/email", token=token))


def test_a_link_of_another_kind_changes_no_address(
    member: Visitor,  # noqa: F811
    mailing: Flask,  # noqa: F811
) -> None:
    keys = mailing.extensions["settings"].signing_keys
    ada = UserKey("paris", member.id)
    verifying = email_tokens(keys).make(ada, NEW, now=2e9)
    changing = new_email_tokens(keys).make(ada, (0, NEW), now=2e9)

    assert "has expired" in member.follow(member.post("/email", token=verifying))
    assert "has expired" in member.follow(member.post("/verify", token=changing))
    assert shows(member, OLD)


def test_a_link_for_an_account_that_is_gone_changes_nothing(
    member: Visitor,  # noqa: F811
    mailing: Flask,  # noqa: F811
) -> None:
    tokens = new_email_tokens(mailing.extensions["settings"].signing_keys)
    for user in (UserKey("paris", uuid4()), UserKey("rome", member.id)):
        token = tokens.make(user, (0, NEW), now=2e9)
        assert "has expired" in member.follow(member.post("/email", token=token))

    assert shows(member, OLD)


def test_an_old_link_that_verifies_the_old_address_does_nothing_after_the_change(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    visitor = new_mailing_visitor().register(email=OLD)
    to_old = link_of(postbox)
    ask_to_change(visitor)
    confirm(visitor, link_of(postbox))

    assert "has expired" in visitor.follow(verify(visitor, to_old))
    assert shows(visitor, NEW)


def test_one_who_asks_for_many_links_sends_a_mailbox_three_emails_an_hour(
    member: Visitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    for tag in "abcde":
        ask_to_change(member, f"eve+{tag}@victim.example")

    recipients = [email.recipients[0] for email in postbox.rest()]
    assert sum("victim" in each for each in recipients) == 3


def test_a_network_that_asks_for_many_links_is_limited(
    member: Visitor,  # noqa: F811
    mailing: Flask,  # noqa: F811
) -> None:
    store = mailing.extensions["rate_limit_store"]
    while store.try_count(REQUESTS_OF_ADDRESS, "127.0.0.1"):
        pass

    assert "Too many attempts" in sentences(ask_to_change(member))


# Where MovR sends no email


@pytest.fixture
def ada(visitor: Visitor) -> Visitor:
    return visitor.register(email=OLD)


def test_where_no_email_is_sent_a_new_address_takes_effect_at_once(
    ada: Visitor, new_visitor: NewVisitor
) -> None:
    phone = new_visitor()
    phone.log_in(ada.username)

    assert "Your email address has been changed." in ada.follow(ask_to_change(ada))

    assert shows(ada, NEW)
    assert not is_member(phone)


def test_an_address_that_was_changed_without_a_link_is_not_verified(
    ada: Visitor, engine: Engine
) -> None:
    """The operator may let MovR send email later."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET email_verified_at = now()"))

    ask_to_change(ada)

    with engine.connect() as connection:
        row = connection.execute(text("SELECT email, email_verified_at FROM users")).one()
    assert tuple(row) == (NEW, None)


def test_the_address_of_a_refused_change_stays_in_the_form(ada: Visitor) -> None:
    reply = ask_to_change(ada, password="not my password")

    assert f'value="{NEW}"' in reply.text
    assert "not my password" not in reply.text


def test_a_stranger_changes_no_names_and_no_address(ada: Visitor, new_visitor: NewVisitor) -> None:
    eve = new_visitor().register()
    names = {"first_name": "Eve", "last_name": "Evil"}

    assert eve.post(f"/users/{ada.id}/names", **names).status_code == 403
    assert eve.post(f"/users/{ada.id}/email", email=NEW, password=PASSWORD).status_code == 403
    assert eve.get(f"/users/{ada.id}/email").status_code == 403
    assert isinstance(ada.id, UUID)
    assert shows(ada, OLD)
