"""Search for the vehicles of a city, nearest first."""

import math
import threading
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Select

from movr import geo, queries
from movr.cities import SERVICE_RADIUS, City, Position
from movr.results import NearbyVehicle

FIRST_PAGE = (queries.BEFORE_FIRST, UUID(int=0))

# A radius is enlarged by this factor so that it probably holds a whole page the next time.
RADIUS_MARGIN: Final = 1.2
FIRST_RADIUS: Final = 500.0  # metres, for cities without a learned radius
SMALLEST_RADIUS: Final = 10.0  # metres
RADIUS_GROWTH: Final = 8  # factor of the radius from one attempt to the next
MAX_AREAS: Final = 10_000  # in the cache, about 2 MB
AREA_DECIMALS: Final = 2  # decimal places of the degrees that name an area: about a kilometre

_Filter: TypeAlias = tuple[str, str | None]
_Area: TypeAlias = tuple[_Filter, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search for a page of `size` available vehicles of a city, nearest to `origin` first.

    `type` None means all types. `after` is the last vehicle of the previous page: its distance
    from the origin in millimetres, and its public id.
    """

    city: City
    origin: Position
    size: int
    type: str | None = None
    after: tuple[int, UUID] = FIRST_PAGE

    def statement(self, radius: float) -> Select[Any]:
        """Return the statement that finds the vehicles within `radius` metres of the origin."""
        return queries.nearest(**self._filters(radius))

    def statement_with_member(self, radius: float) -> Select[Any]:
        """Return the same statement combined with the session's member."""
        return queries.nearest_with_member(**self._filters(radius))

    def parameters(self, radius: float) -> dict[str, Any]:
        """Return the parameters of either statement.

        The limit is one more than the page size, to find out whether there is a next page.
        """
        millimetres, id_ = self.after
        north, east = geo.metres_per_degree(self.origin.latitude)
        parameters = {
            "city": self.city.name,
            "latitude": self.origin.latitude,
            "longitude": self.origin.longitude,
            "metres_north": north,
            "metres_east": east,
            "from": millimetres,
            "after": id_,
            "limit": self.size + 1,
        }
        if radius >= self.farthest:
            parameters["radius"] = queries.UNKNOWN_DISTANCE
        else:
            box = geo.box(self.origin, radius + 1)  # one metre more against rounding at the edge
            parameters |= box._asdict() | {"radius": round(radius * 1000)}
        return parameters | ({"type": self.type} if self.type else {})

    @property
    def filter(self) -> _Filter:
        """The city and the type."""
        return self.city.name, self.type

    @property
    def farthest(self) -> float:
        """The radius around the origin that contains the whole city, in metres."""
        return geo.planar_metres_between(self.origin, self.city.centre) + SERVICE_RADIUS * 1.02

    def _filters(self, radius: float) -> dict[str, bool]:
        return {
            "of_type": self.type is not None,
            "whole_city": radius >= self.farthest,
        }


class SearchRadii:
    """A cache of the radius that held a page of vehicles last time, by area and filter.

    A statement reads all vehicles in its box, so the box should hold little more than a page. Its
    size depends on the density of vehicles in the area, which is learned from the last result.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._radii: dict[_Area, float] = {}
        self._latest: dict[str, float] = {}  # by city
        self._less_than_a_page: set[_Filter] = set()  # whole-city searches with less than a page
        self._lock = threading.Lock()

    @property
    def number_of_areas(self) -> int:
        """The number of areas in the cache, at most MAX_AREAS."""
        return len(self._radii)

    def radius(self, search: Search) -> float:
        """Return the radius to search within, in metres from the origin.

        The ring of a later page has the same area as the circle of the first page. For a filter
        that is new in this area, the radius learned for all vehicles is used; in a new area, the
        last radius learned in this city.
        """
        everything = _without_filter(search)
        if self._less_than_a_page & {search.filter, everything.filter}:
            return search.farthest
        known = (
            self._radii.get(_area(search))
            or self._radii.get(_area(everything))
            or self._latest.get(search.city.name, FIRST_RADIUS)
        )
        return math.hypot(max(search.after[0], 0) / 1000, known)

    def learn(self, search: Search, found: list[NearbyVehicle]) -> None:
        """Store the radius that holds a first page."""
        if search.after != FIRST_PAGE:
            return
        with self._lock:
            farthest = found[search.size].distance if len(found) > search.size else None
            if farthest is None:
                self._less_than_a_page.add(search.filter)
                return
            self._less_than_a_page -= {search.filter, _without_filter(search).filter}
            self._radii.pop(_area(search), None)
            radius = max(farthest * RADIUS_MARGIN, SMALLEST_RADIUS)
            self._radii[_area(search)] = self._latest[search.city.name] = radius
            if len(self._radii) > MAX_AREAS:
                del self._radii[next(iter(self._radii))]  # the oldest entry


def _without_filter(search: Search) -> Search:
    return replace(search, type=None)


def _area(search: Search) -> _Area:
    latitude, longitude = (round(degrees, AREA_DECIMALS) for degrees in search.origin)
    return search.filter, latitude, longitude
