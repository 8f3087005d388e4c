"""SECRET_KEY is rotated twice in a row as deploy/README.md says, while old and new pods serve."""

import os
import re
import subprocess
from pathlib import Path

from tests.conftest import ROOT
from tests.deploy.test_manifests import REGIONS
from web.config import read_settings

PART = (ROOT / "deploy" / "README.md").read_text().partition("**SECRET_KEY.**")[2]
ACCEPT, SIGN, *_ = re.findall(r"^```sh\n(.*?)^```", PART, re.MULTILINE | re.DOTALL)
# A secret is a file; a restart notes the region and the keys with which its new pods start.
STAND_INS = """
SECRETS=$PWD
secret() { cat > "$1.$2"; }
kubectl() {
    [ "$4" = restart ] || return 0
    printf '%s\\t%s\\t%s\\n' "$2" "$(cat "$2.movr-secret-key")" \
        "$(paste -sd, "$2.movr-secret-key-fallbacks")" >> pods
}
"""


def keys(secret: str, fallbacks: str = "") -> list[str]:
    """Return the keys that a pod accepts; it signs with the last one."""
    settings = {"SECRET_KEY": secret, "SECRET_KEY_FALLBACKS": fallbacks.replace(",", "\n")}
    return read_settings({**settings, "DB_URI": "postgresql://db.test/movr"}).signing_keys


def follow(commands: str, folder: Path) -> None:
    script = STAND_INS + commands.replace(". deploy/variables", "")
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        check=True,
    )


def test_what_a_pod_signs_is_accepted_by_all_that_serve_at_the_time(tmp_path: Path) -> None:
    first = "the key of before both rotations"
    for file in ("secret-key", *(f"{region}.movr-secret-key" for region in REGIONS)):
        (tmp_path / file).write_text(first)

    for commands in (ACCEPT, SIGN) * 2:
        follow(commands, tmp_path)

    serving = dict.fromkeys(REGIONS, keys(first))
    restarts = [line.split("\t") for line in (tmp_path / "pods").read_text().splitlines()]
    for region, *new in restarts:
        at_once = [*serving.values(), keys(*new)]
        assert all(signing[-1] in accepted for signing in at_once for accepted in at_once)
        serving[region] = keys(*new)
    assert [region for region, *_ in restarts] == [*REGIONS] * 4
    (last,) = {tuple(accepted) for accepted in serving.values()}
    assert (len(last), last.count(first)) == (3, 1)
    assert last[-1] != first
