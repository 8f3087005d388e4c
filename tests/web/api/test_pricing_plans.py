"""The pricing plans of the open data: computed by GBFS's rules, they are the fares."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from movr.cities import find_city
from movr.fares import Tariff, fare
from movr.results import CityTariff
from tests.conftest import NewVisitor
from tests.movr.test_fares import TARIFFS
from tests.web.pages.test_prices import charging, new_rider  # noqa: F401 - fixtures
from web.api.pricing_plans import DAYS, plan

DAY = timedelta(days=1)
NEW_YORK = "/gbfs/v3/new-york"
AMSTERDAM = find_city("amsterdam")


def by_plan(plan: dict[str, Any], length: timedelta) -> int:
    """Return what a ride costs by a plan, in cents, as GBFS 3.0 defines its fields.

    A segment's rate is charged at its start, and again after each interval before its end; an
    interval of 0 is charged once.
    """
    minutes = Fraction(length // timedelta(microseconds=1), 60_000_000)
    cents = round(plan["price"] * 100)
    for segment in plan["per_min_pricing"]:
        until = min(minutes, segment.get("end", minutes)) - segment["start"]
        times = 0
        if until > 0:
            times = -(-until // segment["interval"]) if segment["interval"] else 1
        cents += times * round(segment["rate"] * 100)
    return int(cents)


@settings(deadline=None)
@given(TARIFFS, st.timedeltas(timedelta(0), DAYS * DAY))
def test_a_ride_costs_the_same_by_the_plan_and_by_the_tariff(
    tariff: Tariff, length: timedelta
) -> None:
    assert AMSTERDAM
    row = CityTariff("bike", datetime(2026, 1, 1, tzinfo=UTC), *tariff, owner_percent=70)

    assert by_plan(plan(AMSTERDAM, row, "en"), length) == fare(tariff, length)


@settings(deadline=None)
@given(TARIFFS, st.integers(DAYS, 400))
def test_after_a_week_a_whole_day_is_charged_at_its_begin(tariff: Tariff, days: int) -> None:
    assert AMSTERDAM
    row = CityTariff("bike", datetime(2026, 1, 1, tzinfo=UTC), *tariff, owner_percent=70)
    offered = plan(AMSTERDAM, row, "en")

    assert by_plan(offered, days * DAY) == fare(tariff, days * DAY)
    assert by_plan(offered, days * DAY + DAY / 2) == fare(tariff, (days + 1) * DAY)


def test_each_vehicle_type_has_a_plan_that_the_feed_lists(
    new_rider: NewVisitor,  # noqa: F811
) -> None:
    visitor = new_rider()
    feeds = visitor.get(f"{NEW_YORK}/gbfs.json").json()["data"]["feeds"]
    url = next(feed["url"] for feed in feeds if feed["name"] == "system_pricing_plans")
    reply = visitor.get(url, headers={"Accept-Language": "fr"})  # the feed is in English
    types = visitor.get(f"{NEW_YORK}/vehicle_types.json").json()["data"]["vehicle_types"]

    plans = {plan["plan_id"]: plan for plan in reply.json()["data"]["plans"]}
    assert (reply.json()["ttl"], reply.headers["Cache-Control"]) == (
        60,
        "public, max-age=60, must-revalidate",
    )
    assert len(plans) == len(types) == 3
    bike = plans[
        next(t["default_pricing_plan_id"] for t in types if t["vehicle_type_id"] == "bike")
    ]
    assert (bike["currency"], bike["price"], bike["per_min_pricing"][0]) == (
        "USD",
        1.0,
        {"start": 0, "rate": 0.2, "interval": 1, "end": 85},
    )
    assert "$1.00 to unlock" in bike["description"][0]["text"]


def test_there_are_no_plans_where_rides_are_free_of_charge(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()

    plans = visitor.get(f"{NEW_YORK}/system_pricing_plans.json").json()["data"]["plans"]
    assert plans == []
    assert "pricing" not in visitor.get(f"{NEW_YORK}/gbfs.json").text
    assert "pricing" not in visitor.get(f"{NEW_YORK}/vehicle_types.json").text
