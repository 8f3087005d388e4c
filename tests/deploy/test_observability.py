"""The dashboard and the alerts: their queries are valid and use existing metrics."""

import itertools
import re
from pathlib import Path
from urllib.parse import urlsplit

import kubernetes_validate
import promql_parser
import pytest
import yaml
from flask import Flask
from prometheus_client import REGISTRY

from movr import errors
from movr.cities import CITIES, REGIONS
from tests.conftest import ROOT, settings_for
from tests.deploy.kustomize import pods, read
from tests.deploy.prometheus import promtool
from tests.deploy.queries import ALERTS, FOLDER, PANELS, RECORDED, RULES, selectors
from tests.deploy.test_manifests import REGIONS as CLUSTERS
from tests.deploy.test_manifests import VERSIONS
from tests.deploy.test_readme import anchors
from web.app import create_app
from web.errors import RESPONSES
from web.operations.journeys import SLOW_AFTER, Journey, Result

QUERIES = [
    *(target["expr"] for panel in PANELS for target in panel["targets"]),
    *(rule["expr"] for rule in RULES),
]
README = (FOLDER / "README.md").read_text()
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


# The series of the rules, with the labels that they have.
RECORDED_LABELS = {name: {"region", "journey", "result"} for name in RECORDED}
# The series of other exporters, by the table that names them.
OTHERS = {
    name: set(re.findall(r"`(\w+)`", labels))
    for name, labels in re.findall(
        r"^\| `(\w+)` \|([^|]*)\|",
        README.partition("## Series of other exporters\n")[2].partition("\n## ")[0],
        re.MULTILINE,
    )
}


def test_the_registry_has_metrics() -> None:
    assert KNOWN["movr_requests_total"] == {"route", "method", "status"}
    assert "le" in KNOWN["movr_request_seconds_bucket"]


@pytest.mark.parametrize("query", QUERIES)
def test_queries_use_existing_metrics_and_labels(query: str) -> None:
    found = selectors(query)
    known = KNOWN | RECORDED_LABELS | OTHERS

    labels = set(EVERYWHERE)
    for selector in found:
        assert selector.name in known
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= known[selector.name] | EVERYWHERE
        labels |= known[selector.name]
    for clause in re.findall(r"\b(?:by|on|group_left) \(([^)]*)\)", query):
        assert {name.strip() for name in clause.split(",") if name} <= labels


def test_every_recorded_series_and_every_series_of_others_is_used() -> None:
    used = {selector.name for query in QUERIES for selector in selectors(query)}

    assert used > RECORDED
    assert used > OTHERS.keys()


def test_no_rule_is_written_twice() -> None:
    rules = [(rule.get("alert"), rule.get("record"), str(rule.get("labels"))) for rule in RULES]
    conditions = [rule["expr"] for rule in RULES if rule.get("record") != "movr:budget"]

    assert len(set(rules)) == len(rules)
    assert len(set(conditions)) == len(conditions)
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_each_journey_has_both_objectives_and_the_guide_names_them() -> None:
    budgets = {
        (rule["labels"]["journey"], rule["labels"]["result"]): float(rule["expr"][7:-1])
        for rule in RULES
        if rule.get("record") == "movr:budget"
    }
    guide = (ROOT / "docs" / "slo.md").read_text()

    assert budgets.keys() == set(itertools.product(Journey, {*Result} - {Result.GOOD}))
    for journey in Journey:
        failed, slow = (1 - budgets[journey, result] for result in (Result.FAILED, Result.SLOW))
        row = f"| {100 * failed:g} % | {100 * slow:g} % within {SLOW_AFTER[journey]:g} s |"
        assert re.search(rf"^\| `{journey}` \|.*{re.escape(row)}", guide, re.MULTILINE), row


