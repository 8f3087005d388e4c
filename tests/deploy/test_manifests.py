"""The Kubernetes manifests: valid, in agreement with each other and with the app, and safe."""

import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from flask import Flask

from movr import cities
from movr.outbox import LEASE
from tests.conftest import ROOT
from tests.deploy.kustomize import Manifest, build, pods, read, text
from web.config import Settings

DEPLOY = ROOT / "deploy"
REGIONS = {"us-east": "gcp-us-east1", "us-west": "gcp-us-west1", "europe-west": "gcp-europe-west1"}
WAYS_IN = ("kubemci", "mci", "gateway", "gateway/every-cluster")
CLUSTERS = ("base", *(f"regions/{region}" for region in REGIONS))
EVERYTHING = (*CLUSTERS, *(f"ways-in/{way}" for way in WAYS_IN))
RENDERED = {"movr.yaml": "base", "mcingress.yaml": "ways-in/kubemci"}
VERSIONS = ("1.30", kubernetes_validate.latest_version())

PORT = Settings().port
NODE_PORT = 30062
GOOGLE = {"130.211.0.0/22", "35.191.0.0/16"}  # its load balancers and health checks
SECRETS = {
    "movr-db-cert": "cert",
    "movr-db-uri": "DB_URI",
    "movr-secret-key": "SECRET_KEY",
    "movr-secret-key-fallbacks": "SECRET_KEY_FALLBACKS",
    "maps-api-key": "API_KEY",
    "movr-mail": "MAIL_URI",
}
JOBS = ("Job", "CronJob")  # the migration, and the removal of what is old
OPTIONAL = {"maps-api-key", "movr-db-cert", "movr-mail", "movr-secret-key-fallbacks"}
CITY = {"X-City": "{client_city}", "X-City-Lat-Long": "{client_city_lat_long}"}
IMPORTED = {"group": "net.gke.io", "kind": "ServiceImport", "name": "movr"}


def one(kind: str, folder: str = "base", name: str = "movr") -> Manifest:
    """Return the object of this kind; if there are several, that of this name."""
    found = [item for item in build(DEPLOY / folder) if item["kind"] == kind]
    (chosen,) = [item for item in found if item["metadata"]["name"] == name or len(found) == 1]
    return chosen


def pod(kind: str, folder: str = "base") -> Manifest:
    (found,) = pods(one(kind, folder))
    return found


def container(kind: str, folder: str = "base") -> Manifest:
    (found,) = pod(kind, folder)["containers"]
    assert isinstance(found, dict)
    return found


def environment(kind: str, folder: str = "base") -> dict[str, Any]:
    return {item["name"]: item.get("value") for item in container(kind, folder)["env"]}


