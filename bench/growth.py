"""How much slower a page gets as there is more in the database."""

import math
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import product

from sqlalchemy import URL

from bench import people, servers, terminal
from bench.load import drive
from bench.pages import Script, scripts_of_app
from bench.servers import Serving, gunicorn
from movr.cities import CITIES
from movr.database.admin import uri_text
from scenarios import metropolis
from scenarios.shared.context import ScenarioContext


def measure(
    server: URL, sizes: Sequence[int], seconds: float, runs: int
) -> dict[str, dict[str, float]]:
    """By page and by vehicles in all: the median of p50 for one client, in milliseconds."""
    with ExitStack() as stack:
        places = {size: _place(stack, server, size) for size in sizes}
        pages = list(next(iter(places.values()))[1])
        found: dict[tuple[str, int], list[float]] = {}
        for _, page, size in terminal.progress(
            list(product(range(runs), pages, sizes)), "Measuring growth"
        ):
            app, scripts = places[size]
            load = drive(app, [scripts[page]], seconds)
            found.setdefault((page, size), []).append(load.p50)
    return {
        page: {f"{size:,}": statistics.median(found[page, size]) for size in sizes}
        for page in pages
    }


def _place(stack: ExitStack, server: URL, size: int) -> tuple[Serving, Mapping[str, Script]]:
    """MovR on a metropolis of so many vehicles, and ten times as many rides."""
    url = stack.enter_context(servers.fresh_database(server))
    with servers.connected(url) as engine:
        stage = ScenarioContext(
            engine, datetime.now(UTC), terminal.bar(f"Loading {size:,} vehicles")
        )
        metropolis.fill(stage, rows=math.ceil(size / len(CITIES)))
        (person,) = people.settle(engine, 1, now=stage.now)
    app = stack.enter_context(gunicorn("server:app", WORKERS="1", DB_URI=uri_text(url)))
    return app, scripts_of_app(app.url, person)
