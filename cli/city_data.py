"""`flask --app server agency …` and `zones …`: who reads a city's data, and where rides may end."""

import re
from datetime import UTC, datetime
from typing import BinaryIO

import click

from cli.arguments import CITY
from cli.error_messages import ErrorMessageGroup
from movr.cities import City
from movr.city_data import zone_files
from movr.formats import MARKUP_OR_CONTROL, NAME_LENGTH
from web.context import movr
from web.services.zones import NOTICE


def _name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if 1 <= len(name.strip()) <= NAME_LENGTH and not re.search(MARKUP_OR_CONTROL, name):
        return name.strip()
    raise click.BadParameter(f"must be a text of 1 to {NAME_LENGTH} letters without < or >.")


agency = ErrorMessageGroup("agency", help="Agencies that read a city's data.")
zones = ErrorMessageGroup("zones", help="Where rides of a city may end.")


@agency.command("add")
@CITY
@click.argument("name", callback=_name)
def add_agency(city: City, name: str) -> None:
    """Add the agency NAME in CITY, and print its token, which is not shown again."""
    token = movr().city_data.add_agency(city.name, name)
    if token is None:
        raise click.ClickException(f"{name} has a token in {city.label}. Nothing was changed.")
    click.echo(token)


@agency.command("list")
@CITY
def list_agencies(city: City) -> None:
    """List the agencies of CITY, without their tokens."""
    for each in movr().city_data.agencies(city.name):
        end = f", revoked {_date(each.revoked_at, city)}" if each.revoked_at else ""
        click.echo(f"{each.name}: added {_date(each.created_at, city)}{end}")


@agency.command("revoke")
@CITY
@click.argument("name")
def revoke_agency(city: City, name: str) -> None:
    """Revoke the token of the agency NAME in CITY, at once."""
    if not movr().city_data.revoke_agency(city.name, name):
        raise click.ClickException(f"{name} has no token in {city.label}. Nothing was changed.")
    click.echo(f"The token of {name} is revoked.")


@zones.command("set")
@CITY
@click.argument("file", type=click.File("rb"))
def set_zones(city: City, file: BinaryIO) -> None:
    """Replace the zones of CITY by those of FILE, a GeoJSON FeatureCollection.

    Each feature has the properties name and ride_end_allowed.
    """
    begin = datetime.now(UTC).replace(microsecond=0) + NOTICE
    try:
        new = zone_files.parse(file.read(zone_files.MAX_SIZE + 1), city, begin=begin)
    except zone_files.InvalidZones as error:
        raise click.ClickException(f"{file.name}: {error} Nothing was changed.") from None
    movr().city_data.replace_zones(city.name, new, begin=begin)
    click.echo(f"{city.label} has new zones from {_date(begin, city)} on: {len(new)}.")


@zones.command("list")
@CITY
def list_zones(city: City) -> None:
    """List the zones of CITY, also those that will begin."""
    for each in movr().city_data.zones(city.name):
        rule = "parking" if each.ride_end_allowed else "no parking"
        end = f" until {_date(each.valid_until, city)}" if each.valid_until else ""
        click.echo(f"{rule:10} from {_date(each.valid_from, city)}{end}: {each.name}")


@zones.command("remove")
@CITY
def remove_zones(city: City) -> None:
    """Remove all zones of CITY: rides may end anywhere in it."""
    begin = datetime.now(UTC).replace(microsecond=0) + NOTICE
    removed = movr().city_data.replace_zones(city.name, [], begin=begin)
    if not removed:
        raise click.ClickException(f"{city.label} has no zones. Nothing was changed.")
    click.echo(f"Rides may end anywhere in {city.label} from {_date(begin, city)} on.")


def _date(time: datetime, city: City) -> str:
    return f"{time.astimezone(city.timezone):%Y-%m-%d %H:%M}"
