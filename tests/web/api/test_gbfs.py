"""Open data: the feeds, their consistency, and the data that they must not contain."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine, text

from movr.cities import CITIES, City
from movr.formats import VEHICLE_TYPES
from movr.movr import MovR
from tests.conftest import HERE, NewVisitor, settings_for, visiting
from tests.movr.city_data.test_zones import HOLE, ISLAND, SQUARE, collection, feature, parse
from tests.visitor import PASSWORD, Visitor, sentences
from web import background_cache
from web.app import create_app
from web.background_cache import TTL

MANIFEST = "/gbfs/v3/manifest.json"
NEW_YORK = "/gbfs/v3/new-york"
STATUS = f"{NEW_YORK}/vehicle_status.json"
FEEDS = [f"{NEW_YORK}/{name}.json" for name in ("gbfs", "system_information", "vehicle_types")]
ALL = [MANIFEST, *FEEDS, STATUS]
MOTORS = {"electric", "electric_assist"}
NO_ZONES = {
    "geofencing_zones": {"type": "FeatureCollection", "features": []},
    "global_rules": [
        {"ride_start_allowed": True, "ride_end_allowed": True, "ride_through_allowed": True}
    ],
}
THERE = {"latitude": "40.72", "longitude": "-74.0"}
TIMES = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


pytestmark = pytest.mark.usefixtures("complete_feeds")


@pytest.fixture(autouse=True)
def always_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """List vehicles anew for each request; tests/web/api/test_vehicle_feeds.py does not."""
    monkeypatch.setattr(background_cache, "MAX_AGE", 0)
    monkeypatch.setattr(background_cache, "TTL", 0)


def data(visitor: Visitor, path: str) -> Any:
    """Check the common fields of a feed and return its data."""
    reply = visitor.get(path)
    assert reply.status_code == 200, sentences(reply)
    assert reply.headers["Content-Type"] == "application/json"
    feed = reply.json()
    assert set(feed) == {"last_updated", "ttl", "version", "data"}
    assert re.fullmatch(TIMES, feed["last_updated"])
    assert (feed["version"], type(feed["ttl"])) == ("3.0", int)
    return feed["data"]


def listed(visitor: Visitor, path: str = STATUS) -> list[dict[str, Any]]:
    """Return the vehicles in a city's feed."""
    vehicles: list[dict[str, Any]] = data(visitor, path)["vehicles"]
    return vehicles


