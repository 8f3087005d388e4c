"""`make drill`: what riders of each city see while a region's app and then the database is down."""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import URL

from bench import drill_report, servers, terminal
from bench.drill_report import Happening
from bench.http import Unexpected
from cluster import separate_nodes
from cluster.nodes import find_cockroach
from cluster.proxy import HOST, Proxy
from cluster.separate_nodes import uri_of
from loadtest.__main__ import Settings, check_result, start_locust
from loadtest.journal import JOURNAL_VARIABLE
from movr.cities import CITIES, EUROPE_WEST, REGIONS
from movr.database import embedded, schema
from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from scenarios import demo
from scenarios.shared.context import ScenarioContext

PHASE: Final = 12  # seconds from one event to the next
RIDERS: Final = Settings(riders=18, arrivals=9, headless=True, think=0.5)  # two in each city
ARRIVAL_TIMEOUT: Final = 60  # seconds
DOCS: Final = servers.ROOT / "docs"

Timeline = Sequence[tuple[str, Callable[[], None]]]


class App:
    """MovR of a region, which can be killed and started again; `ports` has ports by region."""

    def __init__(self, region: str, ports: dict[str, int], **settings: str) -> None:
        """Do not start it yet."""
        self._region, self._ports = region, ports
        self._settings = settings | {"REGION": region}
        self._stack = ExitStack()

    def start(self) -> None:
        """Start the app, on another port each time, and wait until it answers."""
        app = self._stack.enter_context(servers.gunicorn("server:app", **self._settings))
        self._pid, self._ports[self._region] = app.pid, urlsplit(app.url).port or 0

    def kill(self) -> None:
        """Kill all processes of the app at once."""
        os.killpg(self._pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """Stop the app if it runs."""
        self._stack.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the drill, print and plot what riders saw; return the exit status."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument(
        "--phase",
        type=terminal.at_least(1),
        default=PHASE,
        help=f"seconds from one event to the next: {PHASE}",
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="where drill.svg goes: docs")
    options = parser.parse_args(arguments)
    return terminal.run(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="movr-drill-")))
        database = _database(stack, folder)
        ports: dict[str, int] = {}
        apps = _apps(stack, database.uris, ports)
        proxy = stack.enter_context(_proxying(ports))
        timeline = [*_timeline(apps[EUROPE_WEST]), *database.timeline]
        with _riders(proxy, folder) as locust:
            began, happenings = _perform(timeline, options.phase, locust)
        with servers.connected(parse_uri(database.uris[REGIONS[0]])) as engine:
            wrong = list(check_result(engine, folder / "journal"))
        cells = drill_report.read(folder / "answers", began, options.phase * (len(timeline) + 1))
    print(drill_report.as_table(cells, happenings))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "drill.svg").write_text(drill_report.plot(cells, happenings))
    if wrong:
        raise Unexpected("\n".join(wrong))
    print(f"\nThe plot is in {options.out / 'drill.svg'}.\n0 acknowledged writes are lost.")


class Database(NamedTuple):
    """A database with the demo data: its URI for the app of each region, and what happens to it."""

    uris: Mapping[str, str]
    timeline: Timeline


def _database(stack: ExitStack, folder: Path) -> Database:
    """Create a database on three nodes of COCKROACH, on the server of DB_URI, or on PostgreSQL.

    Nothing happens to the server of DB_URI, which may have other users.
    """
    if cockroach := os.environ.get("COCKROACH"):
        return _on_cockroachdb(stack, find_cockroach(cockroach), folder)
    if uri := os.environ.get("DB_URI"):
        return Database(_on_server(stack, parse_uri(uri)), [])
    terminal.announce("Starting PostgreSQL")
    server = stack.enter_context(embedded.temporary_server())
    uris = _on_server(stack, parse_uri(server.uri))
    stack.callback(server.start)  # if the drill is interrupted while it is stopped
    return Database(uris, [("the database stops", server.stop), ("it starts again", server.start)])


def _on_server(stack: ExitStack, where: URL) -> Mapping[str, str]:
    url = stack.enter_context(servers.fresh_database(where))
    _fill(url)
    return dict.fromkeys(REGIONS, uri_text(url))