def test_rates_exclude_probes_and_static_files() -> None:
    """Probes would distort averages and failure rates."""
    app = create_app(settings_for("postgresql://movr@127.0.0.1:1/movr"))
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    quiet = {rule for rule in rules if "/static/" in rule} | {"/healthz", "/readyz", "/metrics"}
    assert quiet < rules

    for query in QUERIES:
        for selector in selectors(query):
            if "route" in KNOWN.get(selector.name, ()) and selector.name != "movr_refusals_total":
                (route,) = [m for m in selector.matchers.matchers if m.name == "route"]
                assert route.op == promql_parser.MatchOp.NotRe
                assert {rule for rule in rules if re.fullmatch(route.value, rule)} == quiet


def test_the_absence_of_every_region_is_noticed() -> None:
    """A rule over all regions would not fire while one region is left."""
    (down,) = [rule["expr"] for rule in ALERTS if rule["alert"] == "MovrRegionDown"]

    gone = [f'absent(movr_build_info{{region="{region}"}})' for region in REGIONS]
    assert down == f"({' or '.join(gone)}) unless on (region) movr:failing"


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


def test_alerts_have_a_severity_and_a_runbook_of_their_name() -> None:
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert anchor == rule["alert"].lower()
        assert anchor in anchors(ROOT / file)


def test_the_runbook_has_no_alert_that_there_is_not() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text()

    described = re.findall(r"^### (\w+)$", runbook, re.MULTILINE)
    assert sorted(described) == sorted(rule["alert"] for rule in ALERTS)


def test_only_what_riders_feel_wakes_somebody() -> None:
    waking = {rule["alert"] for rule in ALERTS if rule["labels"]["severity"] == "page"}

    assert waking == {"MovrRidersFail", "MovrRegionDown"}


def test_every_metric_is_documented() -> None:
    explained = set(re.findall(r"`(movr_\w+)`", README))

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


# The probes


def test_every_city_is_probed_from_every_region_and_counts_for_its_own(
    session_app: Flask, tmp_path: Path
) -> None:
    configuration = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    jobs = {job["job_name"]: job for job in configuration["scrape_configs"]}
    probed = {
        (group["labels"]["from"], group["labels"]["region"], target)
        for group in jobs["movr-probe"]["static_configs"]
        for target in group["targets"]
    }
    _, url, _ = jobs["movr-probe"]["relabel_configs"]

    assert probed == {(r, city.region, city.slug) for r in CLUSTERS for city in CITIES}
    for city in CITIES:
        path = urlsplit(url["replacement"].replace("$1", city.slug)).path
        assert session_app.test_client().get(path).status_code == 200
    del jobs["movr"]["kubernetes_sd_configs"]  # Debian's build does not know them
    configuration["rule_files"] = []
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(configuration))
    checked = promtool("check", "config", str(tmp_path / "prometheus.yaml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_google_s_prometheus_probes_the_same() -> None:
    (monitoring,) = read(FOLDER / "probes.yaml")

    endpoints = monitoring["spec"]["endpoints"]
    assert monitoring["metadata"]["name"] == "movr-probe"
    found = set()
    for endpoint in endpoints:
        labels = {each["targetLabel"]: each["replacement"] for each in endpoint["metricRelabeling"]}
        (target,) = endpoint["params"]["target"]
        assert target == f"https://movr.example.com/api/v1/cities/{labels['city']}/vehicles"
        assert (endpoint["path"], labels["from"]) == ("/probe", "FROM")
        found.add((labels["city"], labels["region"]))
    assert found == {(city.slug, city.region) for city in CITIES}
    assert len(endpoints) == len(CITIES)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_prober_is_a_pod_with_minimal_privileges_and_the_module_of_the_probes(
    version: str,
) -> None:
    objects = read(FOLDER / "blackbox.yaml")

    for manifest in objects:
        kubernetes_validate.validate(manifest, version, strict=True)
    configuration, deployment, _ = objects
    (pod,) = pods(deployment)
    (web,) = pods(*read(ROOT / "deploy" / "base" / "deployment.yaml"))
    for ours, theirs in ((web, pod), (web["containers"][0], pod["containers"][0])):
        assert theirs["securityContext"] == ours["securityContext"]
    modules = yaml.safe_load(configuration["data"]["blackbox.yaml"])["modules"]
    assert modules.keys() == {"movr"}
