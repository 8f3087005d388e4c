"""How MovR works inside: its regions, what they store and how fast they answer."""

from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple

from flask import Blueprint, Flask, current_app, render_template
from flask.typing import ResponseReturnValue

from movr.cities import REGIONS, cities_in
from movr.errors import DatabaseBusy, DatabaseSlow, DatabaseUnavailable
from movr.movr import MovR
from movr.placement.inspection import CurrentPlacement
from movr.placement.statistics import EstimatedRows
from web.background_cache import BackgroundCache
from web.context import movr
from web.operations import metrics

blueprint = Blueprint("about", __name__, url_prefix="/about")

KEY: Final = "regions"  # of the only value in the cache


class Storage(NamedTuple):
    """The placement of the database, the estimated rows of each city, and the last check."""

    placement: CurrentPlacement
    rows: EstimatedRows
    last_check: str | None

    def rows_by_table(self, region: str) -> Mapping[str, int | None]:
        """Return the rows of a region in each table; None where there are no statistics."""
        names = {city.name for city in cities_in(region)}
        known = {
            table: [rows for city, rows in cities.items() if city in names]
            for table, cities in self.rows.items()
        }
        return {table: sum(rows) if rows else None for table, rows in known.items()}

    def rows_by_region(self) -> Mapping[str, int]:
        """Return the known rows of all tables in each region."""
        return {
            region: sum(rows or 0 for rows in self.rows_by_table(region).values())
            for region in REGIONS
        }


def init_app(app: Flask) -> None:
    """Create the cache of this process."""
    app.extensions["storage"] = BackgroundCache[str, Storage]()


@blueprint.get("/regions")
def regions() -> ResponseReturnValue:
    """Show each region's cities, rows and placement, and the response times at home and abroad."""
    return render_template(
        "about/regions.html", storage=_storage(), times=metrics.city_response_times()
    )


def _read(database: MovR) -> Storage:
    return Storage(database.placement(), database.estimated_rows(), database.last_placement_check())


def _storage() -> Storage | None:
    """Return what is known of the database; None while it does not answer."""
    cache: BackgroundCache[str, Storage] = current_app.extensions["storage"]
    database = movr()  # the other thread has no app context
    try:
        return cache.get(KEY, partial(_read, database))
    except (DatabaseUnavailable, DatabaseSlow, DatabaseBusy):
        return None
