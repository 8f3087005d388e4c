"""The placements, and definitions that the modules of this package share."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Table

from movr.cities import CITIES, REGIONS
from movr.models import Base

# Tables that are read in every region and seldom written: the only list of them.
# They may refer to each other only. Every other table has a city in its key.
GLOBAL_TABLES: Final[tuple[Table, ...]] = ()
TABLES: Final[tuple[Table, ...]] = tuple(
    table for table in Base.metadata.sorted_tables if table not in GLOBAL_TABLES
)
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


def super_regions() -> Mapping[str, list[str]]:
    """Return the regions of each super region, e.g. gcp-us-east1 and gcp-us-west1 of us."""
    found: dict[str, list[str]] = {}
    for region in REGIONS:
        found.setdefault(partition_name(region).partition("_")[0], []).append(region)
    return found


def quoted(texts: tuple[str, ...]) -> str:
    """Return the texts as SQL literals separated by commas. The texts must not contain quotes."""
    return ", ".join(f"'{text}'" for text in texts)
