"""MovR while the database of one region does not answer."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from movr.cities import EUROPE_WEST
from movr.placement.definitions import Placement, partition_name
from tests.conftest import NewVisitor, settings_for, visiting
from tests.movr.placement.test_postgresql import place
from tests.web.test_errors import assert_is_error_page
from web.app import create_app


@pytest.fixture
def new_visitor_elsewhere(own_database: str, postgres: Engine) -> Iterator[NewVisitor]:
    """Create visitors of a MovR in another region, whose rows are partitioned by region."""
    place(postgres, Placement.POSTGRES_PARTITION)
    with visiting(create_app(settings_for(own_database))) as new:
        yield new


@contextmanager
def lost(engine: Engine, region: str) -> Iterator[None]:
    """Keep all others from the region's vehicles and rides inside the block."""
    partition = partition_name(region)
    with engine.begin() as connection:
        for table in ("vehicles", "rides"):
            connection.execute(text(f"LOCK TABLE {table}_{partition} IN ACCESS EXCLUSIVE MODE"))
        yield


def test_the_last_list_of_a_lost_region_is_shown_with_its_time_and_without_buttons(
    new_visitor_elsewhere: NewVisitor, postgres: Engine
) -> None:
    owner, visitor = new_visitor_elsewhere().register("paris"), new_visitor_elsewhere()
    vehicle = owner.add_vehicle("1 Rue Royale")
    for who in (owner, visitor):
        who.post("/city/paris")
    for query in ("", "?type=skateboard", "?near=48.86,2.36", f"?after=0~{vehicle}"):
        assert visitor.get(f"/vehicles{query}").status_code == 200
    number = re.search(r"number </span>([0-9]{6})", owner.get("/vehicles").text)
    assert number

    with lost(postgres, EUROPE_WEST):
        lists = [who.get(page) for who in (owner, visitor) for page in ("/", "/vehicles?type=bike")]
        other = visitor.get(f"/vehicles/paris/{vehicle}")

    for reply in lists:
        assert_is_error_page(reply, 503)
        assert re.search(r"Available in Paris at <time [^>]+>\d\d:\d\d</time>", reply.text)
        assert "1 Rue Royale" in reply.text
        assert "/rides/start/" not in reply.text
        assert number[1] not in reply.text
    assert "Rue Royale" not in other.text


def test_a_lost_region_is_refused_calmly_and_the_other_cities_are_served(
    new_visitor_elsewhere: NewVisitor, postgres: Engine
) -> None:
    parisian, new_yorker = (new_visitor_elsewhere().register(c) for c in ("paris", "new york"))
    in_paris, in_new_york = parisian.add_vehicle(), new_yorker.add_vehicle()

    with lost(postgres, EUROPE_WEST):
        refused = [parisian.get("/vehicles"), parisian.start(in_paris, "paris")]
        served = new_yorker.follow(new_yorker.start(in_new_york, "new york"))

    for reply in refused:
        assert "please try again" in assert_is_error_page(reply, 503).lower()
        assert reply.headers["Retry-After"] == "5"
    assert "Have a good ride" in served
    assert "Have a good ride" in parisian.follow(parisian.start(in_paris, "paris"))
