"""What the image says of its contents: the commands of the Dockerfile, run without Docker."""

import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

import movr
from tests.conftest import ROOT
from tests.deploy.test_image import DOCKERFILE, PIPENV

LOCK: dict[str, Any] = json.loads((ROOT / "Pipfile.lock").read_text())
WORKFLOW = ROOT / ".github/workflows/ci.yml"
JOBS = yaml.safe_load(WORKFLOW.read_text())["jobs"]
TOOLS = Path(sys.executable).parent
SEPARATORS = re.compile(r"[-_.]+")


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the commands of the stage `contents`; return its folder."""
    if not PIPENV.exists():
        pytest.skip("made by make")
    folder = tmp_path_factory.mktemp("contents")
    (command,) = re.findall(
        r"\nWORKDIR /contents\nCOPY pyproject.toml ./\nRUN (.+?)\n\nFROM", DOCKERFILE, re.DOTALL
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    places = {"/build": ROOT, "/pipenv/bin": PIPENV.parent, "/tools/bin": TOOLS}
    for place, here in {**places, "/venv/bin/python": sys.executable}.items():
        command = command.replace(f" {place}", f" {here}")
    subprocess.run(["sh", "-ec", command], cwd=folder, check=True, capture_output=True)
    return folder


def normalized(name: str) -> str:
    return SEPARATORS.sub("-", name).lower()


def test_the_bill_of_materials_has_each_locked_package_with_its_version_and_hashes(
    contents: Path,
) -> None:
    bill = json.loads((contents / "sbom.json").read_text())

    listed = {
        (normalized(part["name"]), part["version"]): {
            f"sha256:{digest['content']}"
            for reference in part["externalReferences"]
            for digest in reference.get("hashes", ())
        }
        for part in bill["components"]
    }
    described = bill["metadata"]["component"]
    assert bill["bomFormat"] == "CycloneDX"
    assert (described["name"], described["version"]) == ("movr", movr.__version__)
    assert listed == {
        (normalized(name), package["version"].removeprefix("==")): set(package["hashes"])
        for category in ("default", "tracing")
        for name, package in LOCK[category].items()
    }


def test_each_package_of_the_image_has_a_licence(contents: Path) -> None:
    lines = (contents / "licenses.txt").read_text().splitlines()
    licences = {
        (normalized(name), version): licence
        for name, version, licence in zip(lines, lines[1:], lines[2:], strict=False)
    }

    for category in ("default", "tracing"):
        for name, package in LOCK[category].items():
            licence = licences[normalized(name), package["version"].removeprefix("==")]
            assert licence not in {"", "UNKNOWN"}, name


def test_the_image_s_tools_are_those_of_the_tests() -> None:
    pinned = dict(re.findall(r"\b(cyclonedx-bom|pip-licenses)==([\d.]+)", DOCKERFILE))

    assert pinned == {name: version(name) for name in ("cyclonedx-bom", "pip-licenses")}
    assert {name: LOCK["develop"][name]["version"] for name in pinned} == {
        name: f"=={number}" for name, number in pinned.items()
    }


def test_the_image_has_the_list_of_its_contents() -> None:
    copied = "COPY --from=contents /contents/sbom.json /contents/licenses.txt /usr/share/doc/movr/"

    assert copied in DOCKERFILE.rpartition("\nFROM ")[2]


# The workflow


def test_the_workflow_follows_the_schema() -> None:
    check = f"{TOOLS}/check-jsonschema --builtin-schema vendor.github-workflows".split()

    done = subprocess.run([*check, WORKFLOW], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_workflow_runs_what_ci_runs_and_tests_on_the_servers_of_compose() -> None:
    commands = {step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step}
    services = JOBS["databases"]["services"].values()
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    (tests,) = re.findall(r"ONLY=(.+)", (ROOT / ".ci/run").read_text())

    assert {".ci/run", "make audit", f"make test ONLY={tests}"} <= commands
    assert {service["image"] for service in services} == {
        compose[name]["image"] for name in ("db", "cockroachdb-us-east")
    }


def test_actions_are_pinned_to_commits_and_may_only_read() -> None:
    text = WORKFLOW.read_text()

    for action in re.findall(r"uses: (.+)", text):
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} +# v\d+\.\d+\.\d+", action)
    assert re.findall(r"^permissions:\n((?: +.+\n)+)", text, re.MULTILINE) == ["  contents: read\n"]
