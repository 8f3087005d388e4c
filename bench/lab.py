"""`make lab`: the effect of latency between MovR and its database on each page."""

import argparse
import secrets
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from bench import servers, terminal
from bench.http import Unexpected
from bench.latency_proxy import LatencyProxy
from bench.people import PASSWORD
from bench.plot import page, plot
from bench.slopes import Slope
from bench.visitor import Visitor
from movr.cities import DEFAULT_CITY
from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from scenarios import demo
from scenarios.shared.context import ScenarioContext

DISTANCES: Final = (0, 10, 40, 80)  # round-trip times in milliseconds
ROUNDS: Final = 8  # a multiple of the number of distances, so that each is first equally often
ASKED: Final = 20  # queries, to measure the round-trip time to a gateway
DOCS: Final = servers.ROOT / "docs"


class Rider(Visitor):
    """A visitor that performs each user action, one request at a time."""

    name = vehicle = public_id = ""

    def register(self) -> None:
        """Open an account."""
        self.name = f"lab-{secrets.token_hex(8)}"
        self.post(
            "/register",
            city=DEFAULT_CITY.name,
            first_name="Ada",
            last_name="Lovelace",
            email="ada@example.com",
            username=self.name,
            password=PASSWORD,
        )

    def log_in(self) -> None:
        """Log in again."""
        self.post("/login", username=self.name, password=PASSWORD)

    def add_vehicle(self) -> None:
        """Add a vehicle."""
        self.post("/vehicles/add", type="bike", color="red", brand="Lab", location="here")

    def see_profile(self) -> None:
        """Open the rider's profile, which shows the vehicle."""
        self.get(self.link("/users"))
        self.vehicle = self.link("/vehicles/own").rpartition("/")[2]
        self.public_id = self.link(f"/vehicles/{DEFAULT_CITY.slug}").rpartition("/")[2]

    def start_ride(self) -> None:
        """Start a ride with the rider's vehicle."""
        self.post(f"/rides/start/{self.public_id}")

    def end_ride(self) -> None:
        """End the ride shown on the current page."""
        self.post(self.link("/rides/end"), location="there")

    def remove_vehicle(self) -> None:
        """Remove the vehicle."""
        self.post(f"/vehicles/remove/{self.vehicle}")

    def leave(self) -> None:
        """Delete the account."""
        removal = self.link("/users").replace("/users", "/users/remove")
        self.post(removal, password=PASSWORD, confirm="1")


def _open(path: str) -> Callable[[Rider], object]:
    return lambda rider: rider.get(path)


