"""The queries of the rules and of the dashboard, and the series that they use."""

import json
from collections.abc import Iterator
from typing import Any

import promql_parser
import yaml

from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "observability"
PANELS = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
GROUPS = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}


def selectors(query: str) -> list[Any]:
    """Return the selectors of series in a query."""
    parsed = promql_parser.parse(query)
    return [part for part in _parts(parsed) if isinstance(part, promql_parser.VectorSelector)]


def series_of(rules: list[dict[str, Any]]) -> set[str]:
    """Return the names of the series that the rules use."""
    return {selector.name for rule in rules for selector in selectors(rule["expr"])}


def _parts(query: Any) -> Iterator[Any]:
    """Yield the query and its parts, recursively."""
    yield query
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if part := getattr(query, name, None):
            yield from _parts(part)
    for part in getattr(query, "args", ()):
        yield from _parts(part)
