"""The placements, and definitions that the modules of this package share."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Table

from movr.cities import CITIES, REGIONS
from movr.models import Base

TABLES: Final[tuple[Table, ...]] = tuple(Base.metadata.sorted_tables)
PRIMARY_REGION: Final = REGIONS[0]


class Placement(StrEnum):
    """A strategy for storing rows in regions."""

    NONE = "none"
    PARTITION = "partition"
    MULTI_REGION = "multi-region"
    POSTGRES_PARTITION = "postgres-partition"


class Survival(StrEnum):
    """The failure that a multi-region database survives."""

    ZONE = "zone"
    REGION = "region"


class Step(NamedTuple):
    """One statement of a plan, with a sentence about its purpose."""

    why: str
    sql: str


class PlacementNotSupported(Exception):  # noqa: N818 - a message for the command line
    """The database's engine does not support the placement."""


def region_of_city() -> Mapping[str, str]:
    """Return the region of each city, as cities.py defines it."""
    return {city.name: city.region for city in CITIES}


def partition_name(region: str) -> str:
    """Return the partition name of a region, e.g. us_east for gcp-us-east1."""
    return re.sub(r"^gcp-|\d+$", "", region).replace("-", "_")


def quoted(texts: tuple[str, ...]) -> str:
    """Return the texts as SQL literals separated by commas. The texts must not contain quotes."""
    return ", ".join(f"'{text}'" for text in texts)
