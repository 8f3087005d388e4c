"""How a command says what it can't do."""

import click
from flask.cli import AppGroup

from movr.databases import DatabaseRefused
from movr.errors import DatabaseAway, Refusal
from movr.schema import SchemaError, plainly
from web.servers import CannotServe


class Plainly(AppGroup):
    """Commands that say in a sentence what they can't do, or why the database did not do it."""

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        try:
            with plainly():
                return super().invoke(context)
        except DatabaseAway as away:  # its sentence is for riders, its reason for operators
            raise click.ClickException(f"MovR cannot use its database: {away.reason}.") from away
        except (SchemaError, Refusal, DatabaseRefused, CannotServe) as refusal:
            raise click.ClickException(str(refusal)) from refusal