def path_of(address: str) -> str:
    """Return the path of an absolute URL of this site."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == HERE
    return parts.path


@pytest.fixture
def owner(new_visitor: NewVisitor) -> Visitor:
    """A member in New York with a vehicle of each type."""
    owner = new_visitor().register()
    for type_ in VEHICLE_TYPES:
        place = {"location": f"{type_} Street", "latitude": "40.7123456789", "longitude": "-74.01"}
        added = owner.post("/vehicles/add", type=type_, color="red", brand="Kona", **place)
        assert added.status_code == 303, sentences(added)
    return owner


@pytest.fixture
def stranger(new_visitor: NewVisitor) -> Visitor:
    return new_visitor()


# URLs of the feeds


def test_the_manifest_leads_to_every_feed_of_every_city(visitor: Visitor) -> None:
    datasets = data(visitor, MANIFEST)["datasets"]

    assert len(datasets) == len(CITIES)
    for dataset in datasets:
        ((version, url),) = ((v["version"], v["url"]) for v in dataset["versions"])
        feeds = {feed["name"]: feed["url"] for feed in data(visitor, path_of(url))["feeds"]}
        assert version == "3.0"
        assert set(feeds) == {
            *("system_information", "vehicle_types", "vehicle_status", "geofencing_zones")
        }
        information = data(visitor, path_of(feeds["system_information"]))
        assert information["system_id"] == dataset["system_id"]
        assert path_of(information["manifest_url"]) == MANIFEST
        assert data(visitor, path_of(feeds["vehicle_types"]))["vehicle_types"]
        assert data(visitor, path_of(feeds["geofencing_zones"])) == NO_ZONES
        assert listed(visitor, path_of(feeds["vehicle_status"])) == []


def test_zones_are_listed_with_their_rules_those_without_parking_first(
    visitor: Visitor, movr: MovR
) -> None:
    (island,) = parse(collection(feature([ISLAND], name="Island", allowed=False)))
    (centre,) = parse(collection(feature([SQUARE, HOLE])))
    movr.city_data.replace_zones("paris", [centre, island], begin=centre.valid_from)

    found = data(visitor, "/gbfs/v3/paris/geofencing_zones.json")

    first, second = found["geofencing_zones"]["features"]
    assert first["properties"]["name"] == [{"text": "Island", "language": "en"}]
    assert first["properties"]["rules"][0]["ride_end_allowed"] is False
    assert first["properties"]["start"] == "2020-05-01T12:00:00Z"
    assert second["geometry"] == {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE[::-1]]]}
    assert found["global_rules"][0]["ride_end_allowed"] is False


def test_a_dataset_says_who_runs_it_where_and_when(visitor: Visitor) -> None:
    information = data(visitor, f"{NEW_YORK}/system_information.json")

    assert information["system_id"] == "movr_new_york"
    assert information["name"] == [{"text": "MovR New York", "language": "en"}]
    assert information["languages"] == ["en"]
    assert information["opening_hours"] == "24/7"
    assert information["timezone"] == "America/New_York"
    assert information["feed_contact_email"] == "open-data@movr.example"


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.slug)
def test_each_city_has_exactly_one_url(visitor: Visitor, city: City) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", city.slug)
    assert visitor.get(f"/gbfs/v3/{city.slug}/gbfs.json").status_code == 200
    assert visitor.get(f"/gbfs/v3/{city.slug.upper()}/gbfs.json").status_code == 404


@pytest.mark.parametrize("name", ["atlantis", "new%20york", "new york", "new_york", "%00", "movr"])
def test_a_city_that_movr_does_not_serve_has_no_feed(visitor: Visitor, name: str) -> None:
    for feed in ("gbfs", "system_information", "vehicle_types", "vehicle_status"):
        assert visitor.get(f"/gbfs/v3/{name}/{feed}.json").status_code == 404


@pytest.mark.parametrize("path", ["nowhere/vehicle_status.json", "new-york/station_status.json"])
def test_an_unknown_feed_is_a_404_as_json(visitor: Visitor, path: str) -> None:
    reply = visitor.get(f"/gbfs/v3/{path}")

    assert reply.status_code == 404
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json() == {"error": "There is no feed at this address."}
    assert "Set-Cookie" not in reply.headers
    assert "cookie" not in reply.headers.get("Vary", "").lower()
    assert reply.headers["Cache-Control"] == "public, max-age=60"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_an_unknown_path_outside_the_feeds_is_a_404_page(visitor: Visitor) -> None:
    assert "We could not find this page." in sentences(visitor.get("/gbfs"))


def test_every_page_leads_to_the_manifest(visitor: Visitor) -> None:
    link = f'<link rel="gbfs" href="{MANIFEST}" type="application/json">'

    assert all(link in visitor.get(path).text for path in ("/", "/vehicles", "/login"))


def test_feed_urls_have_the_host_of_the_request(database: str, engine: Engine) -> None:  # noqa: ARG001 - emptied
    behind_a_proxy = create_app(replace(settings_for(database), proxy_hops=1))
    with visiting(behind_a_proxy, "http://nyc.movr.test") as new:
        reply = new().get(MANIFEST, {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})

    urls = [
        version["url"] for item in reply.json()["data"]["datasets"] for version in item["versions"]
    ]
    assert len(urls) == len(CITIES)
    assert all(url.startswith("https://nyc.movr.test/gbfs/v3/") for url in urls)


# Consistency


def test_every_vehicle_has_a_defined_type(owner: Visitor) -> None:
    types = {
        item["vehicle_type_id"]: item
        for item in data(owner, f"{NEW_YORK}/vehicle_types.json")["vehicle_types"]
    }
    vehicles = listed(owner)

    assert {vehicle["vehicle_type_id"] for vehicle in vehicles} == set(types) == set(VEHICLE_TYPES)
    for vehicle in vehicles:
        type_ = types[vehicle["vehicle_type_id"]]
        has_motor = type_["propulsion_type"] in MOTORS
        assert ("max_range_meters" in type_) == has_motor
        assert ("current_range_meters" in vehicle) == has_motor
        if has_motor:
            assert 0 < vehicle["current_range_meters"] <= type_["max_range_meters"]


def test_vehicle_types_use_gbfs_terms(visitor: Visitor) -> None:
    types = data(visitor, f"{NEW_YORK}/vehicle_types.json")["vehicle_types"]

    assert [(t["vehicle_type_id"], t["form_factor"], t["propulsion_type"]) for t in types] == [
        ("bike", "bicycle", "human"),
        ("scooter", "scooter_standing", "electric"),
        ("skateboard", "other", "human"),
    ]


def test_a_vehicle_is_listed_with_its_place_and_its_page(owner: Visitor) -> None:
    vehicle = listed(owner)[0]

    assert (vehicle["lat"], vehicle["lon"]) == (40.712346, -74.01)
    assert (vehicle["is_reserved"], vehicle["is_disabled"]) == (False, False)
    page = path_of(vehicle["rental_uris"]["web"])
    assert page == f"/vehicles/new-york/{vehicle['vehicle_id']}"


def test_a_city_lists_its_own_vehicles_only(owner: Visitor) -> None:
    assert len(listed(owner)) == 3
    assert listed(owner, "/gbfs/v3/boston/vehicle_status.json") == []


def test_the_status_feed_has_the_current_time(owner: Visitor) -> None:
    feed = owner.get(STATUS).json()

    age = datetime.now(UTC) - datetime.fromisoformat(feed["last_updated"])
    assert timedelta() <= age < timedelta(minutes=1)


# Privacy


def test_a_vehicle_is_not_listed_while_it_is_ridden(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle()
    free = listed(visitor)

    visitor.start(vehicle)

    assert (len(free), listed(visitor)) == (1, [])


def test_a_vehicle_of_unknown_position_is_not_listed_but_has_its_page(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle(latitude="", longitude="")

    assert listed(visitor) == []
    assert "(approximate)" in visitor.get(f"/vehicles/new-york/{vehicle}").text


def test_a_removed_vehicle_is_not_listed(visitor: Visitor) -> None:
    vehicle = visitor.permanent_id(visitor.register().add_vehicle())
    page = path_of(listed(visitor)[0]["rental_uris"]["web"])

    visitor.post(f"/vehicles/remove/{vehicle}")

    assert listed(visitor) == []
    assert visitor.get(page).status_code == 404


def test_a_vehicle_has_a_new_public_id_after_each_ride(visitor: Visitor) -> None:
    visitor.register().add_vehicle()
    names = []

    for _ in range(3):
        ((name,),) = ([item["vehicle_id"]] for item in listed(visitor))
        names.append(name)
        visitor.start(UUID(name))
        visitor.end(visitor.active_ride(), **THERE)

    names += [item["vehicle_id"] for item in listed(visitor)]
    assert len(set(names)) == 4
    assert {UUID(name).version for name in names} == {4}


@pytest.mark.usefixtures("owner")
def test_no_feed_or_linked_page_shows_a_permanent_id_to_anonymous_visitors(
    stranger: Visitor, engine: Engine
) -> None:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, owner_id FROM vehicles")).all()
    secrets = {str(id_) for row in rows for id_ in row}
    pages = [path_of(vehicle["rental_uris"]["web"]) for vehicle in listed(stranger)]

    told = [stranger.get(path).text for path in (*ALL, *pages)]

    assert (len(secrets), len(pages)) == (4, 3)
    assert [secret for secret in secrets for page in told if secret in page] == []


# Caching and cost


@pytest.mark.parametrize("path", ALL)
def test_any_site_may_read_a_feed_and_shared_caches_may_store_it(owner: Visitor, path: str) -> None:
    reply = owner.get(path)  # with a session

    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in reply.headers
    assert "cookie" not in reply.headers.get("Vary", "").lower()
    kept = dict(
        part.strip().partition("=")[::2] for part in reply.headers["Cache-Control"].split(",")
    )
    assert {"public", "must-revalidate"} <= set(kept)
    assert int(kept["max-age"]) == (TTL if path == STATUS else reply.json()["ttl"])


@pytest.mark.parametrize("path", ALL)
def test_a_feed_that_has_not_changed_is_not_sent_again(owner: Visitor, path: str) -> None:
    first = owner.get(path)

    again = owner.get(path, {"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Access-Control-Allow-Origin"] == "*"


def test_a_feed_that_has_changed_is_sent_again(owner: Visitor) -> None:
    tag = owner.get(STATUS).headers["ETag"]
    owner.add_vehicle()

    again = owner.get(STATUS, {"If-None-Match": tag})

    assert (again.status_code, len(again.json()["data"]["vehicles"])) == (200, 4)
    assert again.headers["ETag"] != tag


def test_only_static_feeds_accept_if_modified_since(owner: Visitor) -> None:
    since = {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}

    assert [owner.get(path, since).status_code for path in (MANIFEST, *FEEDS)] == [304] * 4
    assert owner.get(STATUS, since).status_code == 200


@pytest.mark.parametrize("path", ALL)
def test_head_has_the_headers_of_get(owner: Visitor, path: str) -> None:
    tag = owner.get(path).headers["ETag"]
    head = owner.client.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == tag


@pytest.mark.parametrize("path", ALL)
def test_a_client_of_a_feed_waits_for_no_statement(owner: Visitor, path: str) -> None:
    assert 'desc="0 statements"' in owner.get(path).headers["Server-Timing"]


# The page of a vehicle


@pytest.fixture
def page(visitor: Visitor) -> str:
    """The path of a vehicle's page, from the feed of New York."""
    visitor.register().add_vehicle("9 Pine Street")
    return path_of(listed(visitor)[0]["rental_uris"]["web"])


