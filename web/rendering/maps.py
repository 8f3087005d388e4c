"""Maps of a city as SVG drawings to scale; scripts may replace them with a street map."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple, Self

from flask import Flask
from xstatic.pkg import leaflet

from movr.cities import US_EAST, US_WEST, City, Position
from movr.city_data.zones import Zone
from movr.formats import VEHICLE_TYPES
from movr.geo import Polygon, metres_per_degree
from movr.results import Vehicle
from web.rendering import static_files

WIDTH: Final = 400  # SVG units: about a pixel each on most screens
HEIGHT: Final = 240
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
_CORNERS: Final = ((0, 0), (0, HEIGHT), (WIDTH, 0), (WIDTH, HEIGHT))
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


class Shape(NamedTuple):
    """A zone on the drawing: its name, and the commands of an SVG path around it."""

    name: str
    ride_end_allowed: bool
    path: str


@dataclass(frozen=True)
class Frame:
    """The area that a drawing shows: its middle, and its scale in metres per unit."""

    middle: Position
    metres: float

    @classmethod
    def around(cls, places: Iterable[Position]) -> Self:
        """Return the smallest frame that shows all places (at least one), with a margin."""
        latitudes, longitudes = zip(*places, strict=True)
        middle = Position(
            (min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2
        )
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

    @cached_property
    def degrees(self) -> tuple[float, float]:
        """The degrees of latitude and of longitude per unit."""
        north, east = metres_per_degree(self.middle.latitude)
        return self.metres / north, self.metres / east


@dataclass(frozen=True)
class Drawing:
    """A map: markers around a middle, and rings that show their distance from it."""

    city: City
    frame: Frame
    middle: Position
    from_visitor: bool = False
    markers: Sequence[Marker] = ()
    zones: Sequence[Zone] = ()

    @property
    def origin(self) -> Point:
        """The centre of the rings."""
        return self.frame.point(self.middle)

    @property
    def centre(self) -> Point | None:
        """The centre of the city, if it is on the drawing."""
        x, y = point = self.frame.point(self.city.centre)
        return point if 0 <= x <= WIDTH and 0 <= y <= HEIGHT else None

    @cached_property
    def rings(self) -> list[Ring]:
        """Rings at round distances, out to the corner farthest from the origin; at least one."""
        metres = self.frame.metres
        steps = _CUSTOMARY if self.city.region in _WITH_MILES else _METRIC
        wide_enough = (step for step in steps if step / metres >= FEWEST_UNITS)
        step = next(wide_enough, steps[-1])
        farthest = max(math.dist(self.origin, corner) for corner in _CORNERS) * metres
        distances = [number * step for number in range(1, math.floor(farthest / step) + 1)]
        return [Ring(round(distance / metres, 1), distance) for distance in distances or [step]]

    @cached_property
    def shapes(self) -> list[Shape]:
        """The zones that are on the drawing, those without parking last, above the others."""
        shapes = [
            Shape(zone.name, zone.ride_end_allowed, "".join(map(self._path, zone.area)))
            for zone in reversed(self.zones)
        ]
        return [shape for shape in shapes if shape.path]

    def _path(self, polygon: Polygon) -> str:
        """Return the path around a polygon, or nothing if it is not on the drawing."""
        rings = [[self.frame.point(position) for position in ring] for ring in polygon]
        x, y = zip(*rings[0], strict=True)
        if max(x) < 0 or min(x) > WIDTH or max(y) < 0 or min(y) > HEIGHT:
            return ""
        # Points that fall on the one before are left out.
        return "".join(f"M{'L'.join(f'{x} {y}' for (x, y), _ in groupby(ring))}Z" for ring in rings)

    @property
    def scale(self) -> Ring:
        """The scale bar, as long as the distance between two rings."""
        return self.rings[0]


def drawing(vehicles: Sequence[Vehicle], city: City, visitor: Position | None) -> Drawing:
    """Return a map of the vehicles around the visitor, or around the city's centre.

    It does not show vehicles of unknown position.
    """
    middle = visitor or city.centre
    placed = [(vehicle.position, vehicle) for vehicle in vehicles if vehicle.position]
    frame = Frame.around([middle, *(position for position, _ in placed)])
    points = [(frame.point(position), vehicle) for position, vehicle in placed]
    return Drawing(city, frame, middle, visitor is not None, markers(points))


def city_around(city: City, place: Position, zones: Sequence[Zone] = ()) -> Drawing:
    """Return a map of the city around a place, without vehicles, to choose a position on."""
    return Drawing(city, Frame(place, CITY_WIDE), place, zones=zones)


def markers(placed: Iterable[tuple[Point, Vehicle]]) -> list[Marker]:
    """Combine vehicles that are closer than TOUCHING to the first one of their marker.

    Markers do not overlap.
    """
    found: dict[Point, list[Vehicle]] = {}
    for point, vehicle in placed:
        touching = (other for other in found if math.dist(other, point) < TOUCHING)
        found.setdefault(next(touching, point), []).append(vehicle)
    return [Marker(point, tuple(vehicles)) for point, vehicles in found.items()]


def init_app(app: Flask) -> None:
    """Add the drawings to the globals of templates, and serve Leaflet."""
    app.jinja_env.globals.update(
        drawing=drawing,
        city_around=city_around,
        vehicle_types=VEHICLE_TYPES,
        google_key=app.extensions["settings"].api_key,
    )
    static_files.serve_folder(app, "leaflet", Path(leaflet.BASE_DIR))
