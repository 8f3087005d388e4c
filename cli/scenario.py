"""`flask --app server scenario …`: sample data sets, each with a separate database and port."""

import sys
from functools import partial
from pathlib import Path
from typing import Final

import click

import scenarios
from cli import scenario_state
from cli.error_messages import ErrorMessageGroup
from cli.scenario_start import ScenarioStart
from cli.scenario_state import RunningScenario
from movr import signals
from movr.database import admin
from scenarios import Scenario
from web.context import movr, settings

STEPS: Final = 1000  # of the progress bar
FLASK: Final = Path(sys.executable).with_name("flask")

scenario = ErrorMessageGroup("scenario", help="Sample data sets, each in a separate database.")
NAME: Final = click.argument("name", type=click.Choice(scenarios.names()))


@scenario.command("list")
def show() -> None:
    """List the scenarios, each with a summary and, if it is running, its URL."""
    for name in scenarios.names():
        click.echo(f"{name:14}{scenarios.find(name).summary}")
        if scenario_state.is_locked(name):
            click.echo(f"{'':14}{scenario_state.status(name)}")
        elif scenario_state.read(name):
            drop = _command("down", name)
            click.echo(f"{'':14}its server has ended; to drop its database: {drop}")


@scenario.command()
@NAME
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    help="Vehicles a city (metropolis), or rides (long_history).",
)
def up(name: str, rows: int | None) -> None:
    """Fill a new database with the scenario NAME and serve it in the background."""
    chosen = scenarios.find(name)
    if rows and not chosen.takes_rows:
        raise click.ClickException(f"The scenario {name} has one size and takes no --rows.")
    signals.raise_keyboard_interrupt()
    with scenario_state.locked(name) as lock, click.progressbar(length=STEPS, label=name) as bar:
        if stale := scenario_state.read(name):  # of a server that has ended
            stale.drop()
        running = ScenarioStart(
            partial(chosen.fill, rows=rows),
            RunningScenario(name=name, made_on=admin.uri_text(movr().engine.url)),
            lock,
            report_progress=lambda share: bar.update(round(share * STEPS) - bar.pos),
        ).bring_up()
    click.echo(_greeting(chosen, running))


@scenario.command()
@NAME
def down(name: str) -> None:
    """Stop the scenario NAME and drop its database."""
    running = scenario_state.read(name)
    if running is None:
        raise click.ClickException(f"{name} is not up.")
    if running.group:
        scenario_state.stop_server(running)
    with scenario_state.locked(name):
        running.remove()
    click.echo(f"{name} is down, and its database dropped.")


def _command(verb: str, name: str) -> str:
    """Return a command line that works in any shell, without an activated environment."""
    debug = "DEBUG=1 " if settings().debug else ""
    return f"{debug}{FLASK} --app server scenario {verb} {name}"


def _greeting(chosen: Scenario, running: RunningScenario) -> str:
    logins = "\n".join(f"  {login}" for login in chosen.logins)
    return f"""{running.name} is up: {running.url}

{logins or "  There are no accounts yet: register."}

  SQL:  {admin.shell_command(running.uri)}
  End:  {_command("down", running.name)}"""