def values(tree: Any, name: str) -> Iterator[Any]:
    """Yield all values of this key, recursively."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == name:
                yield value
            yield from values(value, name)
    elif isinstance(tree, list):
        for item in tree:
            yield from values(item, name)


# Rendering


@pytest.mark.parametrize(("file", "folder"), RENDERED.items())
def test_a_file_at_the_top_is_what_its_folder_renders_to(file: str, folder: str) -> None:
    lines = (ROOT / file).read_text().splitlines(keepends=True)

    manifests = "".join(line for line in lines if not line.startswith("#"))
    comment = "".join(line for line in lines if line.startswith("#"))

    assert manifests == text(build(DEPLOY / folder))
    assert f"kubectl kustomize deploy/{folder} >> {file}" in comment


@pytest.mark.skipif(not shutil.which("kubectl"), reason="there is no kubectl to compare with")
@pytest.mark.parametrize("folder", EVERYTHING)
def test_kubectl_renders_the_same_as_these_tests(folder: str) -> None:
    command = ["kubectl", "kustomize", str(DEPLOY / folder)]

    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert rendered == text(build(DEPLOY / folder))


def test_every_file_is_rendered_by_the_kustomization_beside_it() -> None:
    for kustomization in DEPLOY.rglob("kustomization.yaml"):
        (wanted,) = read(kustomization)
        beside = {path.name for path in kustomization.parent.glob("*.yaml")}
        assert beside - {"kustomization.yaml"} <= set(wanted.get("resources", ())), kustomization


def test_yamllint_reports_nothing() -> None:
    files = [str(DEPLOY), *(str(ROOT / file) for file in RENDERED)]
    lint = [sys.executable, "-m", "yamllint", "--strict", "-c", str(DEPLOY / ".yamllint"), *files]

    result = subprocess.run(lint, check=False, capture_output=True, text=True)

    assert (result.returncode, result.stdout) == (0, "")


# Kubernetes' schema


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", CLUSTERS)
def test_every_field_is_in_the_kubernetes_schema(folder: str, version: str) -> None:
    for manifest in build(DEPLOY / folder):
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field_of_movr_yaml(version: str) -> None:
    for manifest in read(ROOT / "movr.yaml"):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_an_unknown_field_is_detected() -> None:
    manifest = one("Deployment")
    manifest["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}

    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(manifest, "1.30", strict=True)


# Consistency


@pytest.mark.parametrize("folder", CLUSTERS)
def test_the_service_leads_to_the_container_by_the_name_http(folder: str) -> None:
    (served,) = one("Service", folder)["spec"]["ports"]

    assert container("Deployment", folder)["ports"] == [
        {"name": "http", "containerPort": PORT, "protocol": "TCP"}
    ]
    assert (served["name"], served["targetPort"]) == ("http", "http")


@pytest.mark.parametrize("folder", CLUSTERS)
def test_the_node_port_is_the_same_in_every_cluster_and_one_that_kubernetes_allows(
    folder: str,
) -> None:
    service = one("Service", folder)["spec"]

    assert service["type"] == "NodePort"
    assert [port["nodePort"] for port in service["ports"]] == [NODE_PORT]
    assert NODE_PORT in range(30000, 32768)


@pytest.mark.parametrize("folder", EVERYTHING)
def test_every_port_number_is_that_of_movr(folder: str) -> None:
    manifests = [item for item in build(DEPLOY / folder) if item["kind"] != "Gateway"]

    for name in ("port", "targetPort", "servicePort", "containerPort"):
        assert set(values(manifests, name)) <= {"http", PORT}


def test_selectors_match_pods_of_the_deployment_and_not_the_migration() -> None:
    labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        one("Deployment")["spec"]["selector"]["matchLabels"],
        one("Service")["spec"]["selector"],
        one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        one("MultiClusterService", "ways-in/mci")["spec"]["template"]["spec"]["selector"],
    ]
    selectors += [
        spread["labelSelector"]["matchLabels"]
        for spread in pod("Deployment")["topologySpreadConstraints"]
    ]

    assert all(selector == labels for selector in selectors)
    assert not labels.items() <= one("Job")["spec"]["template"]["metadata"]["labels"].items()


def test_the_autoscaler_decides_alone_how_many_replicas_there_are() -> None:
    autoscaler = one("HorizontalPodAutoscaler")["spec"]

    assert autoscaler["scaleTargetRef"] == {
        "apiVersion": one("Deployment")["apiVersion"],
        "kind": "Deployment",
        "name": one("Deployment")["metadata"]["name"],
    }
    assert "replicas" not in one("Deployment")["spec"]
    assert autoscaler["minReplicas"] >= 2


@pytest.mark.parametrize(
    ("probe", "path"),
    [("startupProbe", "/healthz"), ("readinessProbe", "/readyz")],
)
def test_a_probe_asks_a_path_that_movr_has_and_sends_no_host_or_header(
    probe: str, path: str, session_app: Flask
) -> None:
    assert container("Deployment")[probe]["httpGet"] == {"path": path, "port": "http"}
    assert path in {rule.rule for rule in session_app.url_map.iter_rules()}


def test_the_liveness_probe_does_not_need_a_thread_of_movr() -> None:
    """All threads may wait for the database, so the probe must not need one."""
    probe = container("Deployment")["livenessProbe"]

    assert probe["tcpSocket"] == {"port": "http"}
    assert "httpGet" not in probe


def test_the_home_page_answers_200_to_a_health_check_that_knows_no_path(app: Flask) -> None:
    assert app.test_client().get("/", headers={"Host": "10.0.0.1"}).status_code == 200


def test_a_pod_lives_longer_than_the_pause_and_the_last_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (command, pause) = container("Deployment")["lifecycle"]["preStop"]["exec"]["command"]

    allowed = pod("Deployment")["terminationGracePeriodSeconds"]
    (drain,) = (e["value"] for e in container("Deployment")["env"] if e["name"] == "DRAIN_SECONDS")

    assert command == "sleep"
    assert allowed > int(pause) + int(drain) + gunicorn_setting("graceful_timeout", monkeypatch)


def gunicorn_setting(setting: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a setting of gunicorn in production."""
    production = {"DB_URI": "postgresql://db.test/movr", "SECRET_KEY": "s" * 32}
    monkeypatch.setattr(os, "environ", {**production, "PYTHON_DOTENV_DISABLED": "1"})
    monkeypatch.setattr(sys, "path", [*sys.path])
    value = runpy.run_path(str(ROOT / "web" / "gunicorn.py"))[setting]
    assert isinstance(value, int)
    return value


