"""`flask --app server placement …`: where rows live."""

from collections.abc import Iterator
from typing import Final

import click
from flask import Flask
from flask.cli import ScriptInfo

from cli import page_visits
from cli.error_messages import ErrorMessageGroup
from movr.cities import CITIES, REGIONS, City, cities_in
from movr.movr import MovR
from movr.placement import change, dbinit, inspection, locality
from movr.placement.cockroachdb import SURVIVAL_COSTS
from movr.placement.definitions import Placement, PlacementNotSupported, Step, Survival
from web.context import movr

# Statements that may leave their region, by page, and why that is accepted.
ACCEPTED_EXCEPTIONS: Final = {
    "POST /register": "a username is unique over all cities",
    "POST /login": "a username is looked up before its city is known",
    "POST /users/remove/<id>": "a username that is free again is so in all cities",
}

placement = ErrorMessageGroup("placement", help="Where rows live.")

WANTED = click.argument("wanted", type=click.Choice([kind.value for kind in Placement]))
SURVIVE = click.option(
    "--survive",
    type=click.Choice([goal.value for goal in Survival]),
    default=Survival.ZONE.value,
    show_default=True,
    help=" ".join(f"{goal}: {cost}" for goal, cost in SURVIVAL_COSTS.items()),
)


@placement.command("plan")
@WANTED
@SURVIVE
def show_plan(wanted: str, survive: str) -> None:
    """Print the SQL from what the database has to WANTED, a comment a step; change nothing."""
    for step in _plan(wanted, survive):
        click.echo(f"-- {step.why}\n{step.sql};")


@placement.command()
@WANTED
@SURVIVE
def apply(wanted: str, survive: str) -> None:
    """Bring the database to WANTED, step by step. Interrupted? Run it again."""
    steps = _plan(wanted, survive)
    at_once = not inspection.current_placement(movr().engine).cockroachdb
    if not steps:
        click.echo(f"The database has the placement {wanted} already.")
        return
    with click.progressbar(length=len(steps), label=f"To {wanted}") as bar:
        for step in change.run_steps(movr().engine, steps, at_once=at_once):
            bar.label = step.why
            bar.update(1)


@placement.command()
def show() -> None:
    """Say which placement the database has, and where it keeps each city."""
    has = inspection.current_placement(movr().engine)
    click.echo(f"{has.database} has the placement {has.placement}.")
    for city in CITIES:
        click.echo(f"  {city.name:15} {has.cities.get(city.name, 'with all the others')}")
    if not has.is_current:
        click.echo(f"This is not what cities.py says: run `placement apply {has.placement}`.")


@placement.command("sql")
@click.argument("wanted", type=click.Choice([Placement.PARTITION.value]))
def render(wanted: str) -> None:  # noqa: ARG001 - the one that has a file
    """Print dbinit.sql. Only in a clone: its sample rows are made by what no image has."""
    try:
        from scenarios.shared import sample  # noqa: PLC0415 - a laptop's: makes names with Faker
    except ImportError:
        message = "The sample rows are made in a clone. What would be printed is its dbinit.sql."
        raise click.ClickException(message) from None
    click.echo(dbinit.render(vars(sample.make()), sample.logins()), nl=False)


@placement.command()
@click.pass_obj
def prove(script: ScriptInfo) -> None:
    """Take a tour through every page, and show for each statement which regions it may touch.

    Exit status 1 if one is not proven to stay in its region and is no known exception. The tour
    opens an account in each region, adds a vehicle and rides it, and leaves them as an account and
    a vehicle that were deleted leave them: three rows a region, and two totals of the ride.
    """
    app = script.load_app()
    if inspection.current_placement(app.extensions["movr"].engine).placement is Placement.NONE:
        raise click.ClickException("This database has no placement, so there is nothing to prove.")
    violations = 0
    for region in REGIONS:
        city = cities_in(region)[0]
        click.echo(f"\n{city.label} ({region})\n{locality.LocalityCheck.heading()}")
        for proof in _proofs(app, city):
            click.echo(str(proof))
            violations += proof.is_violation
    if violations:
        raise click.ClickException(f"{violations} statements are not proven to stay at home.")
    click.echo("\nEvery statement without a reason of its own stays in its region.")


def _proofs(app: Flask, city: City) -> Iterator[locality.LocalityCheck]:
    """What each page of the tour sends, judged by the server's own plans."""
    door: MovR = app.extensions["movr"]
    with locality.recording_statements(*door.engines) as sent:
        for page in page_visits.visit_every_page(app, city):
            recorded = sent[:]
            with door.engine.connect() as connection:
                for statement in recorded:
                    yield locality.check_locality(
                        connection, page, statement, city, ACCEPTED_EXCEPTIONS.get(page)
                    )
            sent.clear()


@placement.command("update-region")
def update_region() -> None:
    """Have the hidden crdb_region of CockroachDB's guide say the region of each row's city."""
    if not inspection.current_placement(movr().engine).cockroachdb:
        raise click.ClickException("Only CockroachDB has a crdb_region.")
    movr().update_region()


def _plan(wanted: str, survive: str) -> list[Step]:
    try:
        return change.plan(
            inspection.current_placement(movr().engine), Placement(wanted), Survival(survive)
        )
    except PlacementNotSupported as refusal:
        raise click.ClickException(str(refusal)) from None
