"""The placements, and the words they share."""

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
    """Where a database keeps its rows."""

    NONE = "none"
    PARTITION = "partition"
    MULTI_REGION = "multi-region"
    POSTGRES_PARTITION = "postgres-partition"


class Survival(StrEnum):
    """What a multi-region database outlives."""

    ZONE = "zone"
    REGION = "region"


class Step(NamedTuple):
    """One statement, and why."""

    why: str
    sql: str


class PlacementNotSupported(Exception):  # noqa: N818 - a reason, told and done with
    """This database can't have that placement."""


def region_of_city() -> Mapping[str, str]:
    """Where each city is to live."""
    return {city.name: city.region for city in CITIES}


def partition_name(region: str) -> str:
    """A region as partitions are called: gcp-us-east1 → us_east."""
    return re.sub(r"^gcp-|\d+$", "", region).replace("-", "_")


def quoted(texts: tuple[str, ...]) -> str:
    """SQL literals, separated by commas. For names of ours, which hold no quotes."""
    return ", ".join(f"'{text}'" for text in texts)
