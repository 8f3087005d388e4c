"""`flask --app server tariff …` and `payments …`: what rides cost, and its collection."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final
from uuid import UUID

import click

from cli.arguments import CITY
from cli.error_messages import ErrorMessageGroup
from movr.cities import CITIES, City
from movr.fares import Tariff
from movr.formats import HIGHEST_CAP, VEHICLE_TYPES
from movr.results import CityTariff
from web.context import movr
from web.rendering.template_filters import price
from web.services import payments as services

NOTICE: Final = timedelta(minutes=1)  # until every server knows of a tariff, with some to spare
CENTS: Final = 2  # decimals of all currencies of the cities

tariff = ErrorMessageGroup("tariff", help="What rides cost.")
payments = ErrorMessageGroup("payments", help="The collection of fares.")


def _amount(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    try:
        cents = Decimal(text).scaleb(CENTS)
        is_whole = 0 <= cents <= HIGHEST_CAP and cents == int(cents)
    except (InvalidOperation, ValueError, OverflowError):
        is_whole = False
    if not is_whole:
        highest = HIGHEST_CAP // 10**CENTS
        raise click.BadParameter(f"must be an amount from 0 to {highest}, such as 0.25.")
    return int(cents)


_option = partial(click.option, required=True, callback=_amount)


@tariff.command("list")
@CITY
def show(city: City) -> None:
    """List all tariffs of CITY, past and future ones too."""
    for each in movr().tariffs(city.name):
        begin = each.valid_from.astimezone(city.timezone)
        share = f"{each.owner_percent} % for the owner"
        click.echo(
            f"{each.vehicle_type:10} from {begin:%Y-%m-%d %H:%M}:"
            f" {price(each.prices, city.name)}; {share}"
        )


@tariff.command("set")
@CITY
@click.argument("vehicle_type", type=click.Choice(VEHICLE_TYPES))
@_option("--unlock", help="The price of unlocking, e.g. 1.00.")
@_option("--minute", help="The price of each minute that has begun.")
@_option("--day", help="What 24 hours cost at most.")
@click.option("--owner", type=click.IntRange(0, 100), required=True, help="The owner's per cent.")
@click.option(
    "--from",
    "begin",
    type=click.DateTime(["%Y-%m-%dT%H:%M"]),
    help="When it begins, in the city's time; else in a minute.",
)
def add(
    city: City,
    vehicle_type: str,
    *,
    unlock: int,
    minute: int,
    day: int,
    owner: int,
    begin: datetime | None,
) -> None:
    """Add a tariff of a vehicle type in CITY. Rides that have started before it keep theirs."""
    if max(unlock, minute) > day:
        raise click.ClickException("--day must be at least --unlock and --minute.")
    earliest = datetime.now(UTC).replace(microsecond=0) + NOTICE
    valid_from = begin.replace(tzinfo=city.timezone) if begin else earliest
    if valid_from < earliest:
        raise click.ClickException("--from must be a minute from now or later.")
    new = CityTariff(vehicle_type, valid_from, *Tariff(unlock, minute, day), owner_percent=owner)
    if not movr().add_tariff(city.name, new):
        raise click.ClickException("There is a tariff from this moment on. Nothing was changed.")
    begins = valid_from.astimezone(city.timezone)
    click.echo(f"A ride costs {price(new.prices, city.name)} from {begins:%Y-%m-%d %H:%M} on.")


@payments.command()
@CITY
@click.argument("ride_id", type=click.UUID)
def refund(city: City, ride_id: UUID) -> None:
    """Take back the fare of a ride in CITY. The receipt's address ends with the RIDE_ID.

    A fare that is not paid yet is not collected any more. The gateway gives no money back.
    """
    if not movr().refund_fare(city.name, ride_id):
        raise click.ClickException(
            f"There is no fare of this ride in {city.label}, or it was refunded before."
            " Nothing was changed."
        )
    click.echo("The fare is refunded. If it was paid, return the money by the gateway's own page.")


@payments.command()
def collect() -> None:
    """Charge the unpaid fares by the gateway of PAYMENTS. It may be repeated at any time."""
    gateway = services.gateway()
    if gateway is None:
        raise click.ClickException("PAYMENTS is empty: rides are free of charge.")
    collected = [services.collect(gateway, city.name) for city in CITIES]
    paid, refused = (sum(numbers) for numbers in zip(*collected, strict=True))
    click.echo(f"{paid} {'fare' if paid == 1 else 'fares'} collected by {gateway.name}.")
    if refused:
        click.echo(f"{refused} refused by the gateway; to be tried again by the next run.")
