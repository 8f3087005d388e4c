"""How long a session lasts: until the browser is closed, or 30 days for those who choose it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import PASSWORD, Visitor, registration
from web.app import create_app

NEW = "a wholly other password"


def expiry(reply: httpx.Response) -> datetime | None:
    """Return when the response's session cookie expires; None for the end of the browser."""
    cookies = SimpleCookie("; ".join(reply.headers.get_list("Set-Cookie")))
    assert not cookies["session"]["max-age"]
    expires = cookies["session"]["expires"]
    return parsedate_to_datetime(expires) if expires else None


def lasts_30_days(reply: httpx.Response) -> bool:
    when = expiry(reply)
    month = datetime.now(UTC) + timedelta(days=30)
    return when is not None and abs(when - month) < timedelta(minutes=5)


def log_in(visitor: Visitor, username: str, **chosen: str) -> httpx.Response:
    return visitor.post("/login", username=username, password=PASSWORD, **chosen)


@pytest.fixture
def username(new_visitor: NewVisitor) -> str:
    return new_visitor().register().username


@pytest.fixture
def staying(visitor: Visitor, username: str) -> Visitor:
    """A member who has chosen to stay logged in."""
    assert lasts_30_days(log_in(visitor, username, stay_logged_in="1"))
    return visitor


def is_member(visitor: Visitor) -> bool:
    return visitor.get("/rides").status_code == 200


def test_a_session_ends_with_the_browser_unless_its_member_chooses_otherwise(
    new_visitor: NewVisitor, username: str
) -> None:
    visitor = new_visitor()
    assert 'name="stay_logged_in" value="1">' in visitor.get("/login").text

    replies = [
        log_in(visitor, username),
        log_in(visitor, username, stay_logged_in=""),
        new_visitor().post("/register", **registration()),
    ]

    assert [expiry(reply) for reply in replies] == [None, None, None]


def test_who_stays_logged_in_stays_for_30_days(staying: Visitor, username: str) -> None:
    assert lasts_30_days(log_in(staying, username, stay_logged_in="1"))
    assert is_member(staying)


def test_another_login_without_the_choice_ends_with_the_browser(
    staying: Visitor, username: str
) -> None:
    assert expiry(log_in(staying, username)) is None


def test_logging_out_leaves_a_cookie_that_ends_with_the_browser(staying: Visitor) -> None:
    assert expiry(staying.post("/logout")) is None
    assert not is_member(staying)


def test_logging_out_everywhere_ends_the_sessions_of_those_who_stay_logged_in(
    staying: Visitor, new_visitor: NewVisitor, username: str
) -> None:
    other = new_visitor()
    log_in(other, username)

    other.post(f"/users/{other.id}/logout")

    assert not is_member(staying)


def change_password(visitor: Visitor) -> httpx.Response:
    return visitor.post(f"/users/{visitor.id}/security", current=PASSWORD, new=NEW)


def change_email(visitor: Visitor) -> httpx.Response:
    return visitor.post(f"/users/{visitor.id}/email", password=PASSWORD, email="new@home.example")


@pytest.mark.parametrize("change", [change_password, change_email])
def test_a_change_of_the_account_keeps_the_choice(
    staying: Visitor,
    new_visitor: NewVisitor,
    username: str,
    change: Callable[[Visitor], httpx.Response],
) -> None:
    other = new_visitor()
    assert lasts_30_days(change(staying))
    log_in(other, username)
    if is_member(other):
        assert expiry(change(other)) is None


@pytest.mark.parametrize("path", ["/", "/gbfs/v3/manifest.json", "/static/favicon.svg"])
def test_no_page_sets_the_cookie_of_those_who_stay_logged_in_again(
    staying: Visitor, path: str
) -> None:
    """A cache between would give the cookie of one member to others."""
    staying.get("/")  # shows the message

    reply = staying.get(path)

    assert reply.status_code == 200
    assert "Set-Cookie" not in reply.headers


# The end of a session during a ride


def log_out(visitor: Visitor) -> str:
    return visitor.follow(visitor.post("/logout"))


def log_out_everywhere(visitor: Visitor) -> str:
    return visitor.follow(visitor.post(f"/users/{visitor.id}/logout"))


@pytest.mark.parametrize("end", [log_out, log_out_everywhere])
def test_logging_out_mid_ride_says_that_the_clock_runs_on(
    visitor: Visitor, end: Callable[[Visitor], str]
) -> None:
    visitor.register().start(visitor.add_vehicle())

    said = end(visitor)

    assert "Your ride is still running. Log in again to end it." in said
    assert "You are logged out" in said
    assert not is_member(visitor)


def test_logging_out_needs_no_database(visitor: Visitor) -> None:
    visitor.register()
    with visiting(create_app(settings_for("postgresql://movr@127.0.0.1:1/movr"))) as new:
        cut_off = new()
        cut_off.client.cookies.update(visitor.client.cookies)

        reply = cut_off.post("/logout")

        assert reply.status_code == 303
        visitor.client.cookies = cut_off.client.cookies
    assert not is_member(visitor)


@pytest.mark.parametrize("end", [log_out, log_out_everywhere])
def test_logging_out_without_a_ride_says_nothing_of_one(
    visitor: Visitor, end: Callable[[Visitor], str]
) -> None:
    visitor.register().start(visitor.add_vehicle())
    visitor.end(visitor.active_ride())

    assert "ride goes on" not in end(visitor)
