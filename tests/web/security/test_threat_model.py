"""docs/threat-model.md: each threat names existing tests."""

import re

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "threat-model.md").read_text()
THREATS = [line.split("|") for line in TEXT.splitlines() if line.startswith("| ")][1:]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_every_threat_names_a_test() -> None:
    assert len(THREATS) > 15
    assert [threat[1] for threat in THREATS if "::test_" not in threat[3]] == []


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_the_named_test_exists(path: str, test: str) -> None:
    assert f"\ndef {test}(" in (ROOT / path).read_text()
