"""`flask --app server outbox run`: the delivery of letters."""

import logging
import signal
from threading import Event
from typing import Final

import click
from flask import current_app

from cli.error_messages import ErrorMessageGroup
from cli.local_server import HOST
from movr.cities import CITIES, City, cities_in, find_city_by_alias
from web.config import Settings
from web.context import settings
from web.services import delivery, mail

NO_MAIL: Final = "MAIL_URI is empty: there is no mail server for letters."

outbox = ErrorMessageGroup("outbox", help="Letters to members.")


def _cities(
    _context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]
) -> tuple[City, ...]:
    found = tuple(city for name in names if (city := find_city_by_alias(name)))
    if len(found) < len(names):
        raise click.BadParameter(f"MovR has {', '.join(city.name for city in CITIES)}.")
    return found


@outbox.command()
@click.option("--once", is_flag=True, help="End when no letter is due any more.")
@click.option(
    "--city",
    "cities",
    multiple=True,
    callback=_cities,
    help="Only letters of this city, by default those of the REGION or else of all cities.",
)
def run(*, once: bool, cities: tuple[City, ...]) -> None:
    """Send letters as they become due, until SIGTERM or Ctrl-C. Several may run at once."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if not mail.can_send():
        if once:
            raise click.ClickException(NO_MAIL)
        logging.getLogger("movr.outbox").warning(NO_MAIL)
        stop.wait()
        return
    names = [city.name for city in cities or _served(settings())]
    base_url = settings().site_url or f"http://{HOST}:{settings().port}"
    if once:
        with current_app.test_request_context(base_url=base_url):
            delivery.remind_riders(names)
            delivery.deliver_due(names, stop)
    else:
        delivery.run(current_app, base_url, names, stop)


def _served(settings: Settings) -> tuple[City, ...]:
    return cities_in(settings.region) or CITIES