def test_an_anonymous_visitor_sees_the_vehicle_and_returns_to_it_after_login(
    stranger: Visitor, page: str
) -> None:
    reply = stranger.get(page)

    assert reply.status_code == 200
    assert all(words in reply.text for words in ("Kona", "red bike", "9 Pine Street", "Available"))
    assert "/rides/start/" not in reply.text
    assert f'href="/login?next={page}"' in reply.text
    assert "noindex" in reply.headers["X-Robots-Tag"]


def test_the_vehicle_page_shows_the_city_of_its_url(stranger: Visitor, page: str) -> None:
    assert "<strong>New York</strong>" in stranger.get(page, {"X-City": "paris"}).text
    assert "<strong>Paris</strong>" in stranger.get("/vehicles", {"X-City": "paris"}).text


def test_a_ride_starts_from_the_vehicle_page_after_login(
    stranger: Visitor, new_visitor: NewVisitor, page: str
) -> None:
    username = new_visitor().register("paris").username
    back = stranger.post("/login", username=username, password=PASSWORD, next=page)
    shown = stranger.get(back.headers["Location"]).text
    form = re.search(
        r'action="(/rides/start/[^"]+)".*?name="city" value="([^"]+)"', shown, re.DOTALL
    )
    assert form, "there is no form to start a ride"

    assert stranger.post(form[1], city=form[2]).headers["Location"] == "/rides"
    assert stranger.active_ride()


