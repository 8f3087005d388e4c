"""How much slower a page gets as there is more in the database."""

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import product

from sqlalchemy import URL, Engine, text

from bench import people, servers, terminal
from bench.load import drive
from bench.pages import Script, scripts_of_app
from bench.servers import Serving, gunicorn, text_of
from movr.models import Base
from scenarios import world
from scenarios.world import Size


def measure(
    server: URL, sizes: Sequence[int], seconds: float, runs: int
) -> dict[str, dict[str, float]]:
    """By page and by vehicles a city: the median of p50 for one client, in milliseconds."""
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
    """MovR on a database of so many vehicles a city."""
    url = stack.enter_context(servers.fresh_database(server))
    with servers.connected(url) as engine:
        fill(engine, size)
        (person,) = people.settle(engine, 1, now=datetime.now(UTC))
        _analyze(engine)
    app = stack.enter_context(gunicorn("server:app", WORKERS="1", DB_URI=text_of(url)))
    return app, scripts_of_app(app.url, person)


def fill(engine: Engine, vehicles: int) -> None:
    """So many vehicles a city, and ten times as many rides."""
    size = Size(
        owners=max(1, vehicles // 10),
        riders=max(2, vehicles),
        vehicles=vehicles,
        rides=10 * vehicles,
        under_way=vehicles // 10,
    )
    world.insert_rows(engine, world.make(datetime.now(UTC), size, password_hash="none"))  # noqa: S106 - nobody's


def _analyze(engine: Engine) -> None:
    """Have the database look at its tables, as it does by itself some time later."""
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(text(f"ANALYZE {table.name}"))
