"""deploy/README.md: its names exist, its statements are true, its commands can be pasted."""

import json
import logging
import re
import shlex
import stat
import subprocess
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask

from movr import passwords
from movr.database.deadline import REQUEST_DEADLINE
from movr.database.engine import CONNECTION_AGE, TIMEOUTS, parse_uri
from tests.conftest import ROOT
from tests.deploy.kustomize import Manifest, build, read
from tests.deploy.test_manifests import (
    DEPLOY,
    NODE_PORT,
    REGIONS,
    SECRETS,
    WAYS_IN,
    container,
    environment,
    gunicorn_setting,
    one,
)
from tests.visitor import Visitor
from web.config import MIN_WORKERS, Settings
from web.operations import gunicorn_worker
from web.operations.request_logging import JsonFormatter

README = DEPLOY / "README.md"
TEXT = README.read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
# The commands: code blocks, and commands in sentences.
COMMANDS = [
    *BLOCKS,
    *re.findall(r"`((?:kubectl|flask|\.venv/bin/flask|deploy/verify) [^`]+)`", TEXT),
]
VARIABLES = (DEPLOY / "variables").read_text()
SET_BY_VARIABLES = set(re.findall(r"^(\w+)(?==|\(\))", VARIABLES, re.MULTILINE))
FUNCTIONS = set(re.findall(r"^(\w+)\(\)", VARIABLES, re.MULTILINE))
SOURCED = ". deploy/variables"
ASKING = ("read -", "ccloud auth", "user create", "ccloud cluster delete", "projects delete")
MANIFESTS = [
    manifest
    for folder in (*(f"regions/{region}" for region in REGIONS), *(f"ways-in/{w}" for w in WAYS_IN))
    for manifest in build(DEPLOY / folder)
]


def named(pattern: str) -> set[str]:
    """Return the first group of each match of this pattern in the commands."""
    return {found for command in COMMANDS for found in re.findall(pattern, command)}


