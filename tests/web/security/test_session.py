"""The end of sessions: in all browsers, by a changed password or by logging out everywhere."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import event

from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor, registration, sentences

NEW = "a wholly other password"


@pytest.fixture
def laptop(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register()


@pytest.fixture
def phone(new_visitor: NewVisitor, laptop: Visitor) -> Visitor:
    """Another browser of the same member."""
    other = new_visitor()
    assert other.log_in(laptop.username).status_code == 303
    return other


def is_member(visitor: Visitor) -> bool:
    """Return True if pages treat this session as a member's; checks both ways of reading it."""
    by_rides = visitor.get("/rides").status_code == 200
    assert by_rides == ("Log out" in visitor.get("/").text)
    return by_rides


def change_password(visitor: Visitor, current: str = PASSWORD, new: str = NEW) -> str:
    reply = visitor.post(f"/users/{visitor.id}/security", current=current, new=new)
    return visitor.follow(reply) if reply.status_code == 303 else sentences(reply)


def test_changing_the_password_ends_all_sessions_but_this_one(
    laptop: Visitor, phone: Visitor
) -> None:
    assert "All other browsers and all apps are logged out." in change_password(laptop)

    assert (is_member(laptop), is_member(phone)) == (True, False)
    assert phone.log_in(laptop.username, PASSWORD).status_code == 422
    assert phone.log_in(laptop.username, NEW).status_code == 303


def test_reading_one_member_does_not_block_others(app: Flask, new_visitor: NewVisitor) -> None:
    """A slow statement must not block the other threads of the worker."""
    members = [new_visitor().register() for _ in range(2)]
    reader = app.extensions["movr"].engines[1]
    both_ask = Barrier(2, timeout=10)

    @event.listens_for(reader, "before_cursor_execute")
    def wait_for_the_other(*_: object) -> None:
        both_ask.wait()

    try:
        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda member: member.get("/vehicles/add"), members))
    finally:
        event.remove(reader, "before_cursor_execute", wait_for_the_other)

    assert [reply.status_code for reply in replies] == [200, 200]


def test_a_password_is_changed_again_and_again(laptop: Visitor) -> None:
    change_password(laptop)
    change_password(laptop, NEW, PASSWORD)

    assert is_member(laptop)


def test_changing_the_password_requires_the_current_one(laptop: Visitor, phone: Visitor) -> None:
    assert "That is not your current password." in change_password(laptop, NEW)

    assert (is_member(laptop), is_member(phone)) == (True, True)
    assert phone.log_in(laptop.username, PASSWORD).status_code == 303


def test_attempts_to_guess_the_current_password_are_limited(laptop: Visitor) -> None:
    said = [change_password(laptop, NEW) for _ in range(11)]

    assert "Please try again in 30 minutes" in said[-1]
    assert change_password(laptop, PASSWORD).startswith("429")


def log_out_everywhere(visitor: Visitor) -> str:
    return visitor.follow(visitor.post(f"/users/{visitor.id}/logout"))


def delete(visitor: Visitor) -> str:
    return visitor.follow(visitor.delete_account())


@pytest.mark.parametrize("end", [log_out_everywhere, delete, change_password])
def test_the_cookie_of_an_ended_session_is_anonymous(
    laptop: Visitor, phone: Visitor, new_visitor: NewVisitor, end: Callable[[Visitor], str]
) -> None:
    thief = new_visitor()
    thief.client.cookies.update(laptop.client.cookies)
    assert is_member(thief)

    end(laptop)

    assert (is_member(phone), is_member(thief)) == (False, False)
    assert is_member(laptop) == (end is change_password)


def test_logging_out_in_one_browser_leaves_the_others(laptop: Visitor, phone: Visitor) -> None:
    laptop.post("/logout")

    assert (is_member(laptop), is_member(phone)) == (False, True)


def test_a_member_can_log_in_after_logging_out_everywhere(laptop: Visitor, phone: Visitor) -> None:
    assert "logged out everywhere" in log_out_everywhere(phone)

    assert laptop.log_in(laptop.username).status_code == 303
    assert (is_member(laptop), is_member(phone)) == (True, False)


def test_a_session_without_an_epoch_has_epoch_0(
    laptop: Visitor, app: Flask, new_visitor: NewVisitor
) -> None:
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    old = new_visitor()
    old.client.cookies.set("session", serializer.dumps({"_user_id": f"new york/{laptop.id}"}))
    before = is_member(old)
    log_out_everywhere(laptop)

    assert (before, is_member(old)) == (True, False)


class LongAgo(TimestampSigner):
    """A signer whose time is a month and a day ago."""

    def get_timestamp(self) -> int:
        return super().get_timestamp() - int(timedelta(days=32).total_seconds())


def test_a_session_lasts_a_month(laptop: Visitor, app: Flask, new_visitor: NewVisitor) -> None:
    serializer = copy(app.session_interface.get_signing_serializer(app))  # type: ignore[attr-defined]
    said = serializer.loads(laptop.client.cookies["session"])
    old, young = new_visitor(), new_visitor()
    young.client.cookies.set("session", serializer.dumps(said))
    serializer.signer = LongAgo
    old.client.cookies.set("session", serializer.dumps(said))

    assert (is_member(young), is_member(old)) == (True, False)


def test_two_requests_with_the_same_cookie_do_not_share_session_changes(
    laptop: Visitor, app: Flask, new_visitor: NewVisitor
) -> None:
    """A message stored in the cookie is shown by both."""
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    said = serializer.loads(laptop.client.cookies["session"])
    cookie = serializer.dumps({**said, "_flashes": [("info", "Said once.")]})
    visitors = [new_visitor() for _ in range(2)]
    for visitor in visitors:
        visitor.client.cookies.set("session", cookie)

    assert [visitor.get("/rides").text.count("Said once.") for visitor in visitors] == [1, 1]


def test_a_new_account_with_a_reused_username_inherits_nothing(
    laptop: Visitor, phone: Visitor, new_visitor: NewVisitor
) -> None:
    delete(laptop)
    fields = registration() | {"username": laptop.username, "password": NEW, "first_name": "Grace"}

    next_one = new_visitor().register(**fields)

    assert is_member(next_one)
    assert not is_member(phone)
    assert phone.log_in(laptop.username, PASSWORD).status_code == 422


def test_the_profile_links_to_the_security_page(laptop: Visitor) -> None:
    profile = laptop.get(f"/users/{laptop.id}").text
    found = re.search(rf'href="(/users/{laptop.id}/security)"', profile)

    assert found
    assert laptop.get(found[1]).status_code == 200
