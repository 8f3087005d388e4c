"""Nobody can be followed: what pages, feeds, cursors and links show of vehicles, and to whom."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from movr.errors import VehicleTaken
from tests.conftest import AppOf, NewVisitor, settings_for, visitors_of
from tests.visitor import Visitor, next_page, sentences
from web import background_cache

pytestmark = pytest.mark.usefixtures("complete_feeds")

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FEED = "/gbfs/v3/new-york/vehicle_status.json"
LISTS = ("/", "/vehicles", "/vehicles?near=40.71,-74.01")
THERE = {"latitude": "40.72", "longitude": "-74.0"}


@pytest.fixture(autouse=True)
def current_feeds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the feed for each request, as it would be after half a minute."""
    monkeypatch.setattr(background_cache, "MAX_AGE", 0)
    monkeypatch.setattr(background_cache, "TTL", 0)


@pytest.fixture
def new_reader(database: str, app_of: AppOf) -> Iterator[NewVisitor]:
    """Create visitors of a site whose pages hold two items, so that lists have cursors."""
    with visitors_of(app_of(replace(settings_for(database), page_size=2))) as new:
        yield new


@pytest.fixture
def owner(new_reader: NewVisitor) -> Visitor:
    """A New Yorker with five vehicles, of which one has no position."""
    owner = new_reader().register()
    for number in range(4):
        owner.add_vehicle(f"{number} Wall Street")
    owner.add_vehicle("behind the church", latitude="", longitude="")
    return owner


@pytest.fixture
def rider(new_reader: NewVisitor) -> Visitor:
    return new_reader().register()


def shown(visitor: Visitor) -> list[str]:
    """Return all that a visitor can read of vehicles: lists to their end, feed, and their links."""
    texts = [visitor.get(FEED).text]
    for path in LISTS:
        texts.append(visitor.get(path).text)
        while 'rel="next"' in texts[-1]:
            texts.append(visitor.get(next_page(texts[-1])).text)
    links = {
        link for text in texts for link in re.findall(r"/vehicles/new-york/[0-9a-f-]{36}", text)
    }
    texts += [visitor.get(link).text for link in sorted(links)]
    for path in ("/users", "/rides", f"/vehicles?after=0~{UUID(int=0)}"):
        texts.append(visitor.get(path).text)
    return texts


def ids_in(texts: list[str]) -> set[str]:
    return {id_ for text in texts for id_ in ID.findall(text)}


def permanent_ids(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return {str(id_) for id_ in connection.execute(text("SELECT id FROM vehicles")).scalars()}


def test_a_stranger_and_a_member_see_no_permanent_id(
    new_reader: NewVisitor, owner: Visitor, rider: Visitor, engine: Engine
) -> None:
    stranger, secrets = new_reader(), permanent_ids(engine)
    vehicle = owner.add_vehicle()
    rider.start(vehicle)
    ride = rider.active_ride()
    riding = shown(rider)
    receipt = rider.end(ride, **THERE).headers["Location"]

    seen = [*shown(stranger), *riding, *shown(rider), rider.get(receipt).text]

    assert len(secrets) == 5
    assert len(permanent_ids(engine)) == 6
    assert ids_in(seen) & permanent_ids(engine) == set()


def test_a_stranger_sees_no_number(
    new_reader: NewVisitor, owner: Visitor, rider: Visitor, engine: Engine
) -> None:
    """Numbers stay, so that they would tell the vehicle of a trip's start from all others."""
    with engine.connect() as connection:
        found = connection.execute(text("SELECT number FROM vehicles")).scalars().all()
    numbers = re.compile(rf"\b({'|'.join(map(str, found))})\b")

    of_stranger, of_member = ("".join(shown(who)) for who in (new_reader(), rider))
    assert numbers.findall(of_stranger) == []
    assert set(numbers.findall(of_member)) == set(map(str, found))
    assert numbers.findall(owner.get(FEED).text) == []


def test_the_owner_alone_sees_the_permanent_ids_of_their_vehicles(
    owner: Visitor, rider: Visitor, engine: Engine
) -> None:
    profile, pages = f"/users/{owner.id}", []
    pages.append(owner.get(profile).text)
    while 'rel="next"' in pages[-1]:
        pages.append(owner.get(next_page(pages[-1])).text)

    assert permanent_ids(engine) <= ids_in(pages)
    assert rider.get(profile).status_code == 403
    assert ids_in(shown(owner)) & permanent_ids(engine) == set()


def test_a_stranger_and_a_member_see_no_vehicle_in_use(
    new_reader: NewVisitor, owner: Visitor, rider: Visitor
) -> None:
    stranger, other = new_reader(), new_reader().register()
    vehicle = owner.add_vehicle("7 Secret Street")
    before = shown(stranger)
    rider.start(vehicle)

    during = [*shown(stranger), *shown(other), *shown(owner), *shown(rider)[:-2]]

    assert any("7 Secret Street" in text for text in before)
    assert [text for text in during if "7 Secret Street" in text or str(vehicle) in text] == []
    for who in (stranger, other):
        page = who.get(f"/vehicles/new-york/{vehicle}")
        assert page.status_code == 404
        assert "7 Secret Street" not in page.text
        assert "Kona" not in page.text


def test_polling_the_lists_does_not_let_anyone_follow_a_trip(
    new_reader: NewVisitor, rider: Visitor
) -> None:
    """The start and the end of a trip have nothing in common that names the vehicle."""
    vehicle = new_reader().register().add_vehicle("1 Wall Street")
    stranger = new_reader()
    before = shown(stranger)
    rider.start(vehicle)
    during = shown(stranger)
    rider.end(rider.active_ride(), "64 Christopher Street", **THERE)

    after = shown(stranger)

    constant = {str(UUID(int=0))}
    assert ids_in(before) - constant == {str(vehicle)}
    assert ids_in(during) - constant == set()
    assert len(ids_in(after) - constant) == 1
    assert ids_in(before) & ids_in(after) <= constant


def test_the_id_of_before_a_ride_leads_nowhere_after_it(
    new_reader: NewVisitor, owner: Visitor, rider: Visitor
) -> None:
    other, vehicle = new_reader().register(), owner.add_vehicle()
    rider.start(vehicle)
    rider.end(rider.active_ride(), **THERE)

    assert other.get(f"/vehicles/new-york/{vehicle}").status_code == 404
    assert VehicleTaken.sentence in other.follow(other.start(vehicle))


def test_a_refused_start_is_the_same_for_a_busy_a_removed_and_an_unknown_vehicle(
    owner: Visitor, rider: Visitor, new_reader: NewVisitor
) -> None:
    """So that ids can't be probed."""
    busy, removed = owner.add_vehicle(), owner.add_vehicle()
    owner.post(f"/vehicles/remove/{owner.permanent_id(removed)}")
    new_reader().register().start(busy)

    replies = [rider.start(id_) for id_ in (busy, removed, UUID(int=7))]

    assert {(reply.status_code, reply.headers["Location"]) for reply in replies} == {
        (303, "/vehicles")
    }
    assert sentences(rider.get("/vehicles")).count(VehicleTaken.sentence) >= 1
