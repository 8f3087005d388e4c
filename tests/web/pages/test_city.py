"""The current city: its sources, and the choice in the session."""

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import Engine

from tests.conftest import AppOf, NewVisitor, settings_for, visiting, visitors_of
from tests.visitor import PASSWORD, Visitor, sentences
from web.app import create_app

GUESSED = "We do not know where you are, so this page shows New York."
HOME = ("/", "/home")
PUBLIC = (*HOME, "/vehicles", "/login", "/register")
ROME = "41.9,12.5"


@pytest.fixture
def new_western_visitor(database: str, app_of: AppOf) -> Iterator[NewVisitor]:
    """Create visitors of a deployment in the region gcp-us-west1."""
    with visitors_of(app_of(replace(settings_for(database), region="gcp-us-west1"))) as new:
        yield new


def city(reply: httpx.Response) -> str:
    """Return the label of the city that a page shows."""
    found = re.search(r"City: </span><strong>([^<]+)</strong>", reply.text)
    assert found, f"{reply.status_code}: no city"
    return found[1]


def test_the_source_of_highest_priority_determines_the_city(
    new_western_visitor: NewVisitor,
) -> None:
    """Sources are added in ascending priority; each overrides the previous ones."""
    visitor = new_western_visitor()
    headers: dict[str, str] = {}

    seen = [city(visitor.get("/vehicles", headers))]
    visitor.register("boston")
    seen.append(city(visitor.get("/vehicles", headers)))
    headers["X-City-Lat-Long"] = ROME
    seen.append(city(visitor.get("/vehicles", headers)))
    headers = {"X-City": "washington dc"}
    seen.append(city(visitor.get("/vehicles", headers)))
    visitor.post("/city/paris", headers)
    seen.append(city(visitor.get("/vehicles", headers)))

    assert seen == ["Seattle", "Boston", "Rome", "Washington DC", "Paris"]


def test_x_city_from_names_the_source_of_the_city(
    visitor: Visitor, new_western_visitor: NewVisitor
) -> None:
    """Operators use it to check the load balancer's headers."""
    western = new_western_visitor()
    named, placed = {"X-City": "boston"}, {"X-City-Lat-Long": ROME}

    replies = [visitor.get("/")]
    replies += [western.get("/", headers) for headers in ({}, placed, named)]
    replies += [western.register("paris").get("/")]
    western.post("/city/rome")
    replies += [western.get("/", named)]

    sources = [reply.headers["X-City-From"] for reply in replies]
    assert sources == ["default", "region", "coordinates", "header", "home", "chosen"]
    assert "X-City-From" not in western.get("/healthz").headers


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"X-City": "nowhere"}, "Seattle"),
        ({"X-City": "nowhere", "X-City-Lat-Long": ROME}, "Rome"),
        ({"X-City-Lat-Long": "north,south"}, "Seattle"),
        ({"X-City": " PARIS ", "X-City-Lat-Long": "north,south"}, "Paris"),
    ],
)
def test_an_invalid_source_is_skipped(
    new_western_visitor: NewVisitor, headers: dict[str, str], shown: str
) -> None:
    reply = new_western_visitor().get("/", headers)

    assert (reply.status_code, city(reply)) == (200, shown)


@pytest.mark.parametrize("path", ["/nowhere", "/rides/start/no-id", "/static/nothing"])
def test_an_error_page_shows_the_city_too(new_western_visitor: NewVisitor, path: str) -> None:
    reply = new_western_visitor().get(path, {"X-City-Lat-Long": ROME})

    assert (reply.status_code, city(reply)) == (404, "Rome")


def test_without_any_source_the_city_is_new_york_with_one_message(visitor: Visitor) -> None:
    first, second = visitor.get("/"), visitor.get("/")

    assert (city(first), city(second)) == ("New York", "New York")
    assert first.text.count(GUESSED) == 1
    assert GUESSED not in second.text


