"""`flask --app server db …`: schema migrations."""

from collections.abc import Iterable
from itertools import chain
from typing import TextIO

import click

from cli import restore
from cli.error_messages import ErrorMessageGroup
from movr.database import schema
from movr.database.schema import Compatibility
from web.context import movr

db = ErrorMessageGroup("db", help="Schema migrations (Alembic), restored backups.")


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Run the migrations up to REVISION, the newest by default.

    Waits for another upgrade or downgrade of the same database.
    """
    schema.upgrade(movr().engine, revision, report=click.echo)


@db.command(context_settings={"ignore_unknown_options": True})  # -1 is a revision, not an option
@click.argument("revision", default="-1")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade(revision: str, *, yes: bool) -> None:
    """Undo the migrations down to REVISION, one step by default; `base` undoes them all.

    Asks first, because tables and columns are dropped with their data.
    """
    engine = movr().engine
    if not yes:
        click.confirm(
            f"Downgrade the database {engine.url.database} to revision {revision}?"
            " Tables and columns that later revisions added are dropped with their data",
            abort=True,
        )
    schema.downgrade(engine, revision, report=click.echo)


@db.command()
def check() -> None:
    """Say whether this code may use the database's schema; exit with 1 if it may not.

    It may use an older schema after `db upgrade`, and a newer one as long as no migration has ended
    the use by code as old as this. Nothing is changed.
    """
    compatibility = schema.compatibility(movr().engine)
    sentence = f"{schema.describe(movr().engine)}: {compatibility.value}."
    if compatibility is not Compatibility.COMPATIBLE:
        raise click.ClickException(sentence)
    click.echo(sentence)


@db.command()
def recount() -> None:
    """Recount all ride totals. Run it once no code older than revision 0008 is running.

    Rides may be started and ended in the meantime.
    """
    schema.recount(movr().engine)


@db.command()
def fill_numbers() -> None:
    """Number the vehicles without one. Run it once no code older than revision 0015 is running.

    Vehicles may be added and ridden in the meantime.
    """
    schema.fill_numbers(movr().engine)


@db.command()
@click.argument("logs", nargs=-1, required=True, type=click.File(errors="replace"))
def settle_restore(logs: Iterable[TextIO]) -> None:
    """End what a restored backup has revived. Run it before MovR serves again.

    Ends all sessions, also those of programs. By LOGS it deletes the accounts again that were
    deleted, locks the passwords that were changed, and marks the letters as sent that were sent
    since the backup. LOGS are the logs of MovR and of `outbox run` from the time of the backup
    until the restore, or later; - is standard input.
    """
    for sentence in restore.settle(chain.from_iterable(logs)):
        click.echo(sentence)


@db.command()
@click.option("--message", "-m", required=True, help="What changes, in a few words.")
def migrate(message: str) -> None:
    """Write a migration with the differences between the models and the database."""
    schema.migrate(movr().engine, message)


@db.command()
def current() -> None:
    """Print the current revision of the database."""
    schema.current(movr().engine)


@db.command()
def history() -> None:
    """Print all revisions."""
    schema.history(movr().engine)
