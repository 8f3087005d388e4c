"""What riders and owners do, clicked through in a real browser."""

import re
import secrets

from playwright.sync_api import Page, expect

from tests.conftest import NewVisitor
from tests.visitor import PASSWORD


def register(page: Page, city: str = "New York") -> str:
    """Fill in the form and return the username."""
    username = f"ada-{secrets.token_hex(6)}"
    page.goto("/")
    page.get_by_role("link", name="Register", exact=True).click()
    page.get_by_label("Home city").select_option(city)
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Lovelace")
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome to MovR, Ada.")
    return username


def log_in(page: Page, username: str) -> None:
    page.get_by_role("link", name="Log in").first.click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def choose_city(page: Page, city: str) -> None:
    page.get_by_text("change").click()
    page.get_by_role("button", name=city).click()
    expect(page.locator(".city-menu summary")).to_contain_text(city)


def test_a_rider_s_journey(screen: Page, new_http_visitor: NewVisitor) -> None:
    new_http_visitor().register("boston").add_vehicle("1 Beacon Street")
    username = register(screen)

    choose_city(screen, "Boston")
    screen.get_by_role("link", name="Vehicles", exact=True).click()
    expect(screen.get_by_role("heading", level=1)).to_have_text("Vehicles in Boston")
    screen.get_by_role("button", name=re.compile("Start ride.*Beacon")).click()

    expect(screen.get_by_role("heading", name="You are riding a Kona bike")).to_be_visible()
    screen.get_by_label("Where did you leave it?").fill("2 Tremont Street")
    screen.get_by_role("button", name="End ride").click()
    expect(screen.get_by_role("status")).to_contain_text("Your ride has ended.")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Your ride in Boston")
    expect(screen.get_by_role("main")).to_contain_text("2 Tremont Street")

    screen.get_by_role("button", name="Log out").click()
    expect(screen.get_by_role("status")).to_contain_text("You are logged out.")
    log_in(screen, username)
    screen.get_by_role("link", name="Rides", exact=True).click()
    expect(screen.get_by_role("listitem")).to_contain_text("2 Tremont Street")


def test_an_owner_s_journey(screen: Page) -> None:
    username = register(screen, "Paris")
    choose_city(screen, "Paris")
    screen.get_by_role("link", name="Vehicles", exact=True).click()
    screen.get_by_role("link", name="Add the first one").click()
    screen.get_by_label("Type").select_option("Scooter")
    screen.get_by_label("Color").fill("teal")
    screen.get_by_label("Brand").fill("Zephyr")
    screen.get_by_label("Where it stands").fill("1 Rue Cler")
    screen.get_by_role("button", name="Put it on the street").click()
    expect(screen.get_by_role("status")).to_contain_text("Your scooter is on the street.")
    expect(screen.get_by_role("listitem")).to_contain_text("1 Rue Cler")

    screen.get_by_role("button", name="Remove").click()
    expect(screen.get_by_text("You have no vehicles on the street.")).to_be_visible()

    screen.get_by_text("Delete my account", exact=True).click()
    screen.get_by_role("button", name="Yes, delete my account").click()
    expect(screen.get_by_role("status")).to_contain_text("Your account is deleted.")
    log_in(screen, username)
    expect(screen.get_by_text("do not match")).to_be_visible()


def test_members_see_their_neighbours(screen: Page, new_http_visitor: NewVisitor) -> None:
    new_http_visitor().register("rome", first_name="Sofia")
    register(screen, "Rome")
    choose_city(screen, "Rome")

    screen.get_by_role("link", name="Members").click()

    expect(screen.get_by_role("main").get_by_role("listitem")).to_have_count(2)
    expect(screen.get_by_text("Sofia")).to_be_visible()


def test_a_rider_rides_with_the_keyboard_alone(desk: Page, new_http_visitor: NewVisitor) -> None:
    rider = new_http_visitor().register()
    rider.add_vehicle("1 Wall Street")
    desk.goto("/login")
    press_until_focused(desk, "input[name=username]")
    desk.keyboard.type(rider.username)
    desk.keyboard.press("Tab")
    desk.keyboard.type(PASSWORD)
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/home")

    press_until_focused(desk, ".ticket button")
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/rides")
    press_until_focused(desk, "input[name=location]")
    desk.keyboard.type("2 Broadway")
    desk.keyboard.press("Enter")

    expect(desk.get_by_role("status")).to_contain_text("Your ride has ended.")


def press_until_focused(page: Page, selector: str) -> None:
    """Go on by Tab until it has the focus, as somebody without a mouse does."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} is not reached by keyboard")