def ride(visitor: Visitor, *, to_its_end: bool) -> None:
    """Ride the only vehicle."""
    found = re.search(r"/rides/start/([0-9a-f-]{36})", visitor.get("/vehicles").text)
    assert found
    visitor.start(UUID(found[1]))
    if to_its_end:
        visitor.end(visitor.active_ride())


@pytest.mark.parametrize("to_its_end", [False, True], ids=["on a ride", "after a ride"])
def test_an_old_public_id_links_to_the_other_vehicles_of_the_city(
    visitor: Visitor, stranger: Visitor, page: str, *, to_its_end: bool
) -> None:
    ride(visitor, to_its_end=to_its_end)

    reply = stranger.get(page, {"X-City": "paris"})

    assert "404: This vehicle is in use or reserved, or it has been moved or removed." in sentences(
        reply
    )
    assert "See the vehicles in New York" in reply.text
    chosen = stranger.post("/city/new%20york", next="/vehicles")
    assert "Vehicles in New York" in stranger.get(chosen.headers["Location"]).text


def test_the_page_of_an_old_public_id_is_the_same_during_and_after_a_ride(
    visitor: Visitor, stranger: Visitor, page: str
) -> None:
    ride(visitor, to_its_end=False)
    during = stranger.get(page)
    visitor.end(visitor.active_ride())
    after = stranger.get(page)

    def body(reply: httpx.Response) -> str:
        return re.sub(r'name="csrf_token" value="[^"]+"', "", reply.text)

    assert body(during) == body(after)


