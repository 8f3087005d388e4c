"""Start the cluster, the app servers and the proxy; print the URLs; stop everything on Ctrl-C."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from sqlalchemy import URL

from cluster.nodes import CannotStart, Cluster, find_cockroach, gateways, uri_text
from cluster.proxy import Proxy, host_of_city
from cluster.readiness import wait_until_ready
from movr.cities import CITIES, DEFAULT_CITY, REGIONS
from movr.database import admin
from movr.database.engine import make_engine
from movr.database.schema import SchemaError, readable_errors
from movr.placement.definitions import Placement
from scenarios import demo
from scenarios.shared.context import ScenarioContext

ROOT: Final = Path(__file__).parent.parent
PLACEMENTS: Final = (Placement.PARTITION, Placement.MULTI_REGION, Placement.NONE)


def main() -> int:
    """Serve until Ctrl-C and return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = int(os.environ.get("PORT", "8000"))
    try:
        placement = _placement()
        cockroach = find_cockroach(os.environ.get("COCKROACH"))
        with ExitStack() as stack, readable_errors():
            _serve(stack, cockroach, placement, port)
    except (CannotStart, SchemaError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _placement() -> Placement:
    """Return the placement named by the variable PLACEMENT. Raises CannotStart."""
    named = os.environ.get("PLACEMENT") or Placement.PARTITION
    if named not in PLACEMENTS:
        raise CannotStart(f"PLACEMENT must be one of: {', '.join(PLACEMENTS)}.")
    return Placement(named)


def _serve(stack: ExitStack, cockroach: str, placement: Placement, port: int) -> None:
    print("Starting nine nodes in three regions: half a minute or so.", flush=True)
    flags = shlex.split(os.environ.get("COCKROACH_FLAGS", ""))
    url = stack.enter_context(Cluster(cockroach, *flags)).url()
    nodes = gateways(url)
    first = nodes[DEFAULT_CITY.region]
    print(f"Loading MovR, placed by {placement}.", flush=True)
    load(cockroach, first, placement)
    ports = {region: port + 1 + n for n, region in enumerate(REGIONS)}
    servers = {region: _app_server(region, nodes[region], ports[region]) for region in REGIONS}
    outboxes = [_outbox(region, nodes[region], port) for region in REGIONS]
    for process in (*servers.values(), *outboxes):
        stack.callback(_end, process)
    proxy = stack.enter_context(Proxy(port, ports))
    passing_on = threading.Thread(target=proxy.serve_forever)
    passing_on.start()
    stack.callback(proxy.shutdown)
    wait_until_ready(ports, servers)
    print(greeting(cockroach, port, first), flush=True)
    passing_on.join()


def load(cockroach: str, url: URL, placement: Placement) -> None:
    """Create the database with its schema, placement and sample rows. Raises CannotStart."""
    sql = [cockroach, "sql", "--url", uri_text(url.set(drivername="postgresql"))]
    if placement is Placement.PARTITION:
        with (ROOT / "dbinit.sql").open() as file:
            _run(sql, url, stdin=file)
        return
    _run([*sql, "--execute", "CREATE DATABASE IF NOT EXISTS movr"], url)
    for command in (("db", "upgrade"), ("placement", "apply", placement)):
        _run([sys.executable, "-m", "flask", "--app", "server", *command], url)
    engine = make_engine(uri_text(url.set(database="movr")), pool_size=1, application_name="demo")
    demo.fill(ScenarioContext(engine, datetime.now(UTC)))
    engine.dispose()


def _run(command: Sequence[str], url: URL, stdin: TextIO | None = None) -> None:
    """Run a command on this cluster.

    Raises CannotStart with the command's error message, from which the password is removed.
    """
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=_environment(url),
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (line for line in done.stderr.splitlines() if "error" in line.lower())
        message = next(lines, f"it ended with {done.returncode}")
        if url.password:
            message = message.replace(url.password, "***")
        raise CannotStart(f"MovR could not be loaded: {message}")


def _app_server(region: str, url: URL, port: int) -> subprocess.Popen[bytes]:
    """Start gunicorn for a region, connected to the region's node."""
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.py", "server:app"],
        cwd=ROOT,
        env=_environment(url) | {"REGION": region, "PORT": str(port), "PROXY_HOPS": "1"},
    )


def _outbox(region: str, url: URL, port: int) -> subprocess.Popen[bytes]:
    """Start the process that sends a region's letters, with links to the proxy's port."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "server", "outbox", "run"],
        cwd=ROOT,
        env=_environment(url) | {"REGION": region, "PORT": str(port)},
    )


def _environment(url: URL) -> dict[str, str]:
    return {**os.environ, "DEBUG": "1", "DB_URI": uri_text(url.set(database="movr"))}


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def greeting(cockroach: str, port: int, url: URL) -> str:
    """Return the text that is printed when the demo is ready: URLs and the SQL shell command."""
    shell = admin.shell_command(uri_text(url.set(database="movr")), cockroach)
    # Separate from the command: `ps` and the shell's history expose commands to other users.
    password = f"\n  Password: {url.password}" if url.password else ""
    cities = "\n".join(
        f"  http://{host_of_city(city)}:{port}/  as from {city.label} ({city.region})"
        for city in CITIES
    )
    return f"\n{cities}\n\n  SQL: {shell}{password}\n\n  Ctrl-C stops everything.\n"


if __name__ == "__main__":
    sys.exit(main())
