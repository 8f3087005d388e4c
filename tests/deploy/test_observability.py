"""The dashboard and the alerts: their queries are valid and use existing metrics."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from movr import errors
from movr.cities import REGIONS
from tests.conftest import ROOT, settings_for
from tests.deploy.kustomize import pods, read
from web.app import create_app
from web.errors import RESPONSES

FOLDER = ROOT / "deploy" / "observability"
PANELS = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
(GROUP,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
RULES = GROUP["rules"]
QUERIES = [
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
    *(rule["expr"] for rule in RULES),
]
EVERYWHERE = {"instance", "job", "region"}  # labels of Prometheus and of build_info


def known() -> dict[str, set[str]]:
    """Return all metrics with their labels."""
    found: dict[str, set[str]] = {}
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}
    for collector in REGISTRY._collector_to_names:  # noqa: SLF001 - the only access to the labels
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            if family.name.startswith("movr_"):
                for suffix in suffixes[family.type]:
                    more = {"le"} if suffix == "_bucket" else set()
                    found[family.name + suffix] = labels | more
    return found


KNOWN = known()


def parts(query: Any) -> Iterator[Any]:
    """Yield the query and its parts, recursively."""
    yield query
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if part := getattr(query, name, None):
            yield from parts(part)
    for part in getattr(query, "args", ()):
        yield from parts(part)


def selectors(query: str) -> list[Any]:
    parsed = promql_parser.parse(query)
    return [part for part in parts(parsed) if isinstance(part, promql_parser.VectorSelector)]


def test_the_registry_has_metrics() -> None:
    assert KNOWN["movr_requests_total"] == {"route", "method", "status"}
    assert "le" in KNOWN["movr_request_seconds_bucket"]


@pytest.mark.parametrize("query", QUERIES)
def test_queries_use_existing_metrics_and_labels(query: str) -> None:
    found = selectors(query)

    assert found
    labels = set(EVERYWHERE)
    for selector in found:
        assert selector.name in KNOWN
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= KNOWN[selector.name]
        labels |= KNOWN[selector.name]
    for clause in re.findall(r"\b(?:by|on|group_left) \(([^)]*)\)", query):
        assert {name.strip() for name in clause.split(",")} <= labels


def test_rates_exclude_probes_and_static_files() -> None:
    """Probes would distort averages and failure rates."""
    app = create_app(settings_for("postgresql://movr@127.0.0.1:1/movr"))
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    quiet = {rule for rule in rules if "/static/" in rule} | {"/healthz", "/readyz", "/metrics"}
    assert quiet < rules

    for query in QUERIES:
        for selector in selectors(query):
            if "route" in KNOWN[selector.name] and selector.name != "movr_refusals_total":
                (route,) = [m for m in selector.matchers.matchers if m.name == "route"]
                assert route.op == promql_parser.MatchOp.NotRe
                assert {rule for rule in rules if re.fullmatch(route.value, rule)} == quiet


def test_the_absence_of_every_region_is_noticed() -> None:
    """A rule over all regions would not fire while one region is left."""
    (down,) = [rule["expr"] for rule in RULES if rule["alert"] == "MovrDown"]

    gone = [f'absent(movr_build_info{{region="{region}"}})' for region in REGIONS]
    assert down == " or ".join(gone)


def test_google_s_object_has_the_same_rules() -> None:
    (rules,) = read(FOLDER / "global-rules.yaml")

    assert rules["kind"] == "GlobalRules"
    assert rules["spec"] == yaml.safe_load((FOLDER / "alerts.yaml").read_text())


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {selector.name for query in QUERIES for selector in selectors(query)}

    city = "movr_city_request_seconds"
    assert KNOWN.keys() - shown == {"movr_request_seconds_count", f"{city}_count", f"{city}_sum"}


@pytest.mark.parametrize("reason", re.findall(r'reason="(\w+)"', "".join(QUERIES)))
def test_reasons_in_alerts_are_refusals(reason: str) -> None:
    assert reason in {refusal.__name__ for refusal in RESPONSES}
    assert issubclass(next(r for r in RESPONSES if r.__name__ == reason), errors.Refusal)


def test_refusal_and_route_labels_have_a_fixed_set_of_values() -> None:
    """Otherwise clients could create time series without limit (see test_metrics.py)."""
    assert KNOWN["movr_refusals_total"] == {"route", "reason"}


def test_panels_do_not_overlap() -> None:
    for one, other in itertools.combinations([panel["gridPos"] for panel in PANELS], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_alerts_have_a_severity_and_a_documented_action() -> None:
    advice = (FOLDER / "README.md").read_text()

    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert f"`{rule['alert']}`" in advice


def test_every_metric_is_documented() -> None:
    explained = set(re.findall(r"`(movr_\w+)`", (FOLDER / "README.md").read_text()))

    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in KNOWN}
    assert explained == families


def test_the_scraped_port_is_that_of_the_pods() -> None:
    (monitoring,) = read(FOLDER / "scrape.yaml")
    (deployment,) = read(ROOT / "deploy" / "base" / "deployment.yaml")
    (pod,) = pods(deployment)

    (endpoint,) = monitoring["spec"]["endpoints"]
    assert monitoring["spec"]["selector"] == deployment["spec"]["selector"]
    assert endpoint["port"] in {port["name"] for port in pod["containers"][0]["ports"]}
    assert endpoint["path"] == "/metrics"
