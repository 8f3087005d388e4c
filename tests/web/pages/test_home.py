"""The home page, for visitors who arrive: what is available, and where to go next."""

import re

import pytest
from sqlalchemy import Engine, text

from movr.results import MOST_COUNTED
from tests.conftest import NewVisitor
from tests.visitor import Visitor

COPIES = text(
    "INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color,"
    " brand) SELECT city, gen_random_uuid(), type, owner_id, date_added, status, last_location,"
    " color, brand FROM vehicles, generate_series(1, :copies)"
)


def counts(visitor: Visitor) -> list[str]:
    """Return the links to the available vehicles of each type: `type: words`."""
    page = visitor.get("/").text
    found = re.findall(r'href="/vehicles\?type=(\w+)">.*?</svg> ([^<]+)</a>', page)
    return [f"{type_}: {words}" for type_, words in found]


def test_the_home_page_counts_the_available_vehicles_of_the_city_by_type(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    owner = new_visitor().register()
    reserved, taken = (owner.add_vehicle(type="scooter") for _ in range(2))
    owner.add_vehicle(type="bike")
    new_visitor().register("paris").add_vehicle(type="skateboard")

    assert counts(visitor) == counts(owner) == ["bike: 1 bike", "scooter: 2 scooters"]

    owner.start(taken)

    assert counts(visitor) == counts(owner) == ["bike: 1 bike", "scooter: 1 scooter"]

    new_visitor().register().reserve(reserved)

    assert counts(visitor) == counts(owner) == ["bike: 1 bike"]


def test_the_home_page_says_if_no_vehicle_is_available(visitor: Visitor) -> None:
    assert "No vehicles are available here right now." in visitor.get("/").text
    assert "No vehicles are available here right now." in visitor.register().get("/").text


def test_more_vehicles_than_the_home_page_counts_are_said_to_be_more(
    visitor: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    visitor.register().add_vehicle()
    with engine.begin() as connection:
        connection.execute(COPIES, {"copies": MOST_COUNTED - 1})
    assert counts(visitor) == ["bike: 1,000 bikes"]

    new_visitor().register().add_vehicle()

    assert "More than 1,000 vehicles" in visitor.get("/").text
    assert counts(visitor) == ["bike: Bikes"]


def test_the_home_page_leads_to_the_next_step(visitor: Visitor) -> None:
    def next_steps() -> list[str]:
        return re.findall(r'class="btn [^"]*btn-lg" href="([^"]+)"', visitor.get("/").text)

    assert next_steps() == ["/register", "/login"]

    vehicle = visitor.register().add_vehicle()
    assert next_steps() == ["/vehicles"]

    visitor.start(vehicle)
    assert next_steps() == ["/rides#riding"]


@pytest.mark.parametrize("path", ["/vehicles", "/vehicles/new-york/{vehicle}"])
def test_riders_see_no_button_to_start_another_ride(new_visitor: NewVisitor, path: str) -> None:
    owner, rider = new_visitor().register(), new_visitor().register()
    taken, other = (owner.add_vehicle() for _ in range(2))
    path = path.format(vehicle=other)
    assert "/rides/start/" in rider.get(path).text

    rider.start(taken)
    page = rider.get(path).text

    assert "/rides/start/" not in page
    assert page.count("You can start another ride when yours has ended.") == 1
    assert "/rides/start/" in owner.get(path).text
