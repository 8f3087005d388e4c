"""The appearance of pages: layout shifts, themes, fonts and shared links."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, opened
from tests.browser.test_languages import LARGE_TEXT, NARROW, OVERFLOW
from tests.conftest import NewVisitor
from tests.visitor import PASSWORD

SHIFT = """() => new Promise(resolve => {
  let shift = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) shift += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(shift)));
})"""
LUMINANCE = "() => getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)"


@pytest.mark.parametrize("path", ["/", "/vehicles", "/login", "/register", "/nowhere"])
def test_pages_have_no_layout_shift_and_no_horizontal_scroll(
    scripted_screen: Page, new_http_visitor: NewVisitor, path: str
) -> None:
    new_http_visitor().register().add_vehicle("W" * 100)

    scripted_screen.goto(path, wait_until="networkidle")

    assert scripted_screen.evaluate(SHIFT) == 0
    width = scripted_screen.evaluate("document.documentElement.scrollWidth")
    assert scripted_screen.viewport_size
    assert width <= scripted_screen.viewport_size["width"]


def test_no_page_scrolls_sideways_on_a_narrow_screen_with_large_text(
    browser: Browser, site: str, new_http_visitor: NewVisitor
) -> None:
    member = new_http_visitor().register()
    member.start(member.add_vehicle())
    member.end(member.active_ride())
    beyond_the_edge = []
    with opened(browser, site, {"viewport": NARROW, "locale": "fr"}) as page:
        page.goto("/login")
        page.locator("[name=username]").fill(member.username)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url("**/home")
        own = ("/rides", f"/users/{member.id}/earnings")
        for path in (*own, "/prices", "/about/regions", "/api/v1/docs/problems", "/nowhere"):
            page.goto(path)
            page.evaluate(LARGE_TEXT, "200%")
            page.locator(".city-menu summary").click()
            beyond_the_edge += page.evaluate(OVERFLOW)

    assert beyond_the_edge == []


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)])
def test_pages_follow_the_preferred_colour_scheme(
    browser: Browser, site: str, scheme: str, *, is_light: bool
) -> None:
    with opened(browser, site, PHONE | {"color_scheme": scheme}) as page:
        page.goto("/login")

        assert (sum(page.evaluate(LUMINANCE)) > 3 * 128) is is_light


@pytest.mark.parametrize(
    ("scheme", "theme", "is_light"), [("light", "dark", False), ("dark", "light", True)]
)
def test_data_bs_theme_overrides_the_preferred_colour_scheme(
    browser: Browser, site: str, scheme: str, theme: str, *, is_light: bool
) -> None:
    with opened(browser, site, PHONE | {"color_scheme": scheme}) as page:
        page.goto("/login")
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)

        assert (sum(page.evaluate(LUMINANCE)) > 3 * 128) is is_light


def test_a_shared_link_shows_a_title_a_sentence_and_a_picture(desk: Page) -> None:
    desk.goto("/vehicles")
    said = {
        name: desk.locator(f'meta[property="og:{name}"]').get_attribute("content") or ""
        for name in ("site_name", "title", "description", "image")
    }

    assert said["site_name"] == "MovR"
    assert said["title"] == desk.title() == "Vehicles in New York · MovR"
    assert "New York" in said["description"]
    picture = desk.request.get(said["image"])
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")


def test_no_page_waits_for_a_font(desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.resource_type))

    desk.goto("/")

    expect(desk.get_by_role("heading", level=1)).to_be_visible()
    assert "stylesheet" in asked
    assert "font" not in asked
