"""Start MovR and the simulated users, and compare the acknowledged writes with the database."""

import math
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from loadtest import database_check, journal, server
from loadtest.server import HOST, ROOT, ServerDidNotStart
from movr import signals
from movr.database import embedded, invariants, schema
from movr.database.admin import DatabaseRefused
from movr.database.engine import make_engine, parse_uri

SHOWN: Final = 20  # problems that are printed; the others are counted
STOP_TIMEOUT: Final = 10  # seconds for running requests
FAILED: Final = 3  # Locust's exit status after failed requests
# The type, minimum and maximum of each numeric setting.
_NUMBERS: Final[dict[str, tuple[Callable[[str], float], float, float]]] = {
    "riders": (int, 1, 10_000),
    "seconds": (int, 0, 7 * 24 * 3600),
    "arrivals": (int, 1, 1000),
    "view_port": (int, 1, 65535),
    "think": (float, 0.01, 3600),
}


class WrongSetting(Exception):  # noqa: N818 - a message for the command line
    """A setting is invalid; the message is a sentence."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a load test; each is read from the environment variable in upper case."""

    riders: int = 100
    seconds: int = 0  # duration once all riders have arrived; 0: until Ctrl-C
    arrivals: int = 4  # riders per second; each registers, which costs a password hash
    view_port: int = 8089
    think: float = 3  # average seconds between two steps of a rider
    headless: bool = False
    url: str = ""
    db_uri: str = ""
    test_db_uri: str = ""  # a server to make a database on; "": an embedded PostgreSQL


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings in this environment. Raises WrongSetting."""
    numbers: dict[str, Any] = {}
    for name in _NUMBERS:
        if text := environment.get(name.upper(), ""):
            numbers[name] = _number(name, text)
    url, db_uri = environment.get("URL", "").rstrip("/"), environment.get("DB_URI", "")
    if bool(url) != bool(db_uri):
        raise WrongSetting("URL and DB_URI go together: a MovR that runs, and its database.")
    if url and not url.startswith(("http://", "https://")):
        raise WrongSetting("URL must look like http://127.0.0.1:8000.")
    headless = environment.get("HEADLESS", "") not in {"", "0"}
    return Settings(
        **numbers,
        headless=headless,
        url=url,
        db_uri=db_uri,
        test_db_uri=environment.get("TEST_DB_URI", ""),
    )


def _number(name: str, text: str) -> float:
    parse, least, most = _NUMBERS[name]
    kind = "a whole number" if parse is int else "a number"
    try:
        if least <= (number := parse(text)) <= most:
            return number
    except ValueError:
        pass
    raise WrongSetting(f"{name.upper()} must be {kind} from {least:,} to {most:,}.")


def main() -> int:
    """Run the load test for its duration or until Ctrl-C, and return the exit status."""
    signals.raise_keyboard_interrupt()
    try:
        settings = read_settings(os.environ)
        with ExitStack() as stack:
            try:
                return _run(stack, settings)
            finally:
                signals.ignore()  # a second Ctrl-C must not interrupt the cleanup
    except (WrongSetting, ServerDidNotStart, DatabaseRefused) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: nothing was compared.", file=sys.stderr)
        return 1


def _run(stack: ExitStack, settings: Settings) -> int:
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="movr-loadtest-")))
    log, notes = folder / "log", folder / "journal"
    url, uri = settings.url, settings.db_uri
    if not settings.headless:
        _check_view(settings)
    if not url:
        database = _temporary_database(settings.test_db_uri)
        print("Starting MovR on a temporary database; this takes some seconds.", flush=True)
        uri = stack.enter_context(database)
        url = stack.enter_context(server.serving(uri, log))
    engine = _engine(uri)
    stack.callback(engine.dispose)
    _check_database(engine)
    print(_greeting(settings, url), flush=True)
    wrong = [*_run_locust(settings, url, notes), *check_result(engine, notes)]
    if wrong:
        print("\n".join([*wrong, *server.log_problems(log)]), file=sys.stderr)
        return 1
    print("The database agrees: nothing acknowledged is lost, all invariants hold.")
    return 0


def _temporary_database(server_uri: str) -> AbstractContextManager[str]:
    """Create an empty database on this server, or an embedded one. Raises WrongSetting."""
    if not server_uri:
        return embedded.temporary()
    try:
        parse_uri(server_uri)
    except ValueError as error:
        raise WrongSetting(f"TEST_DB_URI {error}.") from None
    return server.temporary_database(server_uri)


def _check_view(settings: Settings) -> None:
    """Check that the port of the web view is free. Raises ServerDidNotStart."""
    try:
        socket.create_server((HOST, settings.view_port)).close()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        message = f"VIEW_PORT={settings.view_port} is not available: {why}."
        raise ServerDidNotStart(message) from None


def _engine(uri: str) -> Engine:
    try:
        return make_engine(uri, pool_size=1, application_name="movr-loadtest")
    except ValueError as error:
        raise WrongSetting(f"DB_URI {error}.") from None


def _check_database(engine: Engine) -> None:
    """Check that the database is reachable and migrated. Raises ServerDidNotStart."""
    try:
        if schema.is_at_head(engine):
            return
    except OperationalError as error:
        raise ServerDidNotStart(
            f"The database of DB_URI does not answer: {error.orig}".strip()
        ) from error
    raise ServerDidNotStart("The database of DB_URI has another schema than this MovR.")


def _greeting(settings: Settings, url: str) -> str:
    how_long = f"and stay {settings.seconds} seconds" if settings.seconds else "until Ctrl-C"
    view = "" if settings.headless else f"  Watch them at http://{HOST}:{settings.view_port}\n"
    return f"""
  {settings.riders} riders come to {url}, {settings.arrivals} a second, {how_long}.
{view}  Ctrl-C ends the load test, with the same summary.
"""


def _run_locust(settings: Settings, url: str, notes: Path) -> Iterator[str]:
    """Run Locust until it ends or Ctrl-C, and yield a sentence if it failed."""
    locust = start_locust(settings, url, {journal.JOURNAL_VARIABLE: str(notes)})
    try:
        status = _wait(locust)
    finally:
        locust.kill()
    if status == FAILED:
        yield "Some requests failed; Locust's reports above say which."
    elif status:
        yield f"Locust ended with status {status}."


def start_locust(
    settings: Settings,
    url: str,
    environment: Mapping[str, str],
    *,
    riders: str = "loadtest/riders.py",
    output: IO[bytes] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start Locust with the riders of this file."""
    # In a new session: otherwise Locust would get both the terminal's SIGINT and our SIGTERM.
    return subprocess.Popen(
        _command(settings, url, riders),
        cwd=ROOT,
        env={**os.environ, **environment, "THINK": str(settings.think)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(locust: subprocess.Popen[bytes]) -> int:
    try:
        return locust.wait()
    except KeyboardInterrupt:
        signals.raise_keyboard_interrupt()  # handle a second Ctrl-C, too
        print("Ending the load test.", flush=True)
        locust.terminate()
        return locust.wait()


def _command(settings: Settings, url: str, riders: str) -> list[str]:
    """Return Locust's command line."""
    view = ("--autostart", "--web-host", HOST, "--web-port", str(settings.view_port))
    arriving = math.ceil(settings.riders / settings.arrivals)  # Locust's run time includes it
    end = ("--run-time", str(arriving + settings.seconds)) if settings.seconds else ()
    return [
        *(sys.executable, "-m", "locust", "--locustfile", riders, "--host", url),
        *("--users", str(settings.riders), "--spawn-rate", str(settings.arrivals)),
        *("--stop-timeout", str(STOP_TIMEOUT), "--exit-code-on-error", str(FAILED)),
        *("--only-summary", "--loglevel", "WARNING"),
        *(("--headless",) if settings.headless else view),
        *end,
    ]


def check_result(engine: Engine, path: Path) -> Iterator[str]:
    """Print the acknowledged writes; yield a sentence for each lost one or broken invariant."""
    notes = list(journal.read(path))
    print(f"Acknowledged:\n{journal.summary(notes)}", flush=True)
    wrong = database_check.missing_from_database(engine, notes)
    yield from wrong[:SHOWN]
    if len(wrong) > SHOWN:
        yield f"And {len(wrong) - SHOWN} more are lost."
    yield from invariants.find_violations(engine)


if __name__ == "__main__":
    sys.exit(main())