def _on_cockroachdb(stack: ExitStack, cockroach: str, folder: Path) -> Database:
    """Run a node in each region; the app of a region prefers that node."""
    terminal.announce("Starting three nodes")
    nodes = stack.enter_context(separate_nodes.running(cockroach, folder, 1))
    with servers.connected(parse_uri(nodes[0].uri)) as engine:
        schema.upgrade(engine)
    _fill(parse_uri(nodes[0].uri))
    separate_nodes.wait_until_replicated(nodes)
    own = {node.region: node for node in nodes}
    uris = {region: uri_of(sorted(nodes, key=lambda node: node.region != region)) for region in own}
    lost = own[EUROPE_WEST]
    what = f"the node of {drill_report.short(EUROPE_WEST)} is killed"
    return Database(uris, [(what, lost.kill), ("it starts again", lost.start)])


def _fill(url: URL) -> None:
    with servers.connected(url) as engine:
        demo.fill(ScenarioContext(engine, datetime.now(UTC)))


def _apps(stack: ExitStack, uris: Mapping[str, str], ports: dict[str, int]) -> Mapping[str, App]:
    """Start MovR in each region."""
    settings = {
        "DEBUG": "1",  # cookies over plain HTTP
        "SECRET_KEY": secrets.token_urlsafe(),  # the same, so that sessions continue elsewhere
        "PROXY_HOPS": "2",  # each rider has an address, for the limits by address
        "WORKERS": "1",
    }
    apps = {region: App(region, ports, DB_URI=uris[region], **settings) for region in REGIONS}
    for app in apps.values():
        stack.callback(app.close)
        app.start()
    return apps


@contextmanager
def _proxying(ports: Mapping[str, int]) -> Iterator[str]:
    """Run the proxy of `make demo` and yield its URL."""
    with Proxy(0, ports) as proxy:
        threading.Thread(target=proxy.serve_forever).start()
        try:
            yield f"http://{HOST}:{proxy.server_port}"
        finally:
            proxy.shutdown()


def _timeline(app: App) -> Timeline:
    """Return what happens to this app, in order."""
    region = drill_report.short(EUROPE_WEST)
    return [(f"{region} is killed", app.kill), ("it starts again", app.start)]


@contextmanager
def _riders(url: str, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the riders and wait until every city has some; end them after the block."""
    answers = folder / "answers"
    environment = {
        JOURNAL_VARIABLE: str(folder / "journal"),
        "DRILL_ANSWERS": str(answers),
        "DRILL_CITIES": json.dumps([city.name for city in CITIES]),
    }
    with (folder / "log").open("wb") as log:
        locust = start_locust(
            RIDERS, url, environment, riders="loadtest/drill_riders.py", output=log
        )
    try:
        terminal.announce(f"{RIDERS.riders} riders arrive")
        deadline = time.monotonic() + ARRIVAL_TIMEOUT
        while drill_report.cities_in(answers) < len(CITIES):
            if locust.poll() is not None or time.monotonic() > deadline:
                raise Unexpected(f"Riders do not arrive. {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.1)
        yield locust
        locust.terminate()
        locust.wait()
    finally:
        locust.kill()
        locust.wait()


def _perform(
    timeline: Timeline, phase: int, locust: "subprocess.Popen[bytes]"
) -> tuple[float, list[Happening]]:
    """Let each event happen, `phase` seconds apart; return the beginning and when they happened."""
    began, happenings = time.time(), []
    seconds = range(phase * (len(timeline) + 1))
    for second in terminal.progress(seconds, "The drill"):
        time.sleep(max(0, began + second - time.time()))
        if locust.poll() is not None:
            raise Unexpected(f"The riders ended with {locust.returncode}.")
        if second and second % phase == 0:
            what, act = timeline[second // phase - 1]
            happenings.append(Happening(time.time() - began, what))
            terminal.announce(f"{second} s: {what}")
            act()
    time.sleep(1)  # the last second
    return began, happenings


if __name__ == "__main__":
    sys.exit(main())
