"""Metrics for Prometheus: by route, summed over all workers, with a bounded number of labels."""

import math
import platform
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from movr import __version__
from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from tests import plain_http
from tests.conftest import NewVisitor, plain_client, serving, settings_for, visiting, visitors
from tests.database_proxy import CuttingProxy
from tests.visitor import Visitor
from tests.web.security.test_response_headers import UNKNOWN_ID
from web.app import create_app
from web.operations import metrics

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def numbers(reply: httpx.Response) -> Numbers:
    """Return all samples by name and labels."""
    assert reply.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def of(found: Numbers, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0)


def requests(found: Numbers, route: str, method: str = "GET", status: str = "200") -> float:
    return of(found, "movr_requests_total", route=route, method=method, status=status)


def routes(found: Numbers) -> set[str]:
    return {dict(labels)["route"] for _, labels in found if "route" in dict(labels)}


@pytest.fixture(scope="module")
def served(database: str) -> Iterator[str]:
    """The URL of a gunicorn with two workers, in the region of Seattle."""
    settings = {"DB_URI": database, "DEBUG": "1", "WORKERS": "2", "POOL_SIZE": "3"}
    settings["MOVR_REVISION"] = "0abcdef"
    with serving(**settings, REGION="gcp-us-west1") as url:
        yield url


@pytest.fixture
def new_served_visitor(served: str) -> Iterator[NewVisitor]:
    """Create visitors of this gunicorn."""
    with visitors(lambda: plain_client(served)) as new:
        yield new


def test_a_request_is_counted(visitor: Visitor) -> None:
    before = numbers(visitor.get("/metrics"))
    visitor.get("/vehicles")
    after = numbers(visitor.get("/metrics"))

    assert requests(after, "/vehicles") - requests(before, "/vehicles") == 1


def test_the_format_is_what_prometheus_reads(visitor: Visitor) -> None:
    assert visitor.get("/metrics").headers["Content-Type"].startswith("text/plain; version=")


def test_requests_are_counted_by_the_template_of_their_route(visitor: Visitor) -> None:
    visitor.register()
    path = f"/users/{visitor.id}"
    visitor.get(path)
    visitor.get(f"/users/{UNKNOWN_ID}")
    visitor.post("/city/paris", next="/")

    found = numbers(visitor.get("/metrics"))

    assert requests(found, "/users/<uuid:user_id>") >= 1
    assert requests(found, "/users/<uuid:user_id>", status="403") >= 1
    assert requests(found, "/city/<name>", "POST", "303") >= 1
    assert not {route for route in routes(found) if str(visitor.id) in route or "paris" in route}


def test_all_unknown_paths_are_one_route(visitor: Visitor) -> None:
    before = numbers(visitor.get("/metrics"))
    for n in range(5):
        visitor.get(f"/made-up-{n}")
    after = numbers(visitor.get("/metrics"))

    assert requests(after, "unknown", status="404") - requests(before, "unknown", status="404") == 5
    assert not {route for route in routes(after) if "made-up" in route}


def test_all_unknown_methods_share_one_label(visitor: Visitor) -> None:
    visitor.client.request("BREW", "/")
    visitor.get("/metrics")
    before = len(numbers(visitor.get("/metrics")))
    for n in range(20):
        visitor.client.request(f"BREW{n}", "/")

    assert len(numbers(visitor.get("/metrics"))) == before


def test_what_the_database_cost_is_counted_by_route(visitor: Visitor) -> None:
    before = numbers(visitor.get("/metrics"))
    for _ in range(3):
        visitor.get("/vehicles")
    after = numbers(visitor.get("/metrics"))

    statements, seconds = (
        of(after, name, route="/vehicles") - of(before, name, route="/vehicles")
        for name in ("movr_database_statements_total", "movr_database_seconds_total")
    )
    assert statements == 3
    assert 0 < seconds < 30


def test_time_is_measured_for_each_request(visitor: Visitor) -> None:
    before = numbers(visitor.get("/metrics"))
    visitor.get("/login")
    after = numbers(visitor.get("/metrics"))

    name = "movr_request_seconds_count"
    assert of(after, name, route="/login") - of(before, name, route="/login") == 1


def test_metrics_are_summed_over_all_workers(new_served_visitor: NewVisitor) -> None:
    route = {"route": "/vehicles"}
    everyone = [new_served_visitor() for _ in range(8)]
    before = numbers(everyone[0].get("/metrics"))
    with ThreadPoolExecutor(8) as pool:
        asked = [visitor for visitor in everyone for _ in range(15)]
        replies = list(pool.map(lambda visitor: visitor.get("/vehicles"), asked))

    assert {reply.status_code for reply in replies} == {200}
    # The first search of a city takes more than one statement.
    told = (
        re.search(r'desc="(\d+) statement', reply.headers["Server-Timing"]) for reply in replies
    )
    statements = sum(int(number[1]) for number in told if number)
    assert statements >= 120
    for visitor in everyone:  # each worker returns the same
        found = numbers(visitor.get("/metrics"))
        assert requests(found, "/vehicles") - requests(before, "/vehicles") == 120
        for name, expected in {
            "movr_database_statements_total": statements,
            "movr_request_seconds_count": 120,
        }.items():
            assert of(found, name, **route) - of(before, name, **route) == expected


def test_two_gunicorns_do_not_share_metrics(new_served_visitor: NewVisitor, database: str) -> None:
    new_served_visitor().get("/vehicles")

    with serving(DB_URI=database, DEBUG="1") as url:
        assert requests(numbers(plain_http.get(f"{url}/metrics")), "/vehicles") == 0