@pytest.mark.parametrize("path", PUBLIC)
def test_the_default_city_message_is_on_the_first_page(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).text.count(GUESSED) == 1
    assert GUESSED not in visitor.get("/").text


def test_probes_get_no_cookie_and_no_default_city_message(visitor: Visitor) -> None:
    replies = [visitor.get(path) for path in ("/healthz", "/readyz", "/metrics")]

    assert not any("Set-Cookie" in reply.headers for reply in replies)
    assert GUESSED in visitor.get("/").text


def test_each_visitor_gets_the_default_city_message(new_visitor: NewVisitor) -> None:
    assert all(GUESSED in new_visitor().get("/").text for _ in range(2))


def test_login_and_logout_do_not_repeat_the_message(visitor: Visitor) -> None:
    assert GUESSED in visitor.get("/").text
    visitor.register()

    said = [visitor.get("/").text, visitor.follow(visitor.post("/logout"))]

    assert not any(GUESSED in text for text in said)


@pytest.mark.parametrize("headers", [{"X-City": "New York"}, {"X-City-Lat-Long": "40.7,-74"}])
def test_no_message_if_the_load_balancer_sent_the_city(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    reply = visitor.get("/", headers)

    assert city(reply) == "New York"
    assert GUESSED not in reply.text


def test_no_message_if_the_region_determined_the_city(new_western_visitor: NewVisitor) -> None:
    assert GUESSED not in new_western_visitor().get("/").text


YOU_CAN_CHOOSE = "You can choose another city at the top of the page."
MESSAGE = 'class="alert'
NEAREST = "MovR is not in {} yet; the nearest city is {}."
INSTEAD = "MovR is not in {} yet, so this page shows {}."
CHICAGO = {"X-City": "Chicago", "X-City-Lat-Long": "41.878113,-87.629799"}
PARIS_IN_TEXAS = {"X-City": "Paris", "X-City-Lat-Long": "33.660939,-95.555513"}


@pytest.mark.parametrize("path", PUBLIC)
def test_a_place_that_movr_does_not_serve_is_said_once(visitor: Visitor, path: str) -> None:
    first, second = visitor.get(path, CHICAGO), visitor.get("/", CHICAGO)

    assert (city(first), city(second)) == ("Washington DC", "Washington DC")
    assert first.text.count(NEAREST.format("Chicago", "Washington DC")) == 1
    assert "MovR is not in" not in second.text
    assert GUESSED not in first.text + second.text


@pytest.mark.parametrize(
    ("headers", "shown", "said"),
    [
        (PARIS_IN_TEXAS, "Washington DC", NEAREST.format("your city", "Washington DC")),
        ({"X-City-Lat-Long": "51.5,-0.13"}, "Paris", NEAREST.format("your city", "Paris")),
        (
            {"X-City": "", "X-City-Lat-Long": "51.5,-0.13"},
            "Paris",
            NEAREST.format("your city", "Paris"),
        ),
        ({"X-City": "Chicago"}, "New York", INSTEAD.format("Chicago", "New York")),
        (
            {"X-City": "S%C3%A3o%20Paulo", "X-City-Lat-Long": "0.000000,0.000000"},
            "New York",
            INSTEAD.format("São Paulo", "New York"),
        ),
        ({"X-City": "", "X-City-Lat-Long": "0.000000,0.000000"}, "New York", GUESSED),
        ({"X-City": "unknown"}, "New York", GUESSED),
    ],
)
def test_the_message_says_what_the_headers_say(
    visitor: Visitor, headers: dict[str, str], shown: str, said: str
) -> None:
    reply = visitor.get("/", headers)

    assert city(reply) == shown
    assert f"{said} {YOU_CAN_CHOOSE}" in sentences(reply)


def test_a_header_in_utf_8_is_read(new_http_visitor: NewVisitor) -> None:
    client = new_http_visitor().client

    unserved = client.get("/", headers={b"X-City": "São Paulo".encode()})
    served = client.get("/", headers={b"X-City": "Los Ángeles".encode()})

    assert INSTEAD.format("São Paulo", "New York") in sentences(unserved)
    assert city(served) == "Los Angeles"


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"X-City": "NYC"}, "New York"),
        ({"X-City": "Washington D.C."}, "Washington DC"),
        ({"X-City": "Roma", "X-City-Lat-Long": ROME}, "Rome"),
        ({"X-City": "Jersey City", "X-City-Lat-Long": "40.728157,-74.077642"}, "New York"),
    ],
)
def test_an_alias_or_a_place_within_the_area_of_a_city_shows_it_without_a_message(
    visitor: Visitor, headers: dict[str, str], shown: str
) -> None:
    reply = visitor.get("/", headers)

    assert city(reply) == shown
    assert MESSAGE not in reply.text