@pytest.mark.parametrize("path", ["boston/{id}", "atlantis/{id}", "new-york/7", "remove/{id}"])
def test_a_vehicle_has_no_page_in_another_city(stranger: Visitor, page: str, path: str) -> None:
    id_ = page.rpartition("/")[2]

    assert stranger.get(f"/vehicles/{path.format(id=id_)}").status_code in {303, 404}


@pytest.fixture
def contacted(database: str, engine: Engine) -> Iterator[Visitor]:  # noqa: ARG001 - emptied
    settings = replace(settings_for(database), contact_email="maps@movr.test")
    with visiting(create_app(settings)) as new:
        yield new()


def test_the_contact_address_is_a_setting(contacted: Visitor) -> None:
    information = data(contacted, f"{NEW_YORK}/system_information.json")

    assert information["feed_contact_email"] == "maps@movr.test"


# Other requests than GET


ELSEWHERE = {"Origin": "https://maps.example"}


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
@pytest.mark.parametrize(
    ("path", "status"), [("/gbfs/v3/manifest.json", 405), ("/gbfs/v3/nothing.json", 404)]
)
def test_a_script_of_another_site_can_read_why_its_post_is_refused(
    visitor: Visitor, path: str, status: int, content_type: str
) -> None:
    reply = visitor.client.post(
        path, content=b"{}", headers=ELSEWHERE | {"Content-Type": content_type}
    )

    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/json")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.json()["error"].endswith(".")
    assert "Set-Cookie" not in reply.headers


def test_a_405_names_the_methods_of_a_feed(visitor: Visitor) -> None:
    allowed = visitor.client.post("/gbfs/v3/manifest.json").headers["Allow"]

    assert {"GET", "HEAD", "OPTIONS"} == set(allowed.split(", "))


def test_a_script_of_another_site_may_ask_whether_a_feed_has_changed(visitor: Visitor) -> None:
    preflight = {"Access-Control-Request-Method": "GET"}
    headers = ELSEWHERE | preflight | {"Access-Control-Request-Headers": "if-none-match"}

    reply = visitor.client.options("/gbfs/v3/manifest.json", headers=headers)

    assert reply.status_code == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert reply.headers["Access-Control-Allow-Headers"] == "*"


def test_a_feed_s_address_with_a_slash_redirects_scripts_of_other_sites(visitor: Visitor) -> None:
    reply = visitor.get("/gbfs/v3/manifest.json/", ELSEWHERE)

    assert reply.headers["Location"] == "/gbfs/v3/manifest.json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


# SITE_URL


def test_all_absolute_links_lead_to_site_url_whatever_host_a_client_names(database: str) -> None:
    site = "https://movr.example.com"
    settings = replace(settings_for(database), site_url=site)
    with visiting(create_app(settings)) as new:
        visitor = new()
        forged = {"Host": "evil.example:8000"}
        replies = [visitor.get(path, forged).text for path in (MANIFEST, *FEEDS[:2], "/")]

    assert all(site in reply for reply in replies)
    assert "evil.example" not in "".join(replies)
