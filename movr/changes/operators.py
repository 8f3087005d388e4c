"""Changes by commands of operators."""

from typing import Final

from sqlalchemy import (
    text,
)

from movr.placement.definitions import TABLES

# For tables that are REGIONAL BY ROW without a computed column, as in CockroachDB's guide "scale to
# multiple regions". The column is not in the models.
UPDATE_REGIONS: Final = tuple(
    text(
        f"UPDATE {table.name} SET crdb_region = :region"  # noqa: S608 - a name of ours
        " WHERE city = :city AND crdb_region <> :region"
    )
    for table in TABLES
)
