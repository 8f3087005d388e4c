"""`flask --app server retention …`: what is removed when it is old."""

import click

from cli.error_messages import ErrorMessageGroup
from movr.cities import CITIES
from movr.retention import RULES, Rule
from web.context import movr

PER_CITY = 100  # steps of the progress bar

retention = ErrorMessageGroup("retention", help="What is removed when it is old.")


@retention.command("list")
def show() -> None:
    """List what is removed, and when."""
    for rule in RULES:
        click.echo(f"{rule.what}: {rule.period} after {rule.since}")


@retention.command()
@click.option("--dry-run", is_flag=True, help="Only count the rows, and change nothing.")
def run(*, dry_run: bool) -> None:
    """Remove what is older than its period, in all cities. It may be repeated at any time.

    The database's role must be the owner of the tables, as for migrations.
    """
    for rule in RULES:
        rows = _apply(rule, is_trial=dry_run)
        will = "would be " if dry_run else ""
        click.echo(f"{rule.what}: {rows:,} {will}removed ({rule.period} after {rule.since})")


def _apply(rule: Rule, *, is_trial: bool) -> int:
    """Apply a rule in all cities, and return the number of rows."""
    rows = 0
    with click.progressbar(length=PER_CITY * len(CITIES), label=rule.what[:30]) as bar:
        for number, city in enumerate(CITIES):
            for step in movr().retention.apply(rule, city.name, is_trial=is_trial):
                rows += step.rows
                bar.update(round(PER_CITY * (number + step.done)) - bar.pos)
    return rows
