"""deploy/elsewhere, options and cockroachdb: valid, and in agreement with the app."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import promql_parser
import pytest
import yaml

from movr import cities
from tests.conftest import ROOT
from tests.deploy.kustomize import Manifest, build, pods, read, text
from tests.deploy.prometheus import promtool
from tests.deploy.queries import selectors
from tests.deploy.test_manifests import (
    DEPLOY,
    OPTIONAL,
    REGIONS,
    SECRETS,
    VERSIONS,
    assert_restricted,
    values,
)
from tests.deploy.test_observability import KNOWN
from web.config import MIN_WORKERS, Settings

READMES = [DEPLOY / folder / "README.md" for folder in ("elsewhere", "options", "cockroachdb")]
BLOCKS = [
    block
    for readme in READMES
    for block in re.findall(r"^```sh\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
]
CLOUDS = ("any", "eks", "aks")
READY = "/readyz"
(RULE,) = yaml.safe_load((DEPLOY / "options/adapter.yaml").read_text())["rules"]["custom"]
DATABASE = DEPLOY / "cockroachdb"


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of deploy/ with all options, by the README's commands, and a region in each cloud."""
    clone = tmp_path_factory.mktemp("clone")
    shutil.copytree(DEPLOY, clone / "deploy")
    (add,) = [block for block in BLOCKS if "options/connections" in block]
    for command in (add, add.replace("connections", "external-secrets")):
        subprocess.run(["bash", "-ec", command], cwd=clone, check=True)
    for cloud in CLOUDS:
        shutil.copytree(clone / "deploy/elsewhere/us-east", clone / f"deploy/elsewhere/in-{cloud}")
        file = clone / f"deploy/elsewhere/in-{cloud}/kustomization.yaml"
        file.write_text(file.read_text().replace("../any\n", f"../{cloud}\n"))
    return clone / "deploy"


def folders(variants: Path) -> list[Path]:
    return [variants / "elsewhere" / name for name in ("kind", "us-west", "in-eks", "in-aks")]