def test_metrics_are_a_404_through_a_proxy(visitor: Visitor) -> None:
    """Proxies set X-Forwarded-For; Prometheus connects directly."""
    through_a_proxy = visitor.get("/metrics", {"X-Forwarded-For": "203.0.113.7"})

    assert through_a_proxy.status_code == 404
    assert "movr_requests" not in through_a_proxy.text
    assert visitor.get("/metrics").status_code == 200


def test_round_trips_are_counted_by_route(visitor: Visitor) -> None:
    vehicle = visitor.register().add_vehicle()
    token = visitor.token()
    route = "/rides/start/<uuid:public_id>"
    before = numbers(visitor.get("/metrics"))
    visitor.client.post(f"/rides/start/{vehicle}", data={"csrf_token": token})
    after = numbers(visitor.get("/metrics"))

    name = "movr_database_round_trips_total"
    assert of(after, name, route=route) - of(before, name, route=route) == 1


def test_rides_are_counted_by_city_and_refusals_by_reason(new_visitor: NewVisitor) -> None:
    owner, rider = new_visitor().register("paris"), new_visitor().register("paris")
    vehicle = owner.add_vehicle()
    before = numbers(rider.get("/metrics"))
    rider.start(vehicle, "paris")
    owner.start(vehicle, "paris")
    rider.end(rider.active_ride())
    after = numbers(rider.get("/metrics"))

    def more(name: str, **labels: str) -> float:
        return of(after, name, **labels) - of(before, name, **labels)

    assert more("movr_rides_started_total", city="paris") == 1
    assert more("movr_rides_ended_total", city="paris") == 1
    route = "/rides/start/<uuid:public_id>"
    assert more("movr_refusals_total", route=route, reason="VehicleTaken") == 1


def test_retries_are_counted(database: str) -> None:
    """The pooled connection is cut at its next read."""
    with CuttingProxy(parse_uri(database)) as wire:
        app = create_app(settings_for(uri_text(wire.url)))
        with visiting(app) as new:
            visitor = new()
            visitor.get("/vehicles")
            before = numbers(visitor.get("/metrics"))
            wire.cut_at(b"FROM vehicles", answer_only=False)
            visitor.get("/vehicles")
            after = numbers(visitor.get("/metrics"))

    name = "movr_database_retries_total"
    assert wire.has_cut
    assert of(after, name, route="/vehicles") - of(before, name, route="/vehicles") == 1


def test_connections_in_use_are_counted(app: Flask, visitor: Visitor) -> None:
    def in_use() -> float:
        found = numbers(visitor.get("/metrics"))
        return of(found, "movr_database_connections_in_use", pool="write")

    before = in_use()
    with app.extensions["movr"].engine.connect():
        during = in_use()

    assert (during - before, in_use() - before) == (1, 0)


def test_an_unavailable_database_has_no_connections_in_use() -> None:
    with visiting(create_app(settings_for("postgresql://movr@127.0.0.1:1/movr"))) as new:
        visitor = new()
        before = numbers(visitor.get("/metrics"))
        assert visitor.get("/vehicles").status_code == 503
        after = numbers(visitor.get("/metrics"))

    name = "movr_database_connections_in_use"
    assert of(after, name, pool="read") == of(before, name, pool="read")


def test_the_version_of_the_image_and_the_pool_size_are_reported(served: str) -> None:
    found = numbers(plain_http.get(f"{served}/metrics"))

    build = {
        "version": __version__,
        "revision": "0abcdef",
        "python": platform.python_version(),
        "region": "gcp-us-west1",
    }
    assert of(found, "movr_build_info", **build) == 1
    assert of(found, "movr_database_pool_size", pool="read") in {3, 6}  # while workers start


def test_the_reported_pool_size_is_limited_by_threads(database: str) -> None:
    """With the defaults, four threads and five connections, a pool would never appear full."""
    with visiting(create_app(replace(settings_for(database), pool_size=9, threads=3))) as new:
        found = numbers(new().get("/metrics"))

    assert of(found, "movr_database_pool_size", pool="read") == 3


def test_quantiles_are_interpolated_within_a_bucket() -> None:
    buckets = [(0.1, 10.0), (0.2, 90.0), (1.0, 100.0), (math.inf, 101.0)]

    assert metrics.quantile(buckets, 0.5) == pytest.approx(0.1 + 0.1 * 40.5 / 80)
    assert metrics.quantile(buckets, 0.95) == pytest.approx(0.2 + 0.8 * 5.95 / 10)
    assert metrics.quantile(buckets, 1) == 1  # all that is known


def test_times_at_home_and_abroad_are_summed_over_all_workers(served: str) -> None:
    with plain_client(served) as client, ThreadPoolExecutor(8) as pool:
        before = numbers(client.get("/metrics"))
        asked = [  # each on a connection of its own, so that both workers get some
            {"X-City": city, "Connection": "close"} for city in ["seattle", "paris", "rome"] * 20
        ]
        list(pool.map(lambda headers: client.get("/", headers=headers), asked))
        page = client.get("/about/regions").text
        after = numbers(client.get("/metrics"))

    name = "movr_city_request_seconds_count"
    home, abroad = (of(after, name, home=home) for home in ("yes", "no"))
    assert home - of(before, name, home="yes") == 20
    assert abroad - of(before, name, home="no") == 40
    assert re.search(rf"At home</th><td>{home:.0f}<.*Abroad</th><td>{abroad:.0f}<", page, re.DOTALL)


def test_refusals_used_in_alerts_start_at_zero(
    new_served_visitor: NewVisitor,
) -> None:
    """rate() does not count the step from a missing series to 1."""
    found = numbers(new_served_visitor().get("/metrics"))

    for reason in ("DatabaseUnavailable", "DatabaseSlow", "DatabaseBusy"):
        labels = frozenset({"route": "/readyz", "reason": reason}.items())
        assert found["movr_refusals_total", labels] == 0
