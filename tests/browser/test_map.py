"""The map in a real browser: as a drawing and as a street map, by mouse and by keyboard."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from movr.cities import CITIES, Position
from movr.movr import MovR
from movr.results import UserKey
from tests.browser.axe import violations
from tests.browser.conftest import SCREENS, TILES, give_image, give_tile, opened
from tests.browser.input_devices import Keyboard
from tests.conftest import NewVisitor
from tests.movr.city_data.test_zones import square
from tests.visitor import PASSWORD, Visitor

NEW_YORK = CITIES[0]
BATTERY = Position(40.7033, -74.0170)
CHELSEA = Position(40.7465, -74.0014)

OFFLINE = "Object.defineProperty(navigator, 'onLine', { value: false })"

DRAWING = ".map-drawing"
STREETS = ".has-streets .map-streets"
CARD = ".leaflet-popup .vehicle-card"
MOVING = ".leaflet-pan-anim"


@pytest.fixture(params=["phone", "desktop"])
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(browser, site, SCREENS[request.param]) as page:
        yield page


@pytest.fixture
def owner(new_http_visitor: NewVisitor) -> Visitor:
    return new_http_visitor().register()


@pytest.fixture
def street(session_movr: MovR, owner: Visitor) -> None:
    """A bike at the Battery, and a scooter in Chelsea, five kilometres to the north."""
    stand(session_movr, owner, "bike", "Kona", BATTERY)
    stand(session_movr, owner, "scooter", "Zephyr", CHELSEA)


def stand(movr: MovR, owner: Visitor, type_: str, brand: str, place: Position) -> None:
    key = UserKey("new york", owner.id)
    movr.add_vehicle(
        key, type=type_, color="red", brand=brand, location=f"{brand} Street", position=place
    )


def log_in(page: Page, visitor: Visitor) -> None:
    page.goto("/login")
    page.get_by_label("Username").fill(visitor.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/home")


def refuse(route: Route) -> None:
    route.abort()


def give_error_image(route: Route) -> None:
    """Answer as OpenStreetMap does to sites that it blocks: 403 with an image of that sentence."""
    give_image(route, 403)


BLOCKED = pytest.mark.parametrize("blocked", [refuse, give_error_image])


# The drawing


@pytest.mark.usefixtures("street")
def test_without_scripts_the_drawing_links_to_the_cards(browser: Browser, site: str) -> None:
    with opened(browser, site, SCREENS["without JavaScript"]) as page:
        page.goto("/vehicles")

        expect(page.get_by_role("img", name="Map of New York")).to_be_visible()
        page.get_by_role("link", name="Zephyr scooter at Zephyr Street").click()

        expect(page.locator(".vehicle-card:target")).to_contain_text("Zephyr")
        expect(page.get_by_role("button", name="Use my position")).to_have_count(0)


@pytest.mark.usefixtures("street")
def test_offline_the_drawing_stays_and_no_tile_is_requested(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(OFFLINE)

    page.goto("/vehicles", wait_until="networkidle")

    expect(page.locator(DRAWING)).to_be_visible()
    expect(page.locator(".map-streets")).to_have_count(0)
    assert [url for url in asked if "openstreetmap" in url or "leaflet" in url] == []


@pytest.mark.usefixtures("street")
@BLOCKED
def test_the_drawing_stays_if_tiles_are_blocked(
    browser: Browser, site: str, blocked: Callable[[Route], None]
) -> None:
    """Chromium logs the one requested tile; nothing else fails or is loaded."""
    context = browser.new_context(base_url=site)
    context.route(TILES, blocked)
    page = context.new_page()
    blamed: list[str] = []
    errors: list[str] = []
    page.on("console", lambda message: blamed.append(message.location["url"]))
    page.on("pageerror", lambda error: errors.append(error.message))

    page.goto("/vehicles", wait_until="networkidle")

    expect(page.locator(".map-streets")).to_have_count(0)
    expect(page.locator(DRAWING)).to_be_visible()
    expect(page.locator("link[href*=leaflet]")).to_have_count(0)
    assert errors == []
    assert all("tile.openstreetmap" in url for url in blamed)
    context.close()


@BLOCKED
def test_the_drawing_stays_if_tiles_fail_after_the_first(
    browser: Browser,
    site: str,
    session_movr: MovR,
    owner: Visitor,
    blocked: Callable[[Route], None],
) -> None:
    stand(session_movr, owner, "bike", "Kona", BATTERY)
    context = browser.new_context(base_url=site)
    asked: list[str] = []

    def give_one(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            give_tile(route)
        else:
            blocked(route)

    context.route(TILES, give_one)
    page = context.new_page()
    # Nearby streets, on other tiles than the first.
    page.goto("/vehicles?near=40.7033,-74.0170", wait_until="networkidle")

    expect(page.locator(".map-streets")).to_have_count(0)
    expect(page.locator(DRAWING)).to_be_visible()
    assert len(asked) > 1
    context.close()


@pytest.mark.parametrize("screen", ["phone", "without JavaScript"])
def test_a_cluster_of_the_drawing_leads_to_all_of_its_vehicles(
    browser: Browser, site: str, session_movr: MovR, owner: Visitor, screen: str
) -> None:
    for brand in ("Kona", "Merida", "Zephyr"):
        stand(session_movr, owner, "bike", brand, BATTERY)
    with opened(browser, site, SCREENS[screen]) as page:
        page.add_init_script(OFFLINE)
        page.goto("/vehicles")

        for brand in ("Kona", "Merida", "Zephyr"):
            page.get_by_role("link", name="3 vehicles").click()
            name = f"{brand} bike at {brand} Street"
            page.get_by_role("link", name=name, exact=True).click()
            expect(page.locator(".vehicle-card:target")).to_contain_text(brand)


@pytest.mark.usefixtures("street")
def test_a_followed_pin_of_the_drawing_is_marked(page: Page) -> None:
    page.add_init_script(OFFLINE)
    page.goto("/vehicles")
    followed = page.get_by_role("link", name="Zephyr scooter at Zephyr Street")

    followed.click()

    expect(followed).to_have_attribute("aria-current", "true")
    expect(page.locator(".map a[aria-current]")).to_have_count(1)
    expect(page.locator(".vehicle-card:target")).to_have_css("outline-style", "solid")
    assert stroke(followed) != stroke(page.get_by_role("link", name="Kona bike at Kona Street"))

    page.get_by_role("link", name="Kona bike at Kona Street").click()
    expect(followed).not_to_have_attribute("aria-current", "true")


def stroke(pin: Locator) -> str:
    """The outline of a pin of the drawing."""
    return str(pin.locator("circle").evaluate("circle => getComputedStyle(circle).stroke"))


# The street map


@pytest.mark.usefixtures("street")
def test_the_street_map_replaces_the_drawing_when_tiles_load(page: Page) -> None:
    page.goto("/vehicles")

    expect(page.locator(STREETS)).to_be_visible()
    expect(page.locator(DRAWING)).to_be_hidden()
    expect(page.get_by_role("link", name="OpenStreetMap")).to_be_visible()
    expect(page.locator("button.pin")).to_have_count(2)


@pytest.mark.usefixtures("street")
def test_the_street_map_causes_no_layout_shift(page: Page) -> None:
    page.goto("/vehicles")
    before = page.locator(".map").bounding_box()
    expect(page.locator(STREETS)).to_be_visible()

    assert page.locator(".map").bounding_box() == before


@pytest.mark.usefixtures("street")
def test_tile_requests_reveal_the_origin_only(page: Page) -> None:
    with page.expect_request(re.compile("tile.openstreetmap.org")) as asked:
        page.goto("/vehicles?near=40.7033,-74.0170")

    assert "near" not in asked.value.all_headers()["referer"]
    assert asked.value.all_headers()["referer"].startswith("http://127.0.0.1:")


def test_no_pin_lies_under_the_attribution_or_the_zoom_buttons(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    for north, east in ((0.05, -0.02), (0.048, -0.02), (-0.05, 0.0), (-0.05, 0.03)):
        place = Position(NEW_YORK.latitude + north, NEW_YORK.longitude + east)
        stand(session_movr, owner, "bike", "Kona", place)
    page.goto("/vehicles")
    expect(page.locator(STREETS)).to_be_visible()
    expect(page.locator("button.pin")).not_to_have_count(0)

    controls = [box(control) for control in page.locator(".leaflet-control").all()]

    for pin in page.locator("button.pin").all():
        assert not any(box(pin).touches(control) for control in controls)


class Box(NamedTuple):
    """Where an element is on the screen, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def touches(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def box(element: Locator) -> Box:
    found = element.bounding_box()
    assert found
    left, top = found["x"], found["y"]
    return Box(left, top, left + found["width"], top + found["height"])


@pytest.mark.usefixtures("street")
def test_a_followed_pin_is_marked_while_its_card_is_open(page: Page) -> None:
    page.goto("/vehicles")
    followed = page.get_by_role("button", name=re.compile("^Zephyr"))
    other = page.get_by_role("button", name=re.compile("^Kona"))

    followed.click()
    expect(page.locator(CARD)).to_be_visible()
    expect(followed).to_have_attribute("aria-expanded", "true")
    expect(followed).to_have_css("outline-style", "solid")
    expect(other).to_have_attribute("aria-expanded", "false")

    other.dispatch_event("click")  # the card may lie over it
    expect(other).to_have_attribute("aria-expanded", "true")
    expect(followed).to_have_attribute("aria-expanded", "false")

    page.keyboard.press("Escape")
    expect(other).to_have_attribute("aria-expanded", "false")


# The words of an element that are broken over two lines.
BROKEN_WORDS = r"""element => {
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const broken = [];
  while (texts.nextNode()) {
    for (const { 0: word, index } of texts.currentNode.data.matchAll(/\S+/g)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (lines.size > 1) broken.push(word);
    }
  }
  return broken;
}"""


@pytest.mark.usefixtures("street")
def test_popups_and_cards_do_not_break_words(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    stand(session_movr, owner, "skateboard", "Haarlemmerdijk", Position(40.78, -73.97))
    owner.add_vehicle("Nieuwezijdsvoorburgwal 1", latitude="", longitude="")
    page.goto("/vehicles")

    page.get_by_role("button", name=re.compile("^Haarlemmerdijk")).click()
    expect(page.locator(CARD)).to_contain_text("Haarlemmerdijk Street")

    assert page.locator(CARD).evaluate(BROKEN_WORDS) == []
    assert page.locator("main").evaluate(BROKEN_WORDS) == []


@pytest.mark.usefixtures("street")
def test_an_open_card_covers_neither_its_pin_nor_a_control(page: Page) -> None:
    page.goto("/vehicles")
    pin = page.get_by_role("button", name=re.compile("^Zephyr"))
    pin.click()
    expect(page.locator(MOVING)).to_have_count(0)
    card = box(page.locator(".leaflet-popup-content-wrapper"))

    for control in page.locator(".leaflet-control").all():
        assert not card.touches(box(control))
        assert not box(pin).touches(box(control))
    assert not card.touches(box(pin))
    tip = box(page.locator(".leaflet-popup-tip-container"))
    assert tip.middle[0] == pytest.approx(box(pin).middle[0], abs=2)


@pytest.mark.usefixtures("street")
def test_an_open_card_fits_into_the_map_of_a_narrow_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/vehicles")

    page.get_by_role("button", name=re.compile("^Zephyr")).click()
    expect(page.locator(MOVING)).to_have_count(0)

    card, map_ = box(page.locator(".leaflet-popup-content-wrapper")), box(page.locator(".map"))
    assert map_.left <= card.left
    assert card.right <= map_.right


@pytest.mark.usefixtures("street")
def test_a_ride_starts_from_the_map(page: Page, new_http_visitor: NewVisitor) -> None:
    log_in(page, new_http_visitor().register())
    page.goto("/vehicles")

    page.locator("button.pin").and_(page.get_by_label(re.compile("Zephyr"))).click()
    expect(page.locator(CARD)).to_contain_text("Zephyr Street")
    expect(page.locator(MOVING)).to_have_count(
        0
    )  # to show the whole card; otherwise a click could miss
    page.locator(CARD).get_by_role("button", name="Start ride").click()

    page.wait_for_url("**/rides")
    expect(page.get_by_role("main")).to_contain_text("Zephyr scooter")


@pytest.mark.usefixtures("street")
def test_a_ride_starts_from_the_map_by_keyboard_alone(
    desk: Page, new_http_visitor: NewVisitor
) -> None:
    log_in(desk, new_http_visitor().register())
    desk.goto("/vehicles")
    expect(desk.locator(STREETS)).to_be_visible()

    Keyboard(desk).press(desk.locator("button.pin[aria-label*=Kona]"))
    expect(desk.locator(CARD).get_by_role("button", name="Reserve")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(desk.locator(CARD)).to_have_count(0)
    expect(desk.locator("button.pin[aria-label*=Kona]")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator(CARD).get_by_role("button", name="Reserve")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.locator(CARD).get_by_role("button", name="Start ride")).to_be_focused()
    desk.keyboard.press("Enter")

    desk.wait_for_url("**/rides")
    expect(desk.get_by_role("main")).to_contain_text("Kona bike")


def test_an_owner_s_vehicle_on_a_ride_is_marked_on_the_map(
    page: Page, session_movr: MovR, owner: Visitor, new_http_visitor: NewVisitor
) -> None:
    stand(session_movr, owner, "bike", "Kona", BATTERY)
    rider = new_http_visitor().register()
    found = re.search(r'action="/rides/start/([^"]+)"', rider.get("/vehicles").text)
    assert found
    rider.post(f"/rides/start/{found[1]}", city="new york")
    log_in(page, owner)
    page.goto(f"/users/{owner.id}")

    page.get_by_role("button", name=re.compile("Kona.*not available")).click()

    expect(page.locator(CARD)).to_contain_text("On a ride")


def test_a_vehicle_of_unknown_position_is_in_the_list_and_not_on_the_map(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    stand(session_movr, owner, "bike", "Kona", BATTERY)
    owner.add_vehicle("behind the church", latitude="", longitude="")

    page.goto("/vehicles")

    expect(page.locator(".vehicle-cards > .vehicle-card")).to_have_count(2)
    expect(page.locator(".vehicle-card").last).to_contain_text("approximate")
    expect(page.locator("button.pin")).to_have_count(1)


def test_close_vehicles_are_grouped_until_zoomed_in(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    stand(session_movr, owner, "scooter", "Zephyr", CHELSEA)
    for number in range(3):
        stand(
            session_movr, owner, "bike", "Kona", BATTERY._replace(latitude=40.7033 + number / 1000)
        )
    page.goto("/vehicles")
    cluster = page.get_by_role("button", name=re.compile("^3 vehicles, the first: Kona"))
    expect(cluster).to_have_text("3")

    cluster.click()

    expect(page.locator("button.pin[aria-label^=Kona]")).to_have_count(3)


def test_a_cluster_opened_by_keyboard_keeps_the_focus_at_its_vehicles(
    desk: Page, session_movr: MovR, owner: Visitor
) -> None:
    stand(session_movr, owner, "scooter", "Zephyr", NEW_YORK.centre)
    for number in range(2):
        place = CHELSEA._replace(latitude=40.7465 + number / 1000)
        stand(session_movr, owner, "bike", "Kona", place)
    desk.goto("/vehicles")

    desk.get_by_role("button", name=re.compile("^2 vehicles, the first: Kona")).press("Enter")

    expect(desk.locator("button.pin[aria-label^=Kona]")).to_have_count(2)
    expect(desk.locator("button.pin:focus")).to_have_attribute("aria-label", re.compile("^Kona"))


def test_vehicles_at_the_same_place_show_all_their_cards(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    for brand in ("Kona", "Merida"):
        stand(session_movr, owner, "bike", brand, BATTERY)
    page.goto("/vehicles?near=40.7033,-74.0170")
    cluster = page.locator("button.pin")
    expect(cluster).to_have_text("2")

    cluster.click()

    expect(page.locator(CARD)).to_have_count(2)


def test_markup_of_other_users_is_escaped_on_the_street_map(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    key = UserKey("new york", owner.id)
    words = 'K" onfocus="alert(1)'
    session_movr.add_vehicle(
        key, type="bike", color="red", brand=words, location="&lt;b&gt;", position=BATTERY
    )
    page.goto("/vehicles")

    page.locator("button.pin").click()

    expect(page.locator(CARD)).to_contain_text("&lt;b&gt;")
    assert words in (page.locator("button.pin").get_attribute("aria-label") or "")


# "Use my position"


@pytest.mark.usefixtures("street")
def test_use_my_position_sorts_by_distance(page: Page) -> None:
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": CHELSEA.latitude, "longitude": CHELSEA.longitude})
    page.goto("/vehicles?type=")
    expect(page.locator(".vehicle-card").first).to_contain_text("Kona")

    page.get_by_role("button", name="Use my position").click()

    page.wait_for_url("**/vehicles?*near=40.74650%2C-74.00140")
    expect(page.locator(".vehicle-card").first).to_contain_text("Zephyr")
    expect(page.get_by_text("from your position")).to_be_visible()


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("path", ["/", "/vehicles", "/vehicles/add"])
def test_a_denied_position_shows_a_message(page: Page, owner: Visitor, path: str) -> None:
    log_in(page, owner)
    page.context.clear_permissions()
    page.goto(path)

    page.get_by_role("button", name="Use my position").click()

    expect(page.get_by_text("does not share your position")).to_be_visible()


NOT_ALLOWED = "does not share your position"
ASKING_PAGES = pytest.mark.parametrize("path", ["/vehicles", "/vehicles/add"])


@pytest.mark.usefixtures("street")
@ASKING_PAGES
def test_a_browser_whose_geolocation_is_off_gets_a_sentence(
    page: Page, owner: Visitor, path: str
) -> None:
    """Firefox has no `navigator.geolocation` if geo.enabled is false."""
    page.add_init_script("delete Navigator.prototype.geolocation")
    log_in(page, owner)
    page.goto(path)

    page.get_by_role("button", name="Use my position").click()

    expect(page.get_by_text(NOT_ALLOWED)).to_be_visible()


@pytest.mark.usefixtures("street")
@ASKING_PAGES
def test_a_position_that_a_proxy_s_policy_forbids_gets_a_sentence(
    browser: Browser, site: str, owner: Visitor, path: str
) -> None:
    context = browser.new_context(
        base_url=site, permissions=["geolocation"], service_workers="block"
    )
    context.set_geolocation({"latitude": 40.7, "longitude": -74.0})
    page = context.new_page()
    log_in(page, owner)

    def forbid(route: Route) -> None:
        answer = route.fetch()
        headers = {**answer.headers, "permissions-policy": "geolocation=()"}
        route.fulfill(response=answer, headers=headers)

    page.route(f"**{path}", forbid)
    page.goto(path)

    page.get_by_role("button", name="Use my position").click()

    expect(page.get_by_text(NOT_ALLOWED)).to_be_visible()
    context.close()


UNANSWERED = """navigator.geolocation.getCurrentPosition = (found) => {
  window.answer = () => found({ coords: { latitude: 40.71, longitude: -74.01 } });
}"""


@pytest.mark.usefixtures("street")
@ASKING_PAGES
def test_an_unanswered_prompt_gets_a_sentence(page: Page, owner: Visitor, path: str) -> None:
    page.clock.install()
    page.add_init_script(UNANSWERED)
    log_in(page, owner)
    page.goto(path)

    page.get_by_role("button", name="Use my position").click()
    expect(page.get_by_text("Finding your position")).to_be_visible()
    page.clock.fast_forward(15_000)

    expect(page.get_by_text("Still waiting for your position.")).to_be_visible()


def test_a_position_that_arrives_late_is_filled_in(page: Page, owner: Visitor) -> None:
    page.clock.install()
    page.add_init_script(UNANSWERED)
    log_in(page, owner)
    page.goto("/vehicles/add")
    page.get_by_role("button", name="Use my position").click()
    page.clock.fast_forward(15_000)

    page.evaluate("answer()")

    expect(page.get_by_text("Your position is marked.")).to_be_visible()


def test_a_position_that_arrives_late_does_not_replace_a_click_on_the_map(
    page: Page, owner: Visitor
) -> None:
    page.clock.install()
    page.add_init_script(f"{OFFLINE}; {UNANSWERED}")
    log_in(page, owner)
    page.goto("/vehicles/add")
    page.get_by_role("button", name="Use my position").click()

    page.locator(".map").click()
    page.clock.fast_forward(15_000)
    page.evaluate("answer()")

    expect(page.get_by_text("The place is marked.")).to_be_visible()
    expect(page.locator("#latitude")).not_to_have_value("40.71000")


def test_no_page_requests_the_position_before_a_click(page: Page, owner: Visitor) -> None:
    page.add_init_script(
        "navigator.geolocation.getCurrentPosition = () => { document.title = 'asked'; }"
    )
    log_in(page, owner)

    for path in ("/", "/vehicles", "/vehicles/add"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.title() != "asked"


def test_a_vehicle_is_added_where_the_browser_is(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": BATTERY.latitude, "longitude": BATTERY.longitude})
    log_in(page, owner)
    fill_in_a_vehicle(page)

    page.get_by_role("button", name="Use my position").click()
    expect(page.get_by_text("Your position is marked.")).to_be_visible()
    page.get_by_role("button", name="List my vehicle").click()

    page.wait_for_url("**/users/*")
    assert positions(session_movr, owner) == [BATTERY]


# A click on the map


@pytest.mark.parametrize("has_streets", [True, False], ids=["streets", "drawing"])
def test_a_vehicle_is_added_where_the_map_was_clicked(
    page: Page, session_movr: MovR, owner: Visitor, has_streets: bool
) -> None:
    log_in(page, owner)
    if not has_streets:
        page.add_init_script(OFFLINE)
    fill_in_a_vehicle(page)
    expect(page.locator(STREETS if has_streets else DRAWING)).to_be_visible()

    page.locator(".map").click()  # in its middle: the city's centre
    expect(page.get_by_text("The place is marked.")).to_be_visible()
    page.get_by_role("button", name="List my vehicle").click()

    page.wait_for_url("**/users/*")
    (position,) = positions(session_movr, owner)
    assert position == pytest.approx((40.7128, -74.006), abs=0.002)


def test_the_mark_of_a_place_stands_on_it(page: Page, owner: Visitor) -> None:
    log_in(page, owner)
    page.goto("/vehicles/add")
    expect(page.locator(STREETS)).to_be_visible()

    page.locator(".map").click(position={"x": 150, "y": 120})
    expect(page.locator(".pin-chosen")).to_be_visible()

    # The map moves the place to its middle.
    expect(page.locator(MOVING)).to_have_count(0)
    assert box(page.locator(".pin-chosen")).middle == pytest.approx(
        box(page.locator(".map")).middle, abs=2
    )


def test_a_ride_is_ended_where_the_map_was_clicked(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    stand(session_movr, owner, "bike", "Kona", BATTERY)
    log_in(page, owner)
    page.goto("/vehicles")
    page.locator(".vehicle-cards > .vehicle-card").get_by_role(
        "button", name="Start ride"
    ).first.click()
    page.get_by_text("Enter the place").click()
    page.get_by_label("Where did you leave it?").fill("2 Broadway")
    expect(page.locator(STREETS)).to_be_visible()

    page.locator(".map").click(position={"x": 100, "y": 150})
    expect(page.get_by_text("The place is marked.")).to_be_visible()
    page.get_by_role("button", name="End ride", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Your ride has ended.")
    (position,) = positions(session_movr, owner)
    assert position
    assert position.longitude < BATTERY.longitude


def fill_in_a_vehicle(page: Page) -> None:
    page.goto("/vehicles/add")
    page.get_by_label("Color").fill("teal")
    page.get_by_label("Brand").fill("Zephyr")
    page.get_by_label("Where is it?").fill("1 Battery Place")


def positions(movr: MovR, owner: Visitor) -> list[Position | None]:
    found = movr.vehicles_of(UserKey("new york", owner.id), 0, after=None, size=10).page
    return [item.vehicle.position for item in found.items]


@pytest.mark.usefixtures("street")
@pytest.mark.parametrize("path", ["/vehicles", "/vehicles/add"])
def test_axe_finds_nothing_wrong_with_the_drawing(page: Page, owner: Visitor, path: str) -> None:
    page.add_init_script(OFFLINE)
    log_in(page, owner)
    page.goto(path)

    assert violations(page) == []


def test_axe_finds_nothing_wrong_with_the_list_of_a_cluster(
    page: Page, session_movr: MovR, owner: Visitor
) -> None:
    for brand in ("Kona", "Merida"):
        stand(session_movr, owner, "bike", brand, BATTERY)
    page.add_init_script(OFFLINE)
    page.goto("/vehicles")
    page.get_by_role("link", name="2 vehicles").click()
    expect(page.get_by_role("link", name="Close")).to_be_visible()

    assert violations(page) == []


@pytest.mark.usefixtures("street")
def test_axe_finds_nothing_wrong_with_streets_and_a_card(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto("/vehicles")
    page.locator("button.pin").first.click()
    expect(page.locator(CARD)).to_be_visible()

    assert violations(page) == []


# Zones


def test_the_street_map_and_the_drawing_outline_the_zones_where_rides_may_end(
    page: Page, session_movr: MovR, new_http_visitor: NewVisitor
) -> None:
    """In a city of its own, because a process keeps zones longer than a test takes."""
    rider = new_http_visitor().register("seattle")
    rider.start(rider.add_vehicle(), "seattle")
    (seattle,) = (city for city in CITIES if city.name == "seattle")
    zones = [
        square("Downtown", seattle.centre, 0.02, allowed=True),
        square("Market", seattle.centre, 0.002, allowed=False),
    ]
    session_movr.city_data.replace_zones("seattle", zones, begin=zones[0].valid_from)
    log_in(page, rider)

    page.goto("/rides")
    page.get_by_text("Enter the place or mark it on the map").click()

    expect(page.locator(f"{DRAWING} .map-zone")).to_have_count(2)
    outlines = page.locator(f"{STREETS} path.map-zone")
    expect(outlines).to_have_count(2)
    expect(outlines.last).to_have_class(re.compile("map-no-parking"))
    assert violations(page) == []
