"""`flask --app server db …`: the schema's history."""

import click

from cli.error_messages import ErrorMessageGroup
from movr.database import schema
from web.context import movr

db = ErrorMessageGroup("db", help="The schema's history (Alembic).")


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Run the migrations up to REVISION, the newest by default."""
    schema.upgrade(movr().engine, revision)


@db.command(context_settings={"ignore_unknown_options": True})  # -1 is a revision, no option
@click.argument("revision", default="-1")
def downgrade(revision: str) -> None:
    """Undo the migrations down to REVISION, one step by default; `base` undoes them all."""
    schema.downgrade(movr().engine, revision)


@db.command()
def recount() -> None:
    """Count anew what riders' rides add up to, once older code ends no more of them.

    Riders may ride meanwhile.
    """
    schema.recount(movr().engine)


@db.command()
@click.option("--message", "-m", required=True, help="What changes, in a few words.")
def migrate(message: str) -> None:
    """Write a migration with what the models have and the database lacks."""
    schema.migrate(movr().engine, message)


@db.command()
def current() -> None:
    """Print the revision the database is at."""
    schema.current(movr().engine)


@db.command()
def history() -> None:
    """Print all revisions."""
    schema.history(movr().engine)
