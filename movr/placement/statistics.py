"""The number of rows of each city, estimated from the statistics of the database's optimizer.

Counting would read every row of every region. The database gathers statistics by itself, some time
after many rows have changed; ANALYZE does it at once. These statements name no city, because they
read the catalog and no city's rows.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from sqlalchemy import Engine, TextClause, text

from movr.database.engine import is_cockroachdb
from movr.placement.definitions import TABLES, quoted

# By table and city. Cities of which nothing is known are missing.
EstimatedRows: TypeAlias = Mapping[str, Mapping[str, int]]

_NAMES: Final = tuple(table.name for table in TABLES)

# The frequencies of the most common cities, in the tables and in partitions of tables.
_POSTGRESQL: Final = text(
    "SELECT CAST(CAST(COALESCE(inhparent, pg_class.oid) AS regclass) AS text) AS name,"
    " common.city, reltuples * common.frequency AS estimate"
    " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
    " LEFT JOIN pg_inherits ON inhrelid = pg_class.oid"
    " JOIN pg_stats ON schemaname = nspname AND tablename = relname AND attname = 'city'"
    " CROSS JOIN unnest(CAST(CAST(most_common_vals AS text) AS text[]), most_common_freqs)"
    " AS common (city, frequency)"
    " WHERE relkind = 'r' AND reltuples >= 0"
    " AND CAST(COALESCE(inhparent, pg_class.oid) AS regclass)"
    f" = ANY(CAST(ARRAY[{quoted(_NAMES)}] AS regclass[]))"
)


def estimated_rows(engine: Engine) -> EstimatedRows:
    """Return the estimated number of rows of each city in each table, in one statement."""
    rows: dict[str, dict[str, int]] = {name: {} for name in _NAMES}
    statement = _COCKROACHDB if is_cockroachdb(engine.url) else _POSTGRESQL
    with engine.connect() as connection:
        for name, city, estimate in connection.execute(statement):
            rows[name][city] = round(estimate)
    return rows


def _cockroachdb() -> TextClause:
    """Return the query for the histograms of the cities, the latest of each table last."""
    histograms = " UNION ALL ".join(
        f"SELECT '{name}' AS name, histogram->>'created_at' AS created_at,"
        " jsonb_array_elements(histogram->'histo_buckets') AS bucket"
        f" FROM [SHOW STATISTICS USING JSON FOR TABLE {name}],"
        " jsonb_array_elements(statistics) AS histogram"
        """ WHERE histogram->'columns' = '["city"]'"""
        for name in _NAMES
    )
    return text(
        "SELECT name, bucket->>'upper_bound' AS city,"
        " CAST(bucket->>'num_eq' AS FLOAT) AS estimate"
        f" FROM ({histograms}) AS histograms ORDER BY created_at"
    )


_COCKROACHDB: Final = _cockroachdb()
