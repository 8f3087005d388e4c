"""`flask --app server placement …`: the placement of rows in regions."""

from datetime import UTC, datetime
from typing import Final

import click
from flask import Flask
from flask.cli import ScriptInfo

from cli import api_visits, page_visits
from cli.error_messages import ErrorMessageGroup
from movr.cities import CITIES, DEFAULT_CITY, REGIONS, City, cities_in
from movr.movr import MovR
from movr.placement import change, dbinit, inspection, last_check, locality
from movr.placement.cockroachdb import SUPER_REGION_COST, SURVIVAL_COSTS
from movr.placement.definitions import Placement, Step, Survival
from web.context import movr

# Statements that may leave their region, by page, and why that is accepted.
ACCEPTED_EXCEPTIONS: Final = {
    "POST /register": "a username is unique over all cities",
    "POST /login": "a username is looked up before its city is known",
    "POST /api/v1/accounts": "a username is unique over all cities",
    "POST /api/v1/tokens": "a username is looked up before its city is known",
    "GET /about/regions": "reads the catalog and its statistics, no city's rows",
    "POST /users/remove/<uuid:user_id>": "a username that is free again is so in all cities",
    "POST /api/v1/me/delete": "a username that is free again is so in all cities",
}

ALL_AT_HOME: Final = "Every statement stays in its region, apart from the accepted exceptions."

placement = ErrorMessageGroup("placement", help="The placement of rows in regions.")

WANTED = click.argument("wanted", type=click.Choice([kind.value for kind in Placement]))
SURVIVE = click.option(
    "--survive",
    type=click.Choice([goal.value for goal in Survival]),
    default=Survival.ZONE.value,
    show_default=True,
    help=" ".join(f"{goal}: {cost}" for goal, cost in SURVIVAL_COSTS.items()),
)
DOMICILED: Final = click.option("--domiciled", is_flag=True, help=SUPER_REGION_COST)


@placement.command("plan")
@WANTED
@SURVIVE
@DOMICILED
def show_plan(wanted: str, survive: str, *, domiciled: bool) -> None:
    """Print the SQL that changes the placement to WANTED, without running it."""
    for step in _plan(wanted, survive, domiciled=domiciled):
        click.echo(f"-- {step.why}\n{step.sql};")


@placement.command()
@WANTED
@SURVIVE
@DOMICILED
def apply(wanted: str, survive: str, *, domiciled: bool) -> None:
    """Change the placement to WANTED, step by step. After an interrupt, run it again."""
    steps = _plan(wanted, survive, domiciled=domiciled)
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
    """Print the placement of the database and the region of each city."""
    current = inspection.current_placement(movr().engine)
    click.echo(f"{current.database} has the placement {current.placement}.")
    for city in CITIES:
        click.echo(f"  {city.name:15} {current.cities.get(city.name, 'with all other cities')}")
    for table in sorted(current.global_tables):
        click.echo(f"  {table:15} in every region")
    for table in current.whole_tables:
        click.echo(f"  {table:15} in one place, for all regions")
    if not current.is_current:
        click.echo(f"This differs from cities.py: run `placement apply {current.placement}`.")


@placement.command("sql")
@click.argument("wanted", type=click.Choice([Placement.PARTITION.value]))
def render(wanted: str) -> None:  # noqa: ARG001 - only one placement has such a file
    """Print dbinit.sql. Needs a clone of the repository, which has the generator of its rows."""
    try:
        from scenarios.shared import sample  # noqa: PLC0415 - needs Faker, for development only
    except ImportError:
        raise click.ClickException(
            "This command needs a clone of the repository, where its output is dbinit.sql."
        ) from None
    click.echo(dbinit.render(vars(sample.make()), sample.logins()), nl=False)


@placement.command("check")
@click.pass_obj
def check_pages(script: ScriptInfo) -> None:
    """Visit every page and call the API, and show for each statement which regions it may touch.

    Exit status 1 if a statement is not proven to stay in its region and is no known exception. The
    visit opens three accounts in each region, one of which becomes staff of the city, adds
    vehicles, rides them, by the pages and by the API, and deletes all of it. Rows without personal
    data remain in each region, as after any deletion, and the lines of the audit.
    """
    app = script.load_app()
    current = inspection.current_placement(app.extensions["movr"].engine)
    if current.placement is Placement.NONE:
        raise click.ClickException("This database has no placement, so there is nothing to check.")
    violations = 0
    for region in REGIONS:
        city = cities_in(region)[0]
        click.echo(f"\n{city.label} ({region})\n{locality.LocalityCheck.heading()}")
        violations += _count_violations(app, city, page_visits.visit_every_page)
        violations += _count_violations(app, city, api_visits.call_every_operation)
    click.echo("\nAll regions")
    violations += _count_violations(app, DEFAULT_CITY, page_visits.visit_page_about_regions)
    for table in current.whole_tables:
        click.echo(f"\n{table} is not global here: a statement that reads it may leave its region.")
    said = f"{violations} statements are not proven to stay at home." if violations else ALL_AT_HOME
    if not last_check.write(app.extensions["movr"].engine, said, now=datetime.now(UTC)):
        click.echo("\nOnly the owner of the tables can keep this for the page /about/regions.")
    if violations:
        raise click.ClickException(said)
    click.echo(f"\n{said}")


def _count_violations(app: Flask, city: City, visit: page_visits.Visit) -> int:
    """Visit pages, and print a check of each statement by the server's plan."""
    violations = 0

    def check_statements(page: str) -> None:
        nonlocal violations
        with autocommit.connect() as connection:
            for statement in sent.copy():
                check = locality.check_locality(
                    connection, page, statement, city, ACCEPTED_EXCEPTIONS.get(page)
                )
                click.echo(str(check))
                violations += check.is_violation
        sent.clear()

    movr: MovR = app.extensions["movr"]
    _, autocommit = movr.engines
    with locality.recording_statements(*movr.engines) as sent:
        visit(app, city, check_statements)
    return violations


@placement.command("update-region")
def update_region() -> None:
    """Set the hidden crdb_region, as in CockroachDB's guide, to the region of each row's city."""
    if not inspection.current_placement(movr().engine).cockroachdb:
        raise click.ClickException("Only CockroachDB has a crdb_region.")
    movr().update_region()


def _plan(wanted: str, survive: str, *, domiciled: bool) -> list[Step]:
    current = inspection.current_placement(movr().engine)
    return change.plan(current, Placement(wanted), Survival(survive), domiciled=domiciled)
