"""The rows that a statement reads, as counted by EXPLAIN ANALYZE."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from movr.database.engine import is_cockroachdb


def rows_read(connection: Connection, statement: str, parameters: Any) -> int:
    """Return the number of rows and index entries that the database reads for a statement."""
    if is_cockroachdb(connection.engine.url):
        plan = connection.exec_driver_sql(f"EXPLAIN ANALYZE {statement}", parameters)
        text = "\n".join(str(row[0]) for row in plan)
        (number, *_) = re.findall(r"^rows (?:decoded|read) from KV: ([\d,]+)", text, re.MULTILINE)
        return int(number.replace(",", ""))
    explain = f"EXPLAIN (ANALYZE, BUFFERS OFF, FORMAT JSON) {statement}"
    plan = connection.exec_driver_sql(explain, parameters).scalar_one()
    return round(sum(_rows_of_scans(plan[0]["Plan"])))


def _rows_of_scans(node: dict[str, Any]) -> Iterator[float]:
    """Yield the rows of each scan in a plan, including filtered ones."""
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        dropped = sum(node.get(f"Rows Removed by {by}", 0) for by in ("Filter", "Index Recheck"))
        yield (node["Actual Rows"] + dropped) * node["Actual Loops"]
    for child in node.get("Plans", ()):
        yield from _rows_of_scans(child)
