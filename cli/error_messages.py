"""Conversion of expected errors to error messages of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from cli.local_server import CannotServe
from movr.database.admin import DatabaseRefused
from movr.database.schema import SchemaError, readable_errors
from movr.errors import DatabaseUnavailable, Refusal
from movr.placement.definitions import PlacementNotSupported
from web.config import LAPTOP_PACKAGES


class ErrorMessageGroup(AppGroup):
    """A command group that prints expected errors as one sentence, without a stack trace."""

    def invoke(self, context: click.Context) -> object:
        """Run the command. Raises ClickException for expected errors."""
        with error_messages():
            return super().invoke(context)


class ErrorMessageCommand(click.Command):
    """The same for a command that is in no group."""

    def invoke(self, context: click.Context) -> object:
        """Run the command. Raises ClickException for expected errors."""
        with error_messages():
            return super().invoke(context)


@contextmanager
def error_messages() -> Iterator[None]:
    """Convert expected errors to ClickException."""
    try:
        with readable_errors():
            yield
    except DatabaseUnavailable as error:  # its sentence is for riders, its reason for operators
        raise click.ClickException(f"MovR cannot use its database: {error.reason}.") from error
    except ModuleNotFoundError as error:  # a clone with production's packages only
        message = f"This command needs the package {error.name}: {LAPTOP_PACKAGES}"
        raise click.ClickException(message) from error
    except (SchemaError, Refusal, DatabaseRefused, PlacementNotSupported, CannotServe) as error:
        raise click.ClickException(str(error)) from error
