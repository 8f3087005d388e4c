"""Accounts in a real browser: pasted passwords, and how long it keeps the session."""

import time

from playwright.sync_api import Page, expect

from tests.conftest import NewVisitor
from tests.visitor import PASSWORD

LONG = "correct horse battery " * 6  # 132 characters
MONTH = 30 * 24 * 60 * 60  # seconds


def log_in(page: Page, username: str, *, stay: bool) -> float:
    """Log in, and return when the session's cookie expires; -1 for the end of the browser."""
    page.goto("/login")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Stay logged in").set_checked(stay)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("Hello, Ada.")
    (cookie,) = (each for each in page.context.cookies() if each["name"] == "session")
    return cookie["expires"]


def test_a_pasted_password_longer_than_128_is_refused_not_cut(
    desk: Page, new_http_visitor: NewVisitor
) -> None:
    member = new_http_visitor().register()
    log_in(desk, member.username, stay=False)
    desk.goto(f"/users/{member.id}/security")
    for label, password in (("Current password", PASSWORD), ("New password", LONG)):
        desk.get_by_label(label).focus()
        desk.keyboard.insert_text(password)  # as pasting does, it keeps to maxlength

    desk.get_by_role("button", name="Change my password").click()

    expect(desk.locator("#new-error")).to_have_text("Please use 10 to 128 characters.")


def test_a_browser_keeps_the_session_as_long_as_its_member_chose(
    scripted_screen: Page, new_http_visitor: NewVisitor
) -> None:
    username = new_http_visitor().register().username

    assert log_in(scripted_screen, username, stay=False) == -1
    kept = log_in(scripted_screen, username, stay=True) - time.time()

    assert abs(kept - MONTH) < 300