# Secrets


@pytest.mark.parametrize("kind", ["Deployment", *JOBS])
def test_secrets_are_asked_for_by_the_names_and_keys_of_the_tutorial(kind: str) -> None:
    asked = {item["name"]: item["key"] for item in values(pod(kind), "secretKeyRef")}
    for volume in values(pod(kind), "secret"):
        (item,) = volume["items"]
        asked[volume["secretName"]] = item["key"]

    needed = SECRETS.keys() - (OPTIONAL - {"movr-db-cert"} if kind in JOBS else set())
    assert asked == {name: SECRETS[name] for name in needed}


@pytest.mark.parametrize("kind", ["Deployment", *JOBS])
def test_only_the_database_and_the_session_key_are_required_secrets(kind: str) -> None:
    """The certificate is not: a public CA may have signed the database's, or it has none."""
    required = {
        item.get("name") or item["secretName"]
        for source in ("secretKeyRef", "secret")
        for item in values(pod(kind), source)
        if not item.get("optional")
    }

    assert required == SECRETS.keys() - OPTIONAL


@pytest.mark.parametrize("kind", ["Deployment", *JOBS])
def test_the_certificate_is_a_file_in_certs_that_movr_may_read_and_others_not(kind: str) -> None:
    (mount,) = [item for item in container(kind)["volumeMounts"] if item["mountPath"] == "/certs"]
    (volume,) = [item for item in pod(kind)["volumes"] if item["name"] == mount["name"]]

    assert mount["readOnly"]
    assert volume["secret"]["items"] == [{"key": "cert", "path": "cert"}]
    assert volume["secret"]["defaultMode"] == 0o440
    assert pod(kind)["securityContext"]["fsGroup"] == 10001


@pytest.mark.parametrize("folder", EVERYTHING)
def test_no_secret_is_written_down(folder: str) -> None:
    manifests = build(DEPLOY / folder)

    assert "Secret" not in {manifest["kind"] for manifest in manifests}
    for variables in values(manifests, "env"):
        given = {item["name"] for item in variables if "value" in item}
        assert given <= {"REGION", "PROXY_HOPS", "DRAIN_SECONDS"}


def test_no_file_has_the_address_of_a_database() -> None:
    for path in [*DEPLOY.rglob("*.yaml"), *(ROOT / file for file in RENDERED)]:
        assert "://" not in path.read_text().replace("https://", ""), path


# Security


@pytest.mark.parametrize("folder", CLUSTERS)
def test_pods_have_minimal_privileges(folder: str) -> None:
    for manifest in build(DEPLOY / folder):
        for spec in pods(manifest):
            assert_restricted(spec)


def assert_restricted(spec: Manifest) -> None:
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    (only,) = spec["containers"]
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert only["resources"].keys() == {"requests", "limits"}
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    written = {
        mount["mountPath"]: volumes[mount["name"]]["emptyDir"]["medium"]
        for mount in only["volumeMounts"]
        if not mount.get("readOnly")
    }
    assert written == {"/tmp": "Memory", "/dev/shm": "Memory"}


def test_a_pod_runs_as_the_image_s_user() -> None:
    assert "\nUSER 10001:10001\n" in (ROOT / "Dockerfile").read_text()


