"""Forms in a real browser: other tabs, Back, reloads, lost cookies, and other sites."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK, opened
from tests.conftest import NewVisitor, free_port, serving
from tests.deploy.proxy import HOW_TO_GET_IT, NGINX, configure, folder, running
from tests.deploy.test_nginx import make_certificate, port_of
from tests.visitor import PASSWORD, Visitor

WORDS = "2 Broadway, at the corner"
EVIL = "http://evil.example/"


@pytest.fixture
def rider(new_http_visitor: NewVisitor) -> Visitor:
    """A member, and a vehicle in their city."""
    rider = new_http_visitor().register()
    rider.add_vehicle()
    return rider


def log_in(page: Page, username: str) -> None:
    if not page.url.endswith("/login") and "/login?" not in page.url:
        page.goto("/login")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def start_ride(page: Page) -> None:
    page.goto("/vehicles")
    page.get_by_role("button", name=re.compile("Start ride")).first.click()
    expect(page.get_by_role("heading", name="Your ride:")).to_be_visible()


def say_where(page: Page, words: str) -> None:
    page.get_by_text("Enter the place").click()
    page.get_by_label("Where did you leave it?").fill(words)


def end_ride(page: Page) -> None:
    page.get_by_role("main").get_by_role("button", name="End ride", exact=True).click()


def another_tab(page: Page) -> Page:
    return page.context.new_page()


def test_a_ride_button_from_a_tab_of_before_the_login_starts_the_ride(
    desk: Page, new_http_visitor: NewVisitor, rider: Visitor
) -> None:
    new_http_visitor().register().add_vehicle()
    desk.goto("/vehicles")
    log_in(another_tab(desk), rider.username)

    desk.get_by_role("button", name=re.compile("Start ride")).first.click()

    expect(desk.get_by_role("alert")).to_contain_text("Have a good ride.")


def test_a_ride_s_end_after_another_tab_s_logout_is_kept_over_the_login(
    desk: Page, rider: Visitor
) -> None:
    log_in(desk, rider.username)
    start_ride(desk)
    say_where(desk, WORDS)
    other = another_tab(desk)
    other.goto("/")
    other.get_by_role("button", name="Log out").click()

    end_ride(desk)
    expect(desk.get_by_role("alert")).to_contain_text("Please log in first.")
    log_in(desk, rider.username)

    expect(desk.get_by_label("Where did you leave it?")).to_have_value(WORDS)
    end_ride(desk)
    expect(desk.get_by_role("alert").first).to_contain_text("Your ride has ended.")


def test_a_ride_s_end_after_the_cookies_were_deleted_is_kept_over_the_login(
    desk: Page, rider: Visitor
) -> None:
    log_in(desk, rider.username)
    start_ride(desk)
    say_where(desk, WORDS)
    desk.context.clear_cookies()

    end_ride(desk)
    expect(desk.get_by_text("Please allow cookies for this site")).to_be_visible()
    desk.get_by_role("link", name="Open the page again").click()
    log_in(desk, rider.username)

    expect(desk.get_by_label("Where did you leave it?")).to_have_value(WORDS)


def fill_in_registration(page: Page, username: str) -> None:
    for label, text in {
        "First name": "Ada",
        "Last name": "Lovelace",
        "Email": "ada@example.com",
        "Username": username,
        "Password": PASSWORD,
    }.items():
        page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Create my account").click()


def test_back_after_a_refused_registration_leads_to_a_form_that_registers(
    desk: Page, rider: Visitor
) -> None:
    desk.goto("/register")
    fill_in_registration(desk, rider.username)
    expect(desk.get_by_text("That username is taken.")).to_be_visible()

    desk.go_back()
    fill_in_registration(desk, f"ada-{secrets.token_hex(6)}")

    expect(desk.get_by_role("alert")).to_contain_text("Welcome to MovR, Ada.")


def test_back_after_a_refused_registration_and_a_login_leads_to_a_form_that_registers(
    desk: Page, rider: Visitor
) -> None:
    desk.goto("/register")
    fill_in_registration(desk, rider.username)
    desk.get_by_role("main").get_by_role("link", name="Log in").click()
    log_in(desk, rider.username)

    desk.go_back()
    desk.go_back()
    desk.reload()
    fill_in_registration(desk, f"ada-{secrets.token_hex(6)}")

    expect(desk.get_by_role("alert")).to_contain_text("Welcome to MovR, Ada.")


def test_the_address_of_a_refused_form_can_be_opened(desk: Page, rider: Visitor) -> None:
    log_in(desk, rider.username)
    start_ride(desk)
    say_where(desk, "<b>")
    end_ride(desk)
    expect(desk.get_by_text("Please do not use")).to_be_visible()

    desk.goto(desk.url)

    assert desk.url.endswith("/rides")
    expect(desk.get_by_role("heading", name="Your ride:")).to_be_visible()


def test_a_prefetched_page_swallows_no_message(desk: Page, rider: Visitor) -> None:
    desk.goto("/login")
    token = desk.locator("input[name=csrf_token]").first.get_attribute("value")
    form: dict[str, str | float | bool] = {
        "csrf_token": str(token),
        "username": rider.username,
        "password": PASSWORD,
    }
    desk.context.request.post("/login", form=form, max_redirects=0)
    with desk.expect_response("**/vehicles") as early:
        desk.evaluate(
            """() => document.head.append(
                Object.assign(document.createElement("link"), {rel: "prefetch", href: "/vehicles"})
            )"""
        )
    early.value.finished()
    assert early.value.request.all_headers()["sec-purpose"] == "prefetch"

    desk.goto("/rides")

    expect(desk.get_by_role("alert")).to_contain_text("Hello, Ada.")


def test_a_form_of_another_site_does_not_log_a_visitor_out(
    desk: Page, site: str, rider: Visitor
) -> None:
    log_in(desk, rider.username)
    form = f'<form method="post" action="{site}/logout"><button>Win a scooter</button></form>'
    desk.context.route(
        f"{EVIL}**", lambda route: route.fulfill(body=form, content_type="text/html")
    )
    other = another_tab(desk)
    other.goto(EVIL)
    other.get_by_role("button").click()
    expect(other.get_by_text("This form has expired.")).to_be_visible()

    desk.goto("/rides")

    expect(desk.get_by_role("heading", name="My rides")).to_be_visible()


# Over HTTPS


@pytest.fixture
def secure_page(browser: Browser, database: str) -> Iterator[Page]:
    """A page of MovR in production, behind nginx, over HTTPS on a port of its own."""
    if NGINX is None:
        pytest.skip(HOW_TO_GET_IT)
    production = {"DEBUG": "0", "SECRET_KEY": secrets.token_hex(), "PROXY_HOPS": "1"}
    ports = {"8080": free_port(), "8443": free_port()}
    with serving(DB_URI=database, WORKERS="1", **production) as replica, folder() as here:
        make_certificate(here)
        configure(here, [port_of(replica)], ports)
        with running(here, "tls.conf", f"http://127.0.0.1:{ports['8080']}"):
            secure = f"https://127.0.0.1:{ports['8443']}"
            with opened(browser, secure, DESK | {"ignore_https_errors": True}) as page:
                yield page


@pytest.mark.parametrize("policy", ["same-origin", "no-referrer"])
def test_over_https_a_browser_that_sends_no_referrer_can_register(
    secure_page: Page, rider: Visitor, policy: str
) -> None:
    assert rider.username
    secure_page.goto("/register")
    secure_page.evaluate(
        """policy => document.head.append(
            Object.assign(document.createElement("meta"), {name: "referrer", content: policy})
        )""",
        policy,
    )
    with secure_page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/register")
    ) as sent:
        fill_in_registration(secure_page, f"ada-{secrets.token_hex(6)}")

    assert ("referer" in sent.value.all_headers()) == (policy == "same-origin")
    expect(secure_page.get_by_role("alert").first).to_contain_text("Welcome to MovR, Ada.")
