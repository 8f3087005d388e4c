"""Maps of a city as SVG drawings to scale; scripts may replace them with a street map."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from flask import Flask

from movr.cities import US_EAST, US_WEST, City, Position
from movr.formats import VEHICLE_TYPES
from movr.geo import metres_per_degree
from movr.results import Vehicle
from web.rendering import static_files

WIDTH: Final = 400  # SVG units: about a pixel each on most screens
HEIGHT: Final = 320
MARGIN: Final = 30  # so that markers at the edge are not cut off
TOUCHING: Final = 30  # markers nearer to each other than this overlap
CLOSEST: Final = 1.5  # metres per unit: the highest zoom
CITY_WIDE: Final = 25.0  # metres per unit: ten kilometres around a city's centre
FEWEST_UNITS: Final = 55  # between two rings

# Ring distances in metres: 50 m to 20 km; in the US, 200 feet to 20 miles.
_FOOT: Final = 0.3048
_MILE: Final = 1609.344
_METRIC: Final = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)
_CUSTOMARY: Final = (
    *(feet * _FOOT for feet in (200, 500)),
    *(miles * _MILE for miles in (0.2, 0.5, 1, 2, 5, 10, 20)),
)
_WITH_MILES: Final = frozenset({US_EAST, US_WEST})


class Point(NamedTuple):
    """A place on a drawing, in units from its upper left corner."""

    x: float
    y: float


class Marker(NamedTuple):
    """A marker on the drawing, for one vehicle or several that would overlap."""

    point: Point
    vehicles: tuple[Vehicle, ...]

    @property
    def has_free(self) -> bool:
        """True if a vehicle of this marker is available."""
        return any(vehicle.is_free for vehicle in self.vehicles)


class Ring(NamedTuple):
    """A circle around the origin; its radius in drawing units and in metres."""

    radius: float
    metres: float


@dataclass(frozen=True)
class Frame:
    """The area that a drawing shows: its middle, and its scale in metres per unit."""

    middle: Position
    metres: float

    @classmethod
    def around(cls, places: Iterable[Position]) -> Self:
        """Return the smallest frame that shows all places (at least one), with a margin."""
        latitudes, longitudes = zip(*places, strict=True)
        middle = Position(_halfway(latitudes), _halfway(longitudes))
        north, east = metres_per_degree(middle.latitude)
        high = (max(latitudes) - min(latitudes)) * north / (HEIGHT - 2 * MARGIN)
        wide = (max(longitudes) - min(longitudes)) * east / (WIDTH - 2 * MARGIN)
        return cls(middle, max(high, wide, CLOSEST))

    def point(self, place: Position) -> Point:
        """Return the point of this place on the drawing; north is up."""
        down, right = self.degrees
        return Point(
            round(WIDTH / 2 + (place.longitude - self.middle.longitude) / right, 1),
            round(HEIGHT / 2 - (place.latitude - self.middle.latitude) / down, 1),
        )

    def shows(self, place: Position) -> bool:
        """True if the place is on the drawing."""
        x, y = self.point(place)
        return 0 <= x <= WIDTH and 0 <= y <= HEIGHT

    @cached_property
    def degrees(self) -> tuple[float, float]:
        """The degrees of latitude and of longitude per unit."""
        north, east = metres_per_degree(self.middle.latitude)
        return self.metres / north, self.metres / east


@dataclass(frozen=True, slots=True)
class Drawing:
    """A map: markers around an origin, and rings that show their distance from it."""

    city: City
    frame: Frame
    origin: Point
    from_visitor: bool
    centre: Point | None
    markers: tuple[Marker, ...]
    rings: tuple[Ring, ...]

    @property
    def scale(self) -> Ring:
        """The scale bar, as long as the distance between two rings."""
        return self.rings[0]


def drawing(vehicles: Sequence[Vehicle], city: City, visitor: Position | None) -> Drawing:
    """Return a map of the vehicles around the visitor, or around the city's centre."""
    origin = visitor or city.centre
    frame = Frame.around([origin, *(vehicle.position for vehicle in vehicles)])
    markers = _markers(frame, vehicles)
    return _drawing(frame, city, origin, markers, from_visitor=visitor is not None)


def city_around(city: City, place: Position) -> Drawing:
    """Return a map of the city around a place, without vehicles, to choose a position on."""
    return _drawing(Frame(place, CITY_WIDE), city, place, (), from_visitor=False)


def groups(points: Sequence[Point]) -> list[list[int]]:
    """Group the indexes of points that are closer than TOUCHING to the first of their group.

    The first points of any two groups do not touch, so markers there do not overlap.
    """
    found: list[list[int]] = []
    for number, point in enumerate(points):
        for group in found:
            if math.dist(points[group[0]], point) < TOUCHING:
                group.append(number)
                break
        else:
            found.append([number])
    return found


def init_app(app: Flask) -> None:
    """Add the drawings to the globals of templates, and serve Leaflet."""
    app.jinja_env.globals.update(
        drawing=drawing,
        city_around=city_around,
        vehicle_types=VEHICLE_TYPES,
        google_key=app.extensions["settings"].api_key,
    )
    static_files.serve_folder(app, "leaflet", leaflet_folder())


def leaflet_folder() -> Path:
    """Return the folder of Leaflet's files in the package xstatic-leaflet."""
    package = find_spec("xstatic.pkg.leaflet")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("xstatic-leaflet is not installed")
    return Path(package.origin).parent / "data"


def _drawing(
    frame: Frame,
    city: City,
    origin: Position,
    markers: Iterable[Marker],
    *,
    from_visitor: bool,
) -> Drawing:
    return Drawing(
        city=city,
        frame=frame,
        origin=frame.point(origin),
        from_visitor=from_visitor,
        centre=frame.point(city.centre) if frame.shows(city.centre) else None,
        markers=tuple(markers),
        rings=tuple(_rings(frame, frame.point(origin), city)),
    )


def _markers(frame: Frame, vehicles: Sequence[Vehicle]) -> Iterator[Marker]:
    points = [frame.point(vehicle.position) for vehicle in vehicles]
    for group in groups(points):
        yield Marker(points[group[0]], tuple(vehicles[number] for number in group))


def _rings(frame: Frame, origin: Point, city: City) -> Iterator[Ring]:
    """Yield rings at round distances, out to the corner farthest from the origin."""
    steps = _CUSTOMARY if city.region in _WITH_MILES else _METRIC
    wide_enough = (step for step in steps if step / frame.metres >= FEWEST_UNITS)
    step = next(wide_enough, steps[-1])
    farthest = max(math.dist(origin, corner) for corner in _CORNERS)
    for number in range(1, max(1, math.floor(farthest * frame.metres / step)) + 1):
        yield Ring(round(number * step / frame.metres, 1), number * step)


_CORNERS: Final = tuple(Point(x, y) for x in (0, WIDTH) for y in (0, HEIGHT))


def _halfway(values: Sequence[Any]) -> float:
    middle: float = (min(values) + max(values)) / 2
    return middle