# One request each; the order is that of a visit.
STEPS: Final[Mapping[str, Callable[[Rider], object]]] = {
    "Home as a stranger": _open("/"),
    "Vehicles as a stranger": _open("/vehicles"),
    "Form to register": _open("/register"),
    "Register": Rider.register,
    "Home": _open("/"),
    "Log out": lambda rider: rider.post("/logout"),
    "Form to log in": _open("/login"),
    "Log in": Rider.log_in,
    "Vehicles": _open("/vehicles"),
    "Members": _open("/users"),
    "Form to add a vehicle": _open("/vehicles/add"),
    "Add a vehicle": Rider.add_vehicle,
    "Profile": Rider.see_profile,
    "Start a ride": Rider.start_ride,
    "Rides": _open("/rides"),
    "End a ride": Rider.end_ride,
    "Remove a vehicle": Rider.remove_vehicle,
    "Delete the account": Rider.leave,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A MovR server with its rider; `distance` is the database's round-trip time in ms."""

    distance: float
    proxy: LatencyProxy
    rider: Rider

    def measure(self, step: str) -> tuple[float, int]:
        """Perform a step; return its duration in milliseconds and its number of round trips."""
        self.proxy.reset()
        began = time.perf_counter()
        STEPS[step](self.rider)
        return (time.perf_counter() - began) * 1000, self.proxy.round_trips


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and plot the results; return the exit status."""
    parser = argparse.ArgumentParser(prog="make lab", description=__doc__)
    parser.add_argument(
        "--distances",
        nargs="+",
        type=terminal.at_least(0),
        default=DISTANCES,
        metavar="MS",
        help="round trips to the database, in milliseconds: 0 10 40 80",
    )
    parser.add_argument(
        "--rounds",
        type=terminal.at_least(1),
        default=ROUNDS,
        help=f"how often each page is requested at each distance: {ROUNDS}",
    )
    parser.add_argument(
        "--out", type=Path, default=DOCS, help="where lab.html and lab.svg go: docs"
    )
    parser.add_argument("--near", metavar="URI", help="a gateway of the cluster in this region")
    parser.add_argument("--far", metavar="URI", help="and one in another")
    options = parser.parse_args(arguments)
    if bool(options.near) != bool(options.far):
        parser.error("--near and --far go together")
    if len(set(options.distances)) == 1:
        parser.error("a slope needs two different distances")
    return terminal.run(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        if options.near:
            places = [_at_gateway(stack, parse_uri(uri)) for uri in (options.near, options.far)]
        else:
            places = _at_distances(stack, options.distances)
        slopes = measure(places, options.rounds)
    print(as_table(slopes))
    if options.near:
        return  # the proxy does not see the gateway's traffic to other regions
    options.out.mkdir(parents=True, exist_ok=True)
    for name, write in (("lab.html", page), ("lab.svg", plot)):
        (options.out / name).write_text(write(slopes))
    print(f"\nThe plot is in {options.out / 'lab.html'}.\n{verdict(slopes)}")


def _at_distances(stack: ExitStack, distances: Sequence[float]) -> list[Place]:
    """Start a MovR server for each distance, all on one database with the demo data."""
    url = stack.enter_context(servers.fresh_database(stack.enter_context(servers.server())))
    with servers.connected(url) as engine:
        demo.fill(ScenarioContext(engine, datetime.now(UTC)))
    return [_place(stack, url, distance, distance / 1000) for distance in distances]


def _at_gateway(stack: ExitStack, url: URL) -> Place:
    """Start a MovR server on this gateway; its distance is the measured round-trip time."""
    with servers.connected(url, autocommit=True) as engine, engine.connect() as connection:
        seconds = []
        for _ in range(ASKED):
            began = time.perf_counter()
            connection.exec_driver_sql("SELECT 1")
            seconds.append(time.perf_counter() - began)
    return _place(stack, url, statistics.median(seconds) * 1000, 0)


def _place(stack: ExitStack, url: URL, distance: float, added: float) -> Place:
    proxy = stack.enter_context(LatencyProxy(url, distance=added))
    app = servers.gunicorn("server:app", WORKERS="1", DB_URI=uri_text(proxy.url))
    return Place(distance, proxy, stack.enter_context(Rider(stack.enter_context(app).url)))


def measure(places: Sequence[Place], rounds: int) -> list[Slope]:
    """Measure each step alternately at all places, so that disturbances affect all of them."""
    for _, step, place in terminal.progress(_visits(places, 1), "Warming up"):
        place.measure(step)
    taken = {
        (number, step, place.distance): place.measure(step)
        for number, step, place in terminal.progress(_visits(places, rounds), "Measuring")
    }
    return [
        Slope(
            step,
            _counted(step, {trips for (_, each, _), (_, trips) in taken.items() if each == step}),
            tuple(
                (
                    place.distance,
                    statistics.median(taken[n, step, place.distance][0] for n in range(rounds)),
                )
                for place in places
            ),
        )
        for step in STEPS
    ]


def _counted(step: str, trips: AbstractSet[int]) -> int:
    """Return the number of round trips of a step. Raises Unexpected if it varied."""
    if len(trips) > 1:
        raise Unexpected(f"{step} took {min(trips)} to {max(trips)} round trips: measure again.")
    return min(trips)


def _visits(places: Sequence[Place], rounds: int) -> list[tuple[int, str, Place]]:
    """Return each step of each round at every place, with another place first in each round.

    The order varies because a step after the hashing of a password finds the processor busy.
    """
    return [
        (number, step, place)
        for number, step in product(range(rounds), STEPS)
        for place in (*places[number % len(places) :], *places[: number % len(places)])
    ]


def as_table(slopes: Sequence[Slope]) -> str:
    """Return a table of milliseconds at each distance, and of fitted and counted round trips."""
    distances = [f"at {distance:.3g} ms" for distance, _ in slopes[0].points]
    head = ["page", *distances, "fitted", "counted"]
    lines = [
        [
            slope.page,
            *(f"{milliseconds:.1f}" for _, milliseconds in slope.points),
            f"{slope.fitted:.2f}",
            str(slope.counted),
        ]
        for slope in slopes
    ]
    return terminal.table([head, *lines])


def verdict(slopes: Sequence[Slope]) -> str:
    """Return a sentence that all fits agree with the counts. Raises Unexpected if they do not."""
    if wrong := ", ".join(slope.page for slope in slopes if not slope.agrees):
        message = f"NOT as counted: {wrong}. Was the machine busy? Measure again."
        raise Unexpected(message)
    worst = max(slopes, key=lambda slope: slope.deviation)
    return (
        "Every slope agrees with the round trips counted by the proxy;"
        f" the worst is off by {worst.deviation:.2f} ({worst.page})."
    )


if __name__ == "__main__":
    sys.exit(main())
