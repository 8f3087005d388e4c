"""Arguments that several commands have."""

from typing import Final

import click

from movr.cities import CITIES, City, find_city_by_alias


def _city(_context: click.Context, _parameter: click.Parameter, name: str) -> City:
    if city := find_city_by_alias(name):
        return city
    raise click.BadParameter(f"MovR has {', '.join(city.name for city in CITIES)}.")


CITY: Final = click.argument("city", callback=_city)