def test_a_member_abroad_is_told_that_movr_is_not_there(visitor: Visitor) -> None:
    visitor.register("boston").get("/")

    reply = visitor.get("/", {"X-City": "Chicago"})

    assert INSTEAD.format("Chicago", "Boston") in sentences(reply)


def test_a_message_about_another_place_is_shown_after_a_journey(visitor: Visitor) -> None:
    visitor.get("/", CHICAGO)

    reply = visitor.get("/", {"X-City": "London", "X-City-Lat-Long": "51.5,-0.13"})

    assert NEAREST.format("London", "Paris") in sentences(reply)


def test_the_names_of_both_city_headers_are_a_setting(database: str, engine: Engine) -> None:  # noqa: ARG001
    settings = replace(settings_for(database), city_header="X-Client-Geo")
    with visiting(create_app(settings)) as new:
        named = new().get("/", {"X-Client-Geo": "paris", "X-City": "boston"})
        placed = new().get("/", {"X-Client-Geo-Lat-Long": ROME, "X-City-Lat-Long": "42.4,-71"})
        former = new().get("/", {"X-City": "boston", "X-City-Lat-Long": "42.4,-71"})

    assert [city(named), city(placed), city(former)] == ["Paris", "Rome", "New York"]


# The choice of a city


def test_a_chosen_city_is_remembered(visitor: Visitor) -> None:
    reply = visitor.post("/city/paris")

    assert reply.status_code == 303
    assert reply.headers["Location"] in HOME
    assert [city(visitor.get(path)) for path in PUBLIC] == ["Paris"] * len(PUBLIC)


def test_a_chosen_city_survives_registering_logging_out_and_logging_in(visitor: Visitor) -> None:
    visitor.post("/city/paris")

    seen = [city(visitor.register("boston").get("/"))]
    visitor.post("/logout")
    seen.append(city(visitor.get("/")))
    visitor.log_in(visitor.username)
    seen.append(city(visitor.get("/")))

    assert seen == ["Paris"] * 3


def test_another_choice_replaces_the_first(visitor: Visitor) -> None:
    visitor.post("/city/paris")
    visitor.post("/city/rome")

    assert city(visitor.get("/")) == "Rome"


def test_a_chosen_city_applies_to_one_session_only(new_visitor: NewVisitor) -> None:
    new_visitor().post("/city/paris")

    assert city(new_visitor().get("/")) == "New York"


def test_choosing_a_city_returns_to_the_same_page(visitor: Visitor) -> None:
    reply = visitor.post("/city/Los%20Angeles", next="/vehicles")

    assert reply.headers["Location"] == "/vehicles"
    assert city(visitor.get("/vehicles")) == "Los Angeles"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", ""]
)
def test_choosing_a_city_never_redirects_to_another_site(visitor: Visitor, elsewhere: str) -> None:
    assert visitor.post("/city/paris", next=elsewhere).headers["Location"] in HOME


@pytest.mark.parametrize("name", ["tokyo", "paris2", "%20", "%00", "new_york", "x" * 1000])
def test_a_city_that_movr_does_not_serve_is_not_found_and_changes_nothing(
    visitor: Visitor, name: str
) -> None:
    visitor.post("/city/paris")

    assert visitor.post(f"/city/{name}").status_code == 404
    assert city(visitor.get("/")) == "Paris"