def test_a_rolling_update_never_has_fewer_replicas_than_before() -> None:
    assert one("Deployment")["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
    }
    assert one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_replicas_are_spread_over_zones() -> None:
    spreads = pod("Deployment")["topologySpreadConstraints"]

    assert "topology.kubernetes.io/zone" in {spread["topologyKey"] for spread in spreads}


def test_only_the_balancer_the_nodes_and_prometheus_may_connect_and_to_one_port() -> None:
    policy = one("NetworkPolicy")["spec"]
    (rule,) = policy["ingress"]

    blocks = {block["cidr"] for block in values(rule, "ipBlock")}

    assert policy["policyTypes"] == ["Ingress"]
    assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert blocks == GOOGLE | {"10.128.0.0/9"}
    assert len(rule["from"]) == len(blocks) + 1


@pytest.mark.parametrize("folder", CLUSTERS)
def test_no_image_has_a_tag_that_moves(folder: str) -> None:
    for image in values(build(DEPLOY / folder), "image"):
        assert image.rpartition(":")[2] not in {"", "latest"}


def test_nothing_may_connect_to_the_migration() -> None:
    policy = one("NetworkPolicy", name="movr-migration")["spec"]
    labels = one("Job")["spec"]["template"]["metadata"]["labels"]

    assert policy == {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"]}


# Regions


def test_every_region_has_its_cluster() -> None:
    assert {path.name for path in (DEPLOY / "regions").iterdir()} == set(REGIONS)
    assert set(REGIONS.values()) == set(cities.REGIONS)


@pytest.mark.parametrize(("region", "name"), REGIONS.items())
def test_a_region_is_the_base_that_knows_its_name(region: str, name: str) -> None:
    def nameless(folder: str) -> list[Manifest]:
        manifests = [item for item in build(DEPLOY / folder) if item["kind"] not in JOBS]
        for variable in (item for env in values(manifests, "env") for item in env):
            if variable["name"] == "REGION":
                variable["value"] = "somewhere"
        return manifests

    assert environment("Deployment", f"regions/{region}")["REGION"] == name
    assert not environment("Deployment")["REGION"]
    assert nameless(f"regions/{region}") == nameless("base")


@pytest.mark.parametrize(("region", "name"), REGIONS.items())
def test_a_region_sends_the_letters_of_its_cities(region: str, name: str) -> None:
    deployment = one("Deployment", f"regions/{region}", "movr-outbox")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]

    assert container["command"] == ["flask", "--app", "server", "outbox", "run"]
    assert container["image"] == "movr:VERSION"
    given = {item["name"]: item.get("value") for item in container["env"]}
    assert given.pop("REGION") == name
    serving = {item["name"]: item for item in pod("Deployment")["containers"][0]["env"]}
    assert [item for item in container["env"] if item["name"] != "REGION"] == [
        serving[item] for item in given
    ]
    assert {"MAIL_URI", "MAIL_FROM", "SITE_URL", "SECRET_KEY", "DB_URI"} == given.keys()