def one(manifests: list[Manifest], kind: str, name: str = "movr") -> Any:
    (found,) = [m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_is_in_the_kubernetes_schema(variants: Path, version: str) -> None:
    custom = {"ExternalSecret", "HealthCheckPolicy"}

    for folder in folders(variants):
        for manifest in build(folder):
            if manifest["kind"] not in custom:
                kubernetes_validate.validate(manifest, version, strict=True)
            for pod in pods(manifest):
                assert_restricted(pod)


@pytest.mark.skipif(not shutil.which("kubectl"), reason="there is no kubectl to compare with")
def test_kubectl_renders_the_same_as_these_tests(variants: Path) -> None:
    for folder in folders(variants):
        command = ["kubectl", "kustomize", str(folder)]
        rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert rendered == text(build(folder))


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_elsewhere_differs_by_its_way_in_only(region: str) -> None:
    ours = build(DEPLOY / "regions" / region)
    elsewhere = build(DEPLOY / "elsewhere" / region)

    changed = {(item["kind"], item["metadata"]["name"]) for item in elsewhere if item not in ours}
    assert changed == {
        ("Deployment", "movr"),  # its number of proxies
        ("Service", "movr"),
        ("NetworkPolicy", "movr"),
        ("Ingress", "movr"),
    }
    variables = one(elsewhere, "Deployment")["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "PROXY_HOPS", "value": "1"} in variables
    assert len(elsewhere) == len(ours) + 1


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_ingress_leads_to_the_service_and_nothing_else_may_connect(
    cloud: str, variants: Path
) -> None:
    manifests = build(variants / f"elsewhere/in-{cloud}")
    service, ingress = one(manifests, "Service"), one(manifests, "Ingress")["spec"]
    (rule,) = one(manifests, "NetworkPolicy")["spec"]["ingress"]
    (path,) = ingress["rules"][0]["http"]["paths"]
    (port,) = service["spec"]["ports"]

    assert path["backend"]["service"] == {"name": "movr", "port": {"name": port["name"]}}
    assert [host["host"] for host in ingress["rules"]] == ingress["tls"][0]["hosts"]
    assert (service["spec"]["type"], "nodePort" in port) == ("ClusterIP", False)
    assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert "0.0.0.0/0" not in {block["cidr"] for block in values(rule["from"], "ipBlock")}


def test_the_clouds_balancers_ask_the_path_of_the_readiness_probe(variants: Path) -> None:
    eks, aks = (build(variants / f"elsewhere/in-{cloud}") for cloud in ("eks", "aks"))
    (probe,) = values(one(eks, "Deployment"), "readinessProbe")
    annotations = one(eks, "Ingress")["metadata"]["annotations"]
    policy = one(aks, "HealthCheckPolicy")["spec"]

    assert probe["httpGet"]["path"] == READY
    assert annotations["alb.ingress.kubernetes.io/healthcheck-path"] == READY
    assert policy["default"]["http"]["path"] == READY
    assert (policy["targetRef"]["kind"], policy["targetRef"]["name"]) == ("Service", "movr")


# Options


def test_pods_are_added_when_half_of_their_requests_use_a_connection(variants: Path) -> None:
    before = one(build(DEPLOY / "regions/us-east"), "HorizontalPodAutoscaler")["spec"]
    after = one(build(variants / "regions/us-east"), "HorizontalPodAutoscaler")["spec"]
    cpu, connections = after.pop("metrics")

    assert (before.pop("metrics"), before) == ([cpu], after)
    assert connections["pods"]["metric"]["name"] == RULE["name"]["as"]
    most = MIN_WORKERS * Settings().threads
    assert connections["pods"]["target"] == {"type": "AverageValue", "averageValue": f"{most // 2}"}


def test_the_adapter_serves_the_connections_of_each_pod(tmp_path: Path) -> None:
    """Two pods with two pools each, of which one has 6 and 2 connections in use."""
    (selector,) = selectors(RULE["seriesQuery"])
    query = (
        RULE["metricsQuery"]
        .replace("<<.GroupBy>>", "pod")
        .replace("<<.Series>>", selector.name)
        .replace("<<.LabelMatchers>>", 'namespace="default",pod=~"a|b"')
    )
    in_use = f'{selector.name}{{namespace="default",pod="%s",pool="%s"}}'
    used = {("a", "read"): 6, ("a", "write"): 2, ("b", "read"): 1, ("b", "write"): 0}
    test = {
        "interval": "30s",
        "input_series": [
            {"series": in_use % key, "values": f"{count}+0x10"} for key, count in used.items()
        ],
        "promql_expr_test": [
            {
                "expr": query,
                "eval_time": "5m",
                "exp_samples": [
                    {"labels": '{pod="a"}', "value": 8},
                    {"labels": '{pod="b"}', "value": 1},
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"tests": [test]}))

    done = promtool("test", "rules", str(tmp_path / "test.yaml"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert KNOWN[selector.name] == {"pool"}
    assert promql_parser.parse(query)


def test_prometheus_labels_the_series_as_the_adapter_asks() -> None:
    (selector,) = selectors(RULE["seriesQuery"])
    (scraping,) = read(DEPLOY / "observability/prometheus.yaml")
    (pods_of_movr,) = [job for job in scraping["scrape_configs"] if job["job_name"] == "movr"]

    labels = {rule.get("target_label") for rule in pods_of_movr["relabel_configs"]}
    assert {matcher.name for matcher in selector.matchers.matchers} <= labels
    assert set(RULE["resources"]["overrides"]) <= labels


def test_the_vault_has_the_secrets_by_their_names_and_keys(variants: Path) -> None:
    copies = [m for m in build(variants / "regions/us-west") if m["kind"] == "ExternalSecret"]
    stores = [read(store)[0] for store in (DEPLOY / "options/stores").iterdir()]
    keys = {}
    for copy in copies:
        (entry,) = copy["spec"]["data"]
        assert entry["remoteRef"]["key"] == copy["metadata"]["name"]
        keys[copy["metadata"]["name"]] = entry["secretKey"]

    assert keys.items() <= SECRETS.items()
    assert keys.keys() >= SECRETS.keys() - OPTIONAL
    assert {(store["kind"], store["metadata"]["name"]) for store in stores} == {
        (copy["spec"]["secretStoreRef"]["kind"], copy["spec"]["secretStoreRef"]["name"])
        for copy in copies
    }


# The database


def chart_values(file: str) -> Any:
    (found,) = read(DATABASE / file)
    return found["cockroachdb"]


def test_the_database_s_nodes_are_in_the_regions_that_movr_names() -> None:
    nodes = chart_values("all-regions.yaml")["crdbCluster"]["regions"]

    assert {f"{node['cloudProvider']}-{node['code']}" for node in nodes} == set(cities.REGIONS)
    assert {(node["nodes"], node["namespace"]) for node in nodes} == {(3, "cockroachdb")}


def test_each_region_of_the_database_joins_those_before_it() -> None:
    nodes = chart_values("all-regions.yaml")["crdbCluster"]["regions"]

    for count, region in enumerate(REGIONS, 1):
        own = chart_values(f"{region}.yaml")
        assert own["crdbCluster"]["regions"] == nodes[:count]
        assert own["clusterDomain"] == nodes[count - 1]["domain"]
        assert nodes[count - 1]["code"] == REGIONS[region].removeprefix("gcp-")
    assert len(nodes) == len(REGIONS)


def test_the_database_has_the_version_of_compose_and_the_names_of_its_readme() -> None:
    shared, (whole,) = chart_values("values.yaml"), read(DATABASE / "values.yaml")
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    name = whole["k8s"]["fullnameOverride"]
    readme = (DATABASE / "README.md").read_text()

    image = shared["crdbCluster"]["image"]["name"]
    assert image == compose["cockroachdb-us-east"]["image"]
    # The chart looks for the CA's ConfigMap under this name.
    assert shared["tls"]["selfSigner"]["caSecret"] == f"{name}-ca-secret"
    assert f"create secret generic {name}-ca-secret" in readme
    assert f'"{name}-public.cockroachdb.svc.$1.movr:26257"' in readme


# Their guides


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_is_bash_and_names_existing_files(block: str) -> None:
    parsed = subprocess.run(
        ["bash", "-n"], input=block, capture_output=True, text=True, check=False
    )

    assert (parsed.returncode, parsed.stderr) == (0, "")
    for path in re.findall(r"\bdeploy/[\w./$-]*[\w-]", block.replace("$region", "us-west")):
        assert (ROOT / path).exists() or path == "deploy/regions", path


def test_the_secrets_of_the_kind_cluster_are_those_that_the_pods_require() -> None:
    (block,) = [block for block in BLOCKS if "kind create cluster" in block]

    made = re.findall(r"secret generic ([\w-]+) --from-literal=(\w+)=", block)
    assert dict(made) == {name: SECRETS[name] for name in SECRETS.keys() - OPTIONAL}
