"""Class CityData: what agencies read of a city, and the zones that a city defines."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from movr import errors
from movr import rows as rows_to
from movr.city_data import agencies, zones
from movr.city_data.agencies import Agency
from movr.city_data.zones import Zone
from movr.database.access import Database


class CityData:
    """Each method is one read or one transaction of one city."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this database. `clock` returns the current time in UTC."""
        self._database: Final = database
        self._now: Final = clock

    # Agencies

    def agencies(self, city: str) -> list[Agency]:
        """Return the tokens of the city's agencies, oldest first, revoked ones included."""
        return rows_to.named_tuples(Agency, self._database.read(agencies.LIST, agency_city=city))

    def add_agency(self, city: str, name: str) -> str | None:
        """Add an agency and return its token, or None if this name has one that is not revoked."""
        token = agencies.make_token()
        new = {"id_": uuid4(), "now": self._now()}
        return token if self._database.write(agencies.add, city, name, token, **new) else None

    def revoke_agency(self, city: str, name: str) -> bool:
        """Revoke the token of the agency of this name; return False if it has none."""
        return self._database.write(agencies.revoke, city, name, now=self._now())

    def check_token(self, city: str, token: str) -> UUID:
        """Return the id of a token of one of this city's agencies. Raises NotAnAgency."""
        found = self._database.read(
            agencies.FIND, agency_city=city, hash=agencies.hash_token(token)
        )
        if not found:
            raise errors.NotAnAgency
        return UUID(str(found[0].id))

    # Zones

    def zones(self, city: str) -> tuple[Zone, ...]:
        """Return the zones of a city in force and those that will be, those without parking first.

        No zone begins sooner than NOTICE after it was added.
        """
        rows = self._database.read(zones.SELECT_ZONES, zone_city=city, at=self._now())
        return tuple(zones.Zone(row.name, zones.area_of(row.area), *row[2:]) for row in rows)

    def replace_zones(self, city: str, new: Sequence[Zone], *, begin: datetime) -> int:
        """Let these zones replace a city's at `begin`; return how many those are."""
        by_id = {uuid4(): zone for zone in new}
        return len(self._database.write(zones.replace, city, by_id, begin=begin))