def test_a_process_that_sends_letters_may_finish_one_and_gets_no_requests() -> None:
    deployment = one("Deployment", name="movr-outbox")["spec"]
    labels = deployment["template"]["metadata"]["labels"]

    allowed = deployment["template"]["spec"]["terminationGracePeriodSeconds"]
    assert allowed >= LEASE.total_seconds()
    assert deployment["selector"]["matchLabels"] == labels
    assert not one("Service")["spec"]["selector"].items() <= labels.items()
    policy = one("NetworkPolicy", name="movr-outbox")["spec"]
    assert policy == {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"]}


@pytest.mark.parametrize("kind", JOBS)
def test_one_region_migrates_the_database_of_all_and_removes_what_is_old(kind: str) -> None:
    having = [
        region
        for region in REGIONS
        if kind in {item["kind"] for item in build(DEPLOY / "regions" / region)}
    ]

    assert having == ["us-east"]


def test_the_migration_runs_the_image_that_serves() -> None:
    assert container("Job", "regions/us-east")["image"] == container("Deployment")["image"]
    assert container("Job")["command"] == ["flask", "--app", "server", "db", "upgrade"]


def test_each_night_the_same_image_removes_what_is_old() -> None:
    assert container("CronJob", "regions/us-east")["image"] == container("Deployment")["image"]
    assert container("CronJob")["command"] == ["flask", "--app", "server", "retention", "run"]
    assert one("CronJob")["spec"]["concurrencyPolicy"] == "Forbid"


def test_an_operator_says_the_image_once_for_all_regions(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "image" / "kustomization.yaml"
    (image,) = read(file)
    image["images"] = [{"name": "movr", "newName": "registry.test:5000/movr", "newTag": "1.2"}]
    file.write_text(yaml.safe_dump(image))

    images = {
        image
        for region in REGIONS
        for image in values(build(tmp_path / "regions" / region), "image")
    }

    assert images == {"registry.test:5000/movr:1.2"}


def test_two_proxies_are_trusted_as_google_s_balancer_needs() -> None:
    assert environment("Deployment")["PROXY_HOPS"] == "2"


# Ways in


def test_kubemci_gets_the_ingress_that_it_accepts() -> None:
    (ingress,) = read(ROOT / "mcingress.yaml")

    assert (ingress["apiVersion"], ingress["kind"]) == ("extensions/v1beta1", "Ingress")
    assert ingress["spec"] == {"backend": {"serviceName": "movr", "servicePort": "http"}}
    assert ingress["metadata"] == {
        "name": "movr",
        "annotations": {
            "kubernetes.io/ingress.class": "gce-multi-cluster",
            "kubernetes.io/ingress.global-static-ip-name": "movr-ip",
            "kubernetes.io/ingress.allow-http": "false",
            "ingress.gcp.kubernetes.io/pre-shared-cert": "movr-ssl-cert",
        },
    }
    assert one("Service")["metadata"]["name"] == ingress["spec"]["backend"]["serviceName"]


def test_the_ingress_of_kubemci_is_marked_as_deprecated() -> None:
    comment = (ROOT / "mcingress.yaml").read_text()

    assert "clusters up to 1.21" in comment
    assert all(f"deploy/ways-in/{way}" in comment for way in ("mci", "gateway"))


def test_multi_cluster_ingress_leads_to_the_pods_of_all_clusters() -> None:
    ingress = one("MultiClusterIngress", "ways-in/mci")
    service = one("MultiClusterService", "ways-in/mci")

    assert ingress["apiVersion"] == service["apiVersion"] == "networking.gke.io/v1"
    assert ingress["spec"]["template"]["spec"] == {
        "backend": {"serviceName": service["metadata"]["name"], "servicePort": PORT}
    }
    assert service["spec"]["template"]["spec"]["ports"] == [
        {"name": "http", "protocol": "TCP", "port": PORT, "targetPort": PORT}
    ]


def test_multi_cluster_ingress_has_the_address_the_certificate_and_no_plain_http() -> None:
    annotations = one("MultiClusterIngress", "ways-in/mci")["metadata"]["annotations"]
    frontend = one("FrontendConfig", "ways-in/mci")

    assert annotations["networking.gke.io/static-ip"].endswith("/global/addresses/movr-ip")
    assert annotations["networking.gke.io/pre-shared-certs"] == "movr-ssl-cert"
    assert annotations["networking.gke.io/frontend-config"] == frontend["metadata"]["name"]
    assert frontend["apiVersion"] == "networking.gke.io/v1beta1"
    assert frontend["spec"]["redirectToHttps"]["enabled"] is True


def test_multi_cluster_ingress_sends_the_city_headers() -> None:
    service = one("MultiClusterService", "ways-in/mci")
    backend = one("BackendConfig", "ways-in/mci")

    chosen = yaml.safe_load(service["metadata"]["annotations"]["cloud.google.com/backend-config"])

    assert chosen == {"default": backend["metadata"]["name"]}
    assert backend["apiVersion"] == "cloud.google.com/v1"
    headers = backend["spec"]["customRequestHeaders"]["headers"]
    assert dict(header.split(":", 1) for header in headers) == CITY


def test_the_gateway_is_google_s_global_one_for_many_clusters() -> None:
    gateway = one("Gateway", "ways-in/gateway")
    listeners = {item["name"]: item for item in gateway["spec"]["listeners"]}

    assert gateway["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert gateway["spec"]["gatewayClassName"] == "gke-l7-global-external-managed-mc"
    assert gateway["spec"]["addresses"] == [{"type": "NamedAddress", "value": "movr-ip"}]
    assert {name: (item["protocol"], item["port"]) for name, item in listeners.items()} == {
        "http": ("HTTP", 80),
        "https": ("HTTPS", 443),
    }
    assert listeners["https"]["tls"] == {
        "mode": "Terminate",
        "options": {"networking.gke.io/pre-shared-certs": "movr-ssl-cert"},
    }


def test_the_gateway_replaces_the_city_headers_of_clients() -> None:
    (rule,) = route("movr")["rules"]
    (header_filter,) = rule["filters"]

    assert route("movr")["parentRefs"] == [{"name": "movr", "sectionName": "https"}]
    assert rule["backendRefs"] == [{**IMPORTED, "port": PORT}]
    assert header_filter["type"] == "RequestHeaderModifier"
    assert header_filter["requestHeaderModifier"].keys() == {"set"}
    set_to = header_filter["requestHeaderModifier"]["set"]
    assert {header["name"]: header["value"] for header in set_to} == CITY


def test_the_gateway_serves_nothing_over_plain_http() -> None:
    (rule,) = route("movr-to-https")["rules"]

    assert route("movr-to-https")["parentRefs"] == [{"name": "movr", "sectionName": "http"}]
    assert rule == {
        "filters": [
            {
                "type": "RequestRedirect",
                "requestRedirect": {"scheme": "https", "statusCode": 301},
            }
        ]
    }


def route(name: str) -> Manifest:
    (found,) = [
        item
        for item in build(DEPLOY / "ways-in" / "gateway")
        if item["kind"] == "HTTPRoute" and item["metadata"]["name"] == name
    ]
    spec = found["spec"]
    assert isinstance(spec, dict)
    return spec


def test_a_pod_s_rate_is_limited_for_the_gateway_above_where_the_autoscaler_acts() -> None:
    """Otherwise visitors would go to another region although this one could add a pod."""
    annotations = one("Service", "base")["metadata"]["annotations"]
    (container,) = next(pods(one("Deployment", "base")))["containers"]
    (metric,) = one("HorizontalPodAutoscaler", "base")["spec"]["metrics"]
    requested = int(container["resources"]["requests"]["cpu"].removesuffix("m"))  # ms a second
    page = 3.5  # ms of CPU, in docs/performance.md
    added_from = requested * metric["resource"]["target"]["averageUtilization"] / 100 / page

    most = int(annotations["networking.gke.io/max-rate-per-endpoint"])

    assert 2 * added_from < most < 0.6 * 1000 / page  # of one CPU


def test_each_cluster_exports_its_service_to_the_gateway() -> None:
    assert build(DEPLOY / "ways-in" / "gateway" / "every-cluster") == [
        {
            "apiVersion": "net.gke.io/v1",
            "kind": "ServiceExport",
            "metadata": {"name": one("Service")["metadata"]["name"]},
        }
    ]


@pytest.mark.parametrize("kind", ["HealthCheckPolicy", "GCPBackendPolicy"])
def test_a_policy_is_for_what_the_gateway_leads_to(kind: str) -> None:
    policy = one(kind, "ways-in/gateway")

    assert policy["apiVersion"] == "networking.gke.io/v1"
    assert policy["spec"]["targetRef"] == IMPORTED


def test_every_balancer_asks_the_path_of_the_readiness_probe() -> None:
    path = container("Deployment")["readinessProbe"]["httpGet"]["path"]
    mci = one("BackendConfig", "ways-in/mci")["spec"]["healthCheck"]
    gateway = one("HealthCheckPolicy", "ways-in/gateway")["spec"]["default"]

    assert (mci["type"], mci["port"], mci["requestPath"]) == ("HTTP", PORT, path)
    assert gateway["config"] == {
        "type": "HTTP",
        "httpHealthCheck": {"port": PORT, "requestPath": path},
    }


@pytest.mark.parametrize(
    ("kind", "folder"), [("BackendConfig", "ways-in/mci"), ("GCPBackendPolicy", "ways-in/gateway")]
)
def test_a_balancer_waits_as_long_as_gunicorn_for_the_last_requests(
    kind: str, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (waits,) = values(one(kind, folder), "drainingTimeoutSec")

    assert waits >= gunicorn_setting("graceful_timeout", monkeypatch)
