"""`flask --app server invariants`: a check of all data, such as after a restore."""

import sys

import click
from flask.cli import with_appcontext

from cli.error_messages import ErrorMessageCommand
from movr.database.invariants import INVARIANTS, check_each
from web.context import movr


@click.command(cls=ErrorMessageCommand)
@with_appcontext
def invariants() -> None:
    """Check every invariant of the database; exit with 1 if one is broken.

    Prints a sentence for each, with the number of rows and one of them. It changes nothing, and
    may run while people ride. It reads all tables of all cities.
    """
    checks = check_each(movr().engine)
    with click.progressbar(checks, length=len(INVARIANTS), file=sys.stderr) as results:
        broken = [result for result in results if result]
    for sentence in broken:
        click.echo(sentence)
    if broken:
        raise click.ClickException(f"{len(broken)} of {len(INVARIANTS)} invariants are broken.")
    click.echo(f"All {len(INVARIANTS)} invariants hold.")
