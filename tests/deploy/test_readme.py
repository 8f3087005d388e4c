"""deploy/README.md: what it names is there, what it says is so, and its commands can be pasted."""

import json
import logging
import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask

from movr import errors
from tests.conftest import ROOT
from tests.deploy.kustomize import Manifest, build, read
from tests.deploy.test_manifests import DEPLOY, NODE_PORT, REGIONS, SECRETS, WAYS_IN, one
from tests.visitor import Visitor
from web.config import FEWEST_WORKERS, Settings
from web.logs import JsonFormatter

README = DEPLOY / "README.md"
TEXT = README.read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
# What can be run: the blocks, and commands in sentences.
COMMANDS = [
    *BLOCKS,
    *re.findall(r"`((?:kubectl|flask|\.venv/bin/flask|deploy/verify) [^`]+)`", TEXT),
]
MANIFESTS = [
    manifest
    for folder in (*(f"regions/{region}" for region in REGIONS), *(f"ways-in/{w}" for w in WAYS_IN))
    for manifest in build(DEPLOY / folder)
]


def named(pattern: str) -> set[str]:
    """What the commands say where the pattern has its group."""
    return {found for command in COMMANDS for found in re.findall(pattern, command)}


def anchors(file: Path) -> set[str]:
    """The places in a Markdown file that links can lead to, as GitHub calls them."""
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


def test_each_variable_and_function_is_set_before_it_is_used() -> None:
    known: set[str] = set()
    for block in BLOCKS:
        known |= set(re.findall(r"(?:^|\s)(\w+)=", block))
        known |= set(re.findall(r"for (\w+) in", block))
        known |= set(re.findall(r"read .*?(\w+);", block))
        known |= set(re.findall(r"^(\w+)\(\)", block, re.MULTILINE))
        used = set(re.findall(r"\$\{?([A-Za-z_]\w*)", block))
        used |= set(
            re.findall(r"(?:\||\$\(|^|\s)(secret|gateway|sql|operator_uri)(?= [\"<a-z]|\n)", block)
        )

        assert used <= known, block


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_each_link_leads_somewhere(link: str) -> None:
    path, _, anchor = link.partition("#")
    file = (DEPLOY / path).resolve() if path else README

    assert file.exists()
    assert not anchor or anchor in anchors(file)


def test_each_file_it_names_is_there() -> None:
    paths = {
        path.replace("$region", region).rstrip(".")
        for path in re.findall(r"\b(?:deploy|docs|web)/[\w./$-]+|movr/\w+\.py", TEXT)
        for region in REGIONS
    }

    assert {path for path in paths if not (ROOT / path).exists()} == set()


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


def test_a_label_chooses_either_the_job_or_all_that_serves() -> None:
    chosen = {
        label: {item["kind"] for item in build(DEPLOY / "regions" / "us-east") if of(item) == label}
        for label in named(r"-l app=([\w-]+)")
    }

    assert chosen.pop("movr-migration") == {"Job"}
    assert chosen == {
        "movr": {item["kind"] for item in build(DEPLOY / "regions" / "us-west")},
    }


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
        for command in COMMANDS
        for pair in re.findall(r'secret "\$region" ([\w-]+) (\w+)', command)
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

    assert {"db upgrade", "placement apply multi-region", "placement prove"} <= wanted
    for command in wanted:
        group, name, *arguments = shlex.split(command)
        commands = session_app.cli.commands[group]
        assert isinstance(commands, click.Group)
        commands.commands[name].make_context(name, arguments)


def test_the_sum_of_connections_is_right() -> None:
    limits = one("HorizontalPodAutoscaler")["spec"]
    pod = FEWEST_WORKERS * 2 * Settings().pool_size  # the CPU limit is one
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
    assert f"`THREADS` = {FEWEST_WORKERS * Settings().threads} requests at work at once" in TEXT
    assert f"{limits['minReplicas']} to {limits['maxReplicas']} pods a region" in TEXT


def test_the_settings_it_names_exist() -> None:
    settings = {field.name.upper() for field in fields(Settings)}
    words = {word.removesuffix("_FILE") for word in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)\b", TEXT)}

    assert words <= settings | set(SECRETS.values())
    assert {"DB_URI", "SECRET_KEY", "PROXY_HOPS", "POOL_SIZE"} <= words


def test_the_numbers_it_names_are_counted(session_app: Flask) -> None:
    exposed = session_app.test_client().get("/metrics").text
    (number,) = set(re.findall(r"`(movr_[a-z_]+)", TEXT))

    assert f"# TYPE {number} " in exposed


def test_the_reasons_for_not_being_ready_are_those_that_movr_gives() -> None:
    health = (ROOT / "web" / "health.py").read_text()
    reasons = re.findall(r'^\| `/readyz` 503, "([^"]+)"', TEXT, re.MULTILINE)

    assert len(reasons) == 4
    for reason in reasons:
        sentences = (errors.DatabaseAway.sentence, errors.DatabaseBusy.sentence, health)
        assert any(reason in sentence for sentence in sentences), reason


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
