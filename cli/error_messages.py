"""How a command says what it can't do."""

import click
from flask.cli import AppGroup

from cli.local_server import CannotServe
from movr.database.admin import DatabaseRefused
from movr.database.schema import SchemaError, readable_errors
from movr.errors import DatabaseUnavailable, Refusal


class ErrorMessageGroup(AppGroup):
    """Commands that say in a sentence what they can't do, or why the database did not do it."""

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        try:
            with readable_errors():
                return super().invoke(context)
        except DatabaseUnavailable as away:  # its sentence is for riders, its reason for operators
            raise click.ClickException(f"MovR cannot use its database: {away.reason}.") from away
        except (SchemaError, Refusal, DatabaseRefused, CannotServe) as refusal:
            raise click.ClickException(str(refusal)) from refusal