def test_every_page_offers_all_nine_cities(visitor: Visitor) -> None:
    for path in PUBLIC:
        assert len(set(re.findall(r'action="/city/([^"]+)"', visitor.get(path).text))) == 9


def test_each_city_shows_its_own_vehicles_and_no_other_s(new_visitor: NewVisitor) -> None:
    for home in ("new york", "paris"):
        new_visitor().register(home).add_vehicle(f"somewhere in {home}")
    visitor = new_visitor()
    visitor.post("/city/paris")

    page = visitor.get("/vehicles").text

    assert "somewhere in paris" in page
    assert "somewhere in new york" not in page


def test_registration_preselects_the_current_city(visitor: Visitor) -> None:
    visitor.post("/city/rome")

    assert re.search(r'<option selected value="rome">', visitor.get("/register").text)


# The offer of the city where the headers place a visitor who chose another

ROMAN = {"X-City": "Roma", "X-City-Lat-Long": ROME}


def offers(reply: httpx.Response) -> list[str]:
    """Return the names of the cities in the offers of a page."""
    return re.findall(r"In [^?<]+\?.*?Show ([^<]+)<", reply.text)


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("headers", [ROMAN, {"X-City": "roma"}, {"X-City-Lat-Long": ROME}])
def test_a_chosen_city_stays_and_the_city_of_the_headers_is_offered(
    visitor: Visitor, path: str, headers: dict[str, str]
) -> None:
    visitor.post("/city/paris")

    reply = visitor.get(path, headers)

    assert (city(reply), offers(reply)) == ("Paris", ["Rome"])


def test_an_accepted_offer_shows_the_city_on_the_same_page_without_the_offer(
    visitor: Visitor,
) -> None:
    visitor.post("/city/paris")
    page = visitor.get("/vehicles", ROMAN).text
    offer = re.search(r'form="cities" formaction="([^"]+)"', page)
    assert offer
    assert '<input type="hidden" name="next" value="/vehicles">' in page

    reply = visitor.get(visitor.post(offer[1], next="/vehicles").headers["Location"], ROMAN)

    assert (reply.url.path, city(reply), offers(reply)) == ("/vehicles", "Rome", [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-City": "paris"},
        {"X-City": "nowhere"},
        CHICAGO,
        PARIS_IN_TEXAS,
        {"X-City": "", "X-City-Lat-Long": "0.000000,0.000000"},
    ],
)
def test_no_city_is_offered_unless_the_headers_say_another_served_one(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    visitor.post("/city/paris")

    reply = visitor.get("/", headers)

    assert (city(reply), offers(reply)) == ("Paris", [])
    assert MESSAGE not in reply.text


def test_without_a_choice_the_city_of_the_headers_is_shown_and_none_is_offered(
    visitor: Visitor,
) -> None:
    reply = visitor.register("paris").get("/", ROMAN)

    assert (city(reply), offers(reply)) == ("Rome", [])


# The first page of a session


@pytest.mark.parametrize("path", [*PUBLIC, "/healthz", "/readyz", "/metrics"])
def test_each_public_page_works_as_the_first_page_of_a_session(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/rides", "/users", "/vehicles/add"])
def test_a_members_page_redirects_to_login_and_back(
    visitor: Visitor, new_visitor: NewVisitor, path: str
) -> None:
    username = new_visitor().register().username

    asked = visitor.get(path)
    form = visitor.get(asked.headers["Location"])
    found = re.search(r'action="/login">.+?name="next" value="([^"]+)"', form.text, re.DOTALL)
    assert found
    reply = visitor.post("/login", username=username, password=PASSWORD, next=found[1])

    assert "Please log in first." in sentences(form)
    assert reply.headers["Location"] == path
    assert visitor.get(path).status_code == 200
