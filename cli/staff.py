"""`flask --app server staff …`: who is staff of a city."""

import re
from typing import Final

import click

from cli.arguments import CITY
from cli.error_messages import ErrorMessageGroup
from movr.cities import City
from movr.formats import MARKUP_OR_CONTROL, REASON_LENGTH, ROLES
from movr.results import Member
from web.context import movr

staff = ErrorMessageGroup("staff", help="The staff of the cities.")


def _member(username: str) -> Member:
    if member := movr().find_member(username):
        return member
    raise click.ClickException(f"There is no member {username}.")


def _reason(_context: click.Context, _parameter: click.Parameter, reason: str) -> str:
    is_short = 0 < len(reason.strip()) <= REASON_LENGTH
    if not is_short or re.search(MARKUP_OR_CONTROL, reason):
        raise click.BadParameter(f"must have 1 to {REASON_LENGTH} characters, without < and >.")
    return reason


USERNAME: Final = click.argument("username")
ROLE: Final = click.argument("role", type=click.Choice(ROLES))
REASON: Final = click.option(
    "--reason", default="At the command line", callback=_reason, help="Why, for the audit."
)


@staff.command()
@USERNAME
@CITY
@ROLE
@REASON
def grant(username: str, city: City, role: str, reason: str) -> None:
    """Give the member with this USERNAME a ROLE in CITY."""
    user = _member(username)
    if not movr().staff.grant_role_as_operator(city.name, user.key, role, reason):
        raise click.ClickException(f"{user.username} has this role already. Nothing was changed.")
    click.echo(f"{user.username} is {role} of {city.label}.")


@staff.command()
@USERNAME
@CITY
@ROLE
@REASON
def revoke(username: str, city: City, role: str, reason: str) -> None:
    """Take the ROLE in CITY from the member with this USERNAME, at once."""
    user = _member(username)
    if not movr().staff.revoke_role_as_operator(city.name, user.key, role, reason):
        raise click.ClickException(f"{user.username} does not have it. Nothing was changed.")
    click.echo(f"{user.username} is not {role} of {city.label} any more.")


@staff.command("list")
@CITY
def show(city: City) -> None:
    """List the staff of CITY."""
    for each in movr().staff.grants(city.name):
        since = each.granted_at.astimezone(city.timezone)
        click.echo(f"{each.role:10} {each.username}, since {since:%Y-%m-%d %H:%M}")
