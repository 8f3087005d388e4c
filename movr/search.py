"""What a rider looks for: vehicles of a city, from the nearest on."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from movr import geo, queries
from movr.cities import Position

START = (queries.BEFORE_ALL, UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A page of the vehicles of a city, the nearest to `origin` first.

    `type` None means all. `after` is where the last page ended: metres from the origin, and an id.
    """

    city: str
    origin: Position
    size: int
    type: str | None = None
    only_free: bool = False
    after: tuple[float, UUID] = START

    def statement(self) -> Select[Any]:
        """What finds them."""
        return queries.nearest(only_free=self.only_free, of_type=self.type is not None)

    def after_who_is(self) -> Select[Any]:
        """What finds who is looking, and then them."""
        return queries.nearest_after_who_is(only_free=self.only_free, of_type=self.type is not None)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements are asked with; one item more than fits tells if there is a next."""
        metres, id_ = self.after
        north, east = geo.metres_a_degree(self.origin.latitude)
        found = {
            "city": self.city,
            "latitude": self.origin.latitude,
            "longitude": self.origin.longitude,
            "metres_north": north,
            "metres_east": east,
            "from": metres,
            "after": id_,
            "limit": self.size + 1,
        }
        for number, reach in enumerate(queries.REACHES):
            box = geo.box(self.origin, max(metres, 0) + reach)
            found |= {f"bands_{number}": box.bands, f"reach_{number}": max(metres, 0) + reach}
            found |= {f"west_{number}": box.west, f"east_{number}": box.east}
        return found | ({"type": self.type} if self.type else {})
