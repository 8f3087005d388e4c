"""`make bench`: the cost of each page, and of a floor app with the same queries and responses."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from bench import growth, machine, people, servers, terminal
from bench.compare import KEPT
from bench.load import drive
from bench.pages import CYCLE, END, SEE, START, scripts_of_app, scripts_of_floor
from bench.record import Plan, RecordedRequest, record
from bench.results import Page, Results
from bench.servers import Serving, gunicorn
from movr.database.admin import uri_text
from scenarios import demo
from scenarios.shared.context import ScenarioContext

CLIENTS: Final = 8  # the default number of server threads: 2 workers with 4 each
SECONDS: Final = 3
RUNS: Final = 5


def main() -> int:
    """Measure, print and save the results; return the exit status."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two short runs, to test the setup")
    parser.add_argument(
        "--rows",
        nargs="+",
        type=terminal.at_least(1),
        default=[],
        metavar="VEHICLES",
        help="also with this many vehicles in all, and ten times as many rides",
    )
    parser.add_argument("--out", type=Path, default=KEPT, help="where the JSON goes")
    options = parser.parse_args()
    return terminal.run(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    seconds, runs = (0.05, 2) if options.quick else (SECONDS, RUNS)
    began = datetime.now(UTC)
    with servers.server() as server:
        results = beside_the_floor(server, seconds, runs)
        if options.rows:
            results.growth = growth.measure(server, options.rows, seconds, runs)
    results.facts["measured"] = f"{began:%Y-%m-%d %H:%M} UTC, {runs} runs of {seconds} s"
    path = options.out / f"{began:%Y%m%d-%H%M%S}.json"
    results.write(path)
    print(f"{results.as_text()}\n\nKept in {path}.")


def beside_the_floor(server: URL, seconds: float, runs: int) -> Results:
    """Measure every page alternately on the floor and on MovR, on a temporary database."""
    with ExitStack() as stack:
        url = stack.enter_context(servers.fresh_database(server))
        engine = stack.enter_context(servers.connected(url, autocommit=True))
        demo.fill(ScenarioContext(engine, datetime.now(UTC)))
        members = people.add(engine, 2 * CLIENTS, now=datetime.now(UTC))
        version = machine.database(engine)
        plan = record(url, members[0], engine)
        app = stack.enter_context(gunicorn("server:app", DB_URI=uri_text(url)))
        floor = stack.enter_context(_floor(url, plan))
        of_app = [scripts_of_app(app.url, person, engine) for person in members[:CLIENTS]]
        of_floor = [scripts_of_floor(person, engine) for person in members[CLIENTS:]]
        pages = {name: _page(plan, name) for name in of_app[0]}
        schedule = list(product(range(runs), pages))
        for run, name in terminal.progress(schedule, "Measuring"):
            turns = [(pages[name].floor, floor, of_floor), (pages[name].app, app, of_app)]
            for loads, serving, scripts in turns if run % 2 else reversed(turns):
                loads.append(drive(serving, [each[name] for each in scripts], seconds))
        return Results({**machine.facts(), "database": version, **_facts(app, floor, pages)}, pages)


@contextmanager
def _floor(url: URL, plan: Plan) -> Iterator[Serving]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(plan.as_json(), file)
        file.flush()
        dsn = uri_text(url.set(drivername="postgresql"))
        with gunicorn("bench.floor:app", DB_URI=dsn, FLOOR_PLAN=file.name) as serving:
            yield serving


def _page(plan: Plan, name: str) -> Page:
    requests: Sequence[RecordedRequest] = [
        plan.requests[part] for part in ((START, SEE, END) if name == CYCLE else (name,))
    ]
    return Page(
        sum(request.statements for request in requests),
        sum(request.round_trips for request in requests),
    )


def _facts(app: Serving, floor: Serving, pages: Mapping[str, Page]) -> dict[str, str]:
    settings = app.settings
    own = max(load.own for page in pages.values() for load in (*page.app, *page.floor))
    return {
        "server": f"gunicorn, {settings.workers} workers of {settings.threads} threads, "
        f"pools of {settings.pool_size}",
        "clients": str(CLIENTS),
        "first answer": f"after {app.started_in:.2f} s; the floor's {floor.started_in:.2f} s",
        "memory of a worker": f"{app.memory():.0f} MB; the floor's {floor.memory():.0f} MB",
        "clients' own CPU": f"at most {own:.0%} of a core",
    }


if __name__ == "__main__":
    sys.exit(main())