def anchors(file: Path) -> set[str]:
    """Return the anchors of a Markdown file, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def kinds_and_names(manifests: list[Manifest]) -> set[str]:
    return {f"{item['kind'].lower()}/{item['metadata']['name']}" for item in manifests}


@pytest.mark.parametrize("block", BLOCKS)
def test_each_block_is_bash(block: str) -> None:
    parsed = subprocess.run(
        ["bash", "-n"], input=block, capture_output=True, text=True, check=False
    )

    assert (parsed.returncode, parsed.stderr) == (0, "")


@pytest.mark.parametrize("part", re.split(r"^##? ", TEXT, flags=re.MULTILINE))
def test_each_part_works_in_a_new_shell(part: str) -> None:
    known: set[str] = set()
    for block in re.findall(r"^```sh\n(.*?)^```", part, re.MULTILINE | re.DOTALL):
        if SOURCED in block:
            known |= SET_BY_VARIABLES
        known |= set(re.findall(r"(?:^|\s)(\w+)=", block))
        known |= set(re.findall(r"for (\w+) in", block))
        known |= set(re.findall(r"read .*?(\w+);", block))
        used = set(re.findall(r"\$\{?([A-Za-z_]\w*)", block))
        names = "|".join(FUNCTIONS)
        used |= set(re.findall(rf"(?:\||\$\(|^|\s)({names})(?= [\"<a-z]|\n)", block))

        assert used <= known, block


def sourcing(folder: Path, *commands: str) -> str:
    """Run these commands with bash at the root of a clone, with a substitute for kubectl."""
    (folder / "deploy").mkdir()
    (folder / "deploy" / "variables").write_text(VARIABLES)
    script = "\n".join((SOURCED, "kubectl() { cat; }", *commands))
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_an_operator_s_password_may_have_any_characters(tmp_path: Path) -> None:
    password = "p@ss:w/rd?#%&' \"$"

    said = sourcing(
        tmp_path,
        f"echo {shlex.quote(password)} > $SECRETS/operator-password",
        "operator_uri cockroachdb movr",
    )

    uri = parse_uri(said.strip())
    assert (uri.username, uri.password, uri.database) == ("operator", password, "movr")
    assert uri.query["sslrootcert"] == "deploy/secrets/ca.crt"


@pytest.mark.parametrize(("region", "name"), REGIONS.items())
def test_a_cluster_is_told_of_the_gateway_of_its_own_region(
    region: str, name: str, tmp_path: Path
) -> None:
    said = sourcing(tmp_path, "echo secret > $SECRETS/db-password", f"db_uri {region} movr2")

    uri = parse_uri(said)
    assert (uri.username, uri.password, uri.port) == ("movr2", "secret", 26257)
    assert f".{name}." in str(uri.host)


def test_secrets_are_created_in_a_private_folder(tmp_path: Path) -> None:
    sourcing(tmp_path)
    made = "\n".join(BLOCKS)
    files = re.findall(r"(?:[^0-9&]>|<|ca\.crt|-o) *\"?([^\s\"<>&(]*(?:key|password|crt))\b", made)
    files += re.findall(
        r"(?:--kubeconfig|KUBECONFIG|--private-key|--certificate)=\"?([^\s\"]+)", made
    )

    assert stat.S_IMODE((tmp_path / "deploy" / "secrets").stat().st_mode) == 0o700
    assert len(files) > 10
    assert {str(Path(file).parent) for file in files} == {"$SECRETS"}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "deploy" in (ROOT / ".dockerignore").read_text().splitlines()
    assert "#!include:.gitignore" in (ROOT / ".gcloudignore").read_text().splitlines()


@pytest.mark.parametrize("block", [b for b in BLOCKS if any(asking in b for asking in ASKING)])
def test_an_interactive_command_is_in_a_separate_block(block: str) -> None:
    """The next pasted line would be read as its input."""
    assert block.count("\n") == 1


def test_downloads_fail_on_http_errors() -> None:
    for command in re.findall(r"curl .*https://.*", "\n".join(BLOCKS)):
        assert "--fail" in command


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_each_link_of_the_readme_has_a_target(link: str) -> None:
    path, _, anchor = link.partition("#")
    file = (DEPLOY / path).resolve() if path else README

    assert file.exists()
    assert not anchor or anchor in anchors(file)


def test_each_named_file_exists() -> None:
    paths = {
        path.replace("$region", region).rstrip(".")
        for path in re.findall(r"\b(?:deploy|docs|web)/[\w./$-]+|movr/\w+\.py", TEXT)
        for region in REGIONS
    }

    there = {path for path in paths if (ROOT / path).exists()}
    assert {path for path in paths - there if not path.startswith("deploy/secrets")} == set()


def test_it_applies_every_region_and_every_way_in_of_today() -> None:
    applied = {
        folder.replace("$region", region)
        for folder in named(r'-k "?deploy/([\w/$-]+)')
        for region in REGIONS
    }

    today = {f"ways-in/{way}" for way in WAYS_IN} - {"ways-in/kubemci"}
    assert applied == today | {f"regions/{region}" for region in REGIONS}


def test_each_object_it_names_is_in_the_manifests() -> None:
    kinds = "deployment|job|service|gateway|httproute|multiclusteringress|multiclusterservice"
    objects = named(rf"(?<![\w/])((?:{kinds})/[\w-]+)")
    objects |= {f"job/{name}" for name in named(r"delete job ([\w-]+)")}

    assert objects <= kinds_and_names(MANIFESTS)
    assert {"deployment/movr", "job/movr-migration", "gateway/movr"} <= objects


def test_the_job_is_applied_first_and_then_all_else() -> None:
    manifests = build(DEPLOY / "regions" / "us-east")
    job = [item for item in manifests if of(item) == "movr-migration"]

    assert named(r"apply -k .+ -l (\S+)") == {"app=movr-migration", "'app!=movr-migration'"}
    assert {item["kind"] for item in job} == {"Job", "NetworkPolicy"}


def of(manifest: Manifest) -> str:
    label: str = manifest["metadata"]["labels"]["app"]
    return label


def test_each_context_and_cluster_is_called_as_a_region() -> None:
    assert named(r'--context "?([a-z-]+)') <= set(REGIONS)
    assert named(r"movr-((?:us|europe)-[\w]+)") == set(REGIONS)
    assert {" ".join(REGIONS)} == {
        " ".join(sorted(regions.split(), key=[*REGIONS].index))
        for regions in named(r"for region in ([^;]+);")
    }


def test_the_secrets_it_makes_are_those_that_the_pods_ask_for() -> None:
    made = dict(
        pair
        for command in (*BLOCKS, VARIABLES)
        for pair in re.findall(r'secret "\$(?:region|1)" ([\w-]+) (\w+)', command)
    )
    table = dict(re.findall(r"^\| `([\w-]+)` \| `(\w+)` \|", TEXT, re.MULTILINE))
    needed = {name: key for name, key in SECRETS.items() if name != "maps-api-key"}

    assert made == needed
    assert table == SECRETS


def test_the_address_and_the_certificate_are_those_of_each_way_in() -> None:
    address, certificate = (
        named(rf"gcloud compute {what} create ([a-z-]+) .*--global")
        for what in ("addresses", "ssl-certificates")
    )

    for file in ("kubemci/ingress", "mci/ingress", "gateway/gateway"):
        words = set(re.split(r"[\s/\"]+", (DEPLOY / "ways-in" / f"{file}.yaml").read_text()))
        assert address <= words
        assert {"movr-ssl-cert"} == certificate & words


def test_each_flask_command_exists(session_app: Flask) -> None:
    wanted = named(r"flask --app server ([\w -]+)")

    assert {"db upgrade", "placement apply multi-region", "placement check"} <= wanted
    for words in wanted:
        name, *arguments = shlex.split(words)
        command = session_app.cli.commands[name]
        if isinstance(command, click.Group):
            name, *arguments = arguments
            command = command.commands[name]
        command.make_context(name, arguments)


def test_the_sum_of_connections_is_right() -> None:
    limits = one("HorizontalPodAutoscaler")["spec"]
    pod = MIN_WORKERS * 2 * Settings().pool_size  # the CPU limit is one
    sums = {
        "a pod": pod,
        f"a region, {limits['minReplicas']} pods": pod * limits["minReplicas"],
        f"a region, {limits['maxReplicas']} pods": pod * limits["maxReplicas"],
        f"three regions, {limits['maxReplicas']} pods each": pod * limits["maxReplicas"] * 3,
    }

    assert (
        one("Deployment")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["cpu"]
        == "1"
    )
    for what, connections in sums.items():
        assert f"| {what} | {connections} |" in TEXT
    assert f"`THREADS` = {MIN_WORKERS * Settings().threads} requests at work at once" in TEXT
    assert f"{limits['minReplicas']} to {limits['maxReplicas']} pods a region" in TEXT


def test_the_settings_it_names_exist() -> None:
    settings = {field.name.upper() for field in fields(Settings)}
    words = {word.removesuffix("_FILE") for word in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)\b", TEXT)}

    assert words <= settings | set(SECRETS.values()) | SET_BY_VARIABLES
    assert {"DB_URI", "SECRET_KEY", "PROXY_HOPS", "POOL_SIZE"} <= words


def test_it_names_all_settings_of_the_manifests() -> None:
    (answer,) = re.findall(r"\*\*Which settings are there\?\*\*(.+?)another is a", TEXT, re.DOTALL)

    given = {item["name"] for item in container("Deployment")["env"]}
    assert set(re.findall(r"`([A-Z_]+)`", answer)) == given


def test_the_documented_shutdown_time_is_that_of_the_manifests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pause = int(container("Deployment")["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = int(environment("Deployment")["DRAIN_SECONDS"])
    graceful = gunicorn_setting("graceful_timeout", monkeypatch)

    assert f"For {drain} s more (`DRAIN_SECONDS`)" in TEXT
    assert f"within {graceful} s. Together these are {pause + drain + graceful} s at most" in TEXT


def test_the_timeouts_and_connections_that_the_guides_name_are_those_of_the_code() -> None:
    guide, regions, operators = (
        " ".join((ROOT / file).read_text().split())
        for file in ("deploy/README.md", "docs/multi-region.md", "docs/operators.md")
    )
    probe = container("Deployment")["readinessProbe"]
    unready = probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"]
    lock, statement, idle = (f"{timeout / 1000:g} s" for timeout in TIMEOUTS.values())
    replaced = " to ".join(str(seconds // 60) for seconds in CONNECTION_AGE)

    assert f"no answer within {REQUEST_DEADLINE:g} s" in guide
    assert f"Within about {unready} s the pods" in guide
    assert f"its pods fail the health check within {unready} s" in guide
    assert f"({statement} for a statement, {lock} for a lock, {idle} idle in a transac" in regions
    assert all(f"used after {replaced} minutes" in text for text in (guide, regions))
    assert f"in addition to {passwords.MAX_AT_ONCE} for requests that hash" in operators
    assert f"and {gunicorn_worker.PROBE_THREADS} for health checks" in operators


def test_the_named_metrics_exist(session_app: Flask) -> None:
    exposed = session_app.test_client().get("/metrics").text
    (number,) = set(re.findall(r"`(movr_[a-z_]+)", TEXT))

    assert f"# TYPE {number} " in exposed


def test_the_reasons_for_not_being_ready_are_those_that_movr_gives() -> None:
    health = (ROOT / "web" / "operations" / "health.py").read_text()
    reasons = re.findall(r'^\| `/readyz` 503, "([^"]+)"', TEXT, re.MULTILINE)

    assert len(reasons) == 6
    assert [reason for reason in reasons if reason not in health] == []


def test_the_fields_of_a_log_line_are_those_it_lists(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO, "movr.access"):
        visitor.get("/")
    listed = TEXT.partition("\n## Logs\n")[2].partition("\n## ")[0]

    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", listed, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == json.loads(caplog.text).keys()


def test_the_pause_and_the_port_are_those_of_the_manifests() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    pause = " ".join(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"])

    assert f"`{pause}`" in TEXT
    assert f"the pod is given {pod['terminationGracePeriodSeconds']} s" in TEXT
    assert f"--allow=tcp:{NODE_PORT}" in TEXT
    (image,) = read(DEPLOY / "image" / "kustomization.yaml")
    assert [item.keys() for item in image["images"]] == [{"name", "newName", "newTag"}]
