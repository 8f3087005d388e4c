"""`flask --app server scenario …`: small worlds, each in a database and on a port of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Final, TextIO

import click

import scenarios
from cli import scenario_state
from cli.error_messages import ErrorMessageGroup
from cli.scenario_start import ScenarioStart
from cli.scenario_state import RunningScenario, ScenarioLocked
from movr import signals
from movr.database import admin
from scenarios import Scenario
from web.context import movr, settings

STEPS: Final = 1000  # of the progress bar
FLASK: Final = Path(sys.executable).with_name("flask")

scenario = ErrorMessageGroup("scenario", help="Small worlds, each in a database of its own.")


@scenario.command("list")
def show() -> None:
    """List the scenarios: what each is, and where it is up."""
    for name in scenarios.names():
        click.echo(f"{name:14}{scenarios.find(name).summary}")
        if is_at := _where(name):
            click.echo(f"{'':14}{is_at}")


@scenario.command()
@click.argument("name")
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    help="Vehicles a city (metropolis), or rides (long_history).",
)
def up(name: str, rows: int | None) -> None:
    """Fill a new database with the scenario NAME, and serve it in the background."""
    chosen = _find(name)
    if rows and not chosen.takes_rows:
        raise click.ClickException(f"The scenario {name} has one size and takes no --rows.")
    signals.raise_keyboard_interrupt()
    with _locked(name) as lock, click.progressbar(length=STEPS, label=name) as bar:
        if left_behind := scenario_state.read(name):
            left_behind.drop()
        is_up = ScenarioStart(
            partial(chosen.fill, rows=rows),
            RunningScenario(name=name, made_on=admin.uri_text(movr().engine.url)),
            lock,
            report_progress=lambda share: bar.update(round(share * STEPS) - bar.pos),
        ).bring_up()
    click.echo(_greeting(chosen, is_up))


@scenario.command()
@click.argument("name")
def down(name: str) -> None:
    """End the scenario NAME and drop its database."""
    _find(name)
    is_up = scenario_state.read(name)
    if is_up is None:
        raise click.ClickException(f"{name} is not up.")
    if is_up.group:
        scenario_state.stop_server(is_up)
    with _locked(name):
        is_up.forget()
    click.echo(f"{name} is down, and its database dropped.")


def _find(name: str) -> Scenario:
    try:
        return scenarios.find(name)
    except KeyError:
        names = scenarios.names()
        near = get_close_matches(name, names)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.ClickException(
            f"There is no scenario {name!r}.{meant} There are {', '.join(names)}."
        ) from None


@contextmanager
def _locked(name: str) -> Iterator[TextIO]:
    """The scenario's file, if nobody makes or serves it."""
    try:
        with scenario_state.locked(name) as lock:
            yield lock
    except ScenarioLocked:
        raise click.ClickException(f"{name} {_where(name)}") from None


def _where(name: str) -> str:
    """Whether the scenario is up, and where; nothing if there is nothing of it."""
    is_up = scenario_state.read(name)
    if scenario_state.is_locked(name):
        return f"is up: {is_up.url}" if is_up and is_up.url else "is being made or cleared away"
    return f"its server has ended; its database goes by: {_command('down', name)}" if is_up else ""


def _command(verb: str, name: str) -> str:
    """What a shell takes as it is, whatever it knows."""
    debug = "DEBUG=1 " if settings().debug else ""
    return f"{debug}{FLASK} --app server scenario {verb} {name}"


def _greeting(chosen: Scenario, is_up: RunningScenario) -> str:
    logins = [f"  {login}" for login in chosen.logins]
    return "\n".join(
        [
            f"{is_up.name} is up: {is_up.url}",
            "",
            *(logins or ["  Nobody has an account: register."]),
            "",
            f"  SQL:  {admin.shell_command(is_up.uri)}",
            f"  End:  {_command('down', is_up.name)}",
        ]
    )
