"""Response times of pages by the number of rows in the database."""

import math
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import filterfalse, product

from sqlalchemy import URL

from bench import people, servers, terminal
from bench.load import drive
from bench.pages import Script, is_by_api, scripts_of_app
from bench.servers import Serving, gunicorn
from movr.cities import CITIES
from movr.database.admin import uri_text
from scenarios import metropolis
from scenarios.shared.context import ScenarioContext


def measure(
    server: URL, sizes: Sequence[int], seconds: float, runs: int
) -> dict[str, dict[str, float]]:
    """Return the median p50 of one client in milliseconds, by page and number of vehicles."""
    with ExitStack() as stack:
        apps = {size: _serve(stack, server, size) for size in sizes}
        # Not the API's lists, whose access tokens would end meanwhile.
        pages = list(filterfalse(is_by_api, next(iter(apps.values()))[1]))
        found: dict[tuple[str, int], list[float]] = {}
        for _, page, size in terminal.progress(
            list(product(range(runs), pages, sizes)), "Measuring growth"
        ):
            app, scripts = apps[size]
            load = drive(app, [scripts[page]], seconds)
            found.setdefault((page, size), []).append(load.p50)
    return {
        page: {f"{size:,}": statistics.median(found[page, size]) for size in sizes}
        for page in pages
    }


def _serve(stack: ExitStack, server: URL, size: int) -> tuple[Serving, Mapping[str, Script]]:
    """Serve MovR on the metropolis scenario with `size` vehicles in all."""
    url = stack.enter_context(servers.fresh_database(server))
    engine = stack.enter_context(servers.connected(url, autocommit=True))
    context = ScenarioContext(engine, datetime.now(UTC), terminal.bar(f"Loading {size:,} vehicles"))
    metropolis.fill(context, rows=math.ceil(size / len(CITIES)))
    (person,) = people.add(engine, 1, now=context.now)
    app = stack.enter_context(gunicorn("server:app", WORKERS="1", DB_URI=uri_text(url)))
    return app, scripts_of_app(app.url, person, engine)
