"""Journeys of riders and owners in a real browser, by mouse and by keyboard only."""

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.browser.input_devices import INPUT_DEVICES, InputDevice
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD


@pytest.fixture(params=INPUT_DEVICES)
def device(screen: Page, request: pytest.FixtureRequest) -> InputDevice:
    """An input device on each size of screen: a mouse, or a keyboard only."""
    return INPUT_DEVICES[request.param](screen)


def register(device: InputDevice, city: str) -> str:
    """Fill in the form and return the username."""
    username = f"ada-{secrets.token_hex(6)}"
    page = device.page
    page.goto("/")
    device.press(page.get_by_role("link", name="Register", exact=True))
    device.choose(page.get_by_label("Home city"), city)
    device.fill(page.get_by_label("First name"), "Ada")
    device.fill(page.get_by_label("Last name"), "Lovelace")
    device.fill(page.get_by_label("Email"), "ada@example.com")
    device.fill(page.get_by_label("Username"), username)
    device.fill(page.get_by_label("Password"), PASSWORD)
    device.press(page.get_by_role("button", name="Create my account"))
    expect(page.get_by_role("alert")).to_contain_text("Welcome to MovR, Ada.")
    return username


def log_in(device: InputDevice, username: str) -> None:
    page = device.page
    device.press(page.get_by_role("link", name="Log in").first)
    device.fill(page.get_by_label("Username"), username)
    device.fill(page.get_by_label("Password"), PASSWORD)
    device.press(page.get_by_role("main").get_by_role("button", name="Log in"))


def choose_city(device: InputDevice, city: str) -> None:
    menu = device.page.locator(".city-menu summary")
    device.press(menu)
    device.press(device.page.get_by_role("button", name=city))
    expect(menu).to_contain_text(city)


def test_a_rider_s_journey(device: InputDevice, new_http_visitor: NewVisitor) -> None:
    new_http_visitor().register("boston").add_vehicle("1 Beacon Street")
    page = device.page
    main = page.get_by_role("main")
    username = register(device, "New York")

    choose_city(device, "Boston")
    device.press(page.get_by_role("link", name="Vehicles", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("Vehicles in Boston")
    device.press(page.get_by_role("button", name=re.compile("Start ride.*Beacon")))

    expect(page.get_by_role("heading", name="Your ride: Kona bike")).to_be_visible()
    page.wait_for_load_state()  # with its styles, which hide what needs JavaScript
    if page.get_by_role("button", name="End ride here").is_visible():
        device.press(page.get_by_text("Enter the place"))
    device.fill(page.get_by_label("Where did you leave it?"), "2 Tremont Street")
    device.press(main.get_by_role("button", name="End ride", exact=True))
    expect(page.get_by_role("alert").first).to_contain_text("Your ride has ended.")
    expect(main).to_contain_text("2 Tremont Street")

    device.press(page.get_by_role("button", name="Log out"))
    expect(page.get_by_role("alert")).to_contain_text("You are logged out.")
    log_in(device, username)
    device.press(page.get_by_role("link", name="Rides", exact=True))
    expect(main).to_contain_text("2 Tremont Street")


def test_an_owner_s_journey(device: InputDevice) -> None:
    page = device.page
    main = page.get_by_role("main")
    username = register(device, "Paris")
    choose_city(device, "Paris")
    device.press(page.get_by_role("link", name="Vehicles", exact=True))
    device.press(page.get_by_role("link", name="List your own vehicle"))
    device.choose(page.get_by_label("Type"), "Scooter")
    device.fill(page.get_by_label("Color"), "teal")
    device.fill(page.get_by_label("Brand"), "Zephyr")
    device.fill(page.get_by_label("Where is it?"), "1 Rue Cler")
    device.press(page.get_by_role("button", name="List my vehicle"))
    expect(page.get_by_role("alert").first).to_contain_text("Your scooter is listed.")
    expect(main.get_by_role("list")).to_contain_text("1 Rue Cler")

    device.press(main.get_by_role("link", name="Manage"))
    device.press(main.get_by_role("link", name="Label"))
    number = page.locator(".label-number").inner_text()
    device.press(page.get_by_role("link", name="Vehicles", exact=True))
    device.fill(page.get_by_label("Start by number"), number)
    device.press(page.get_by_role("button", name="Go", exact=True))
    expect(page.get_by_role("heading", level=1)).to_have_text("Zephyr")
    expect(main.get_by_role("button", name="Start ride")).to_be_visible()

    device.press(page.locator(".top-name"))
    device.press(main.get_by_role("link", name="Manage"))
    device.press(main.get_by_role("button", name="Pause"))
    expect(main).to_contain_text("Out of service")
    device.press(main.get_by_role("button", name="Resume"))
    device.press(main.get_by_role("link", name="Move", exact=True))
    device.fill(page.get_by_label("Where is it now?"), "2 Rue Cler")
    device.press(main.get_by_role("button", name="Move", exact=True))
    expect(main).to_contain_text("2 Rue Cler")
    device.press(main.get_by_role("link", name="Remove"))
    device.press(main.get_by_role("button", name="Yes, remove it"))
    device.press(main.get_by_role("button", name="Undo removal"))
    expect(page.get_by_role("alert").first).to_contain_text("Your vehicle is listed again.")

    device.press(page.locator(".top-name"))
    device.press(page.get_by_role("link", name="Delete my account"))
    device.fill(page.get_by_label("Current password"), PASSWORD)
    page.get_by_label("Yes, delete my account").check()
    device.press(page.get_by_role("button", name="Delete my account"))
    expect(page.get_by_role("alert")).to_contain_text("Your account has been deleted.")
    log_in(device, username)
    expect(page.get_by_text("do not match")).to_be_visible()


def test_members_see_their_neighbours(device: InputDevice, new_http_visitor: NewVisitor) -> None:
    new_http_visitor().register("rome", first_name="Sofia")
    register(device, "Rome")
    choose_city(device, "Rome")

    device.press(device.page.get_by_role("link", name="Privacy"))
    device.press(device.page.get_by_role("link", name="the first names of the members"))

    expect(device.page.get_by_role("main").get_by_role("listitem")).to_have_count(2)
    expect(device.page.get_by_text("Sofia")).to_be_visible()


def test_the_first_invalid_field_gets_the_focus(screen: Page) -> None:
    screen.goto("/register")
    screen.get_by_label("First name").fill("Ada")
    screen.get_by_label("Last name").fill("<b>")
    screen.get_by_label("Email").fill("ada@example.com")
    screen.get_by_label("Username").fill("no")
    screen.get_by_label("Password").fill(PASSWORD)
    screen.get_by_role("button", name="Create my account").click()

    expect(screen.get_by_label("Last name")).to_be_focused()
