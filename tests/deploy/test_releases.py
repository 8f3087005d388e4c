"""One version: in pyproject.toml, the changelog, the image's tag; and docs/releasing.md."""

import re
import subprocess
import sys

import pytest

from movr import __version__
from tests.conftest import ROOT
from tests.deploy.test_readme import VARIABLES

DOCKERFILE = (ROOT / "Dockerfile").read_text()
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_the_changelog_begins_with_the_version_and_says_whether_it_is_released() -> None:
    heading = re.search(r"^## (\S+), (unreleased|\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE)

    assert heading
    version, state = heading.groups()

    assert __version__ == (f"{version}.dev0" if state == "unreleased" else version)
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_an_image_is_tagged_with_the_version_and_between_releases_with_the_commit_too() -> None:
    (line,) = re.findall(r"^VERSION=.*$", VARIABLES, re.MULTILINE)
    command = ["bash", "-c", f"{line}; echo $VERSION"]

    tag = subprocess.check_output(command, cwd=ROOT, text=True).strip()

    assert re.fullmatch(r"[\w.-]{1,128}", tag)
    if __version__.endswith("dev0"):
        assert re.fullmatch(rf"{re.escape(__version__)}-[0-9a-f]{{7,}}", tag)
    else:
        assert tag == __version__


@pytest.mark.parametrize(
    ("version", "is_built"),
    [("unknown", True), ("local", True), (__version__, True), ("0.9.0", False)],
)
def test_an_image_with_the_label_of_another_version_is_not_built(
    version: str, is_built: bool
) -> None:
    (command,) = re.findall(r'^RUN (python -c ".+" "\$VERSION")$', DOCKERFILE, re.MULTILINE)
    built = subprocess.run(
        ["sh", "-c", command.replace("python", sys.executable, 1)],
        cwd=ROOT,
        env={"VERSION": version},
        check=False,
    )

    assert (built.returncode == 0) == is_built
