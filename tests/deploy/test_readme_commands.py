"""All commands of deploy/README.md, in order. Those that need a cloud or a cluster are replaced."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from cluster.proxy import Proxy
from movr.database.engine import parse_uri
from tests.conftest import AppOf
from tests.deploy.test_manifests import DEPLOY, REGIONS
from tests.deploy.test_verify import WithForwardedProto, answering, end_tls, signed
from tests.guides import Clone, blocks
from web.config import Settings

SECRET = "eleven dogs sing under the pier"
ADDRESS = "192.0.2.1"  # which gcloud reserves
PASSWORD = "pass word"  # the operator's, typed when step 6 asks
TEXT = (DEPLOY / "README.md").read_text()
PARTS = [
    "".join(block.text for block in blocks(part) if block.language == "sh")
    for part in re.split(r"^##? ", TEXT, flags=re.MULTILINE)
]

# gcloud and ccloud need an account, docker an engine, kubectl and kubemci a cluster, cockroach and
# the operator's URI a CockroachDB. They note how they are called; kubectl keeps the secrets, and
# runs Python's commands for a pod here. What the guide passes over, such as `|| break`, ends it.
STAND_INS = f"""
note() {{ echo "$*" >> "$NOTES/calls"; }}
ccloud() {{ note ccloud "$@"; }}
docker() {{ note docker "$@"; }}
kubemci() {{ note kubemci "$@"; }}
cockroach() {{ cat >> "$NOTES/sql"; }}
gcloud() {{
    note gcloud "$@"
    case "$*" in
        *"value(address)"*) echo {ADDRESS} ;;
        *projectNumber*) echo 123456789 ;;
    esac
}}
kubectl() {{
    note kubectl "$@"
    case "$*" in
        *"create secret"*) tee "$NOTES/$2.$6" ;;
        *"apply -f -") cat > /dev/null ;;
        *" port-forward "*) exec sleep 60 ;;
        *" -- python -c "*) while [ "$1" != -- ]; do shift; done; shift 2; python3 "$@" ;;
    esac
}}
curl() {{
    case "$*" in
        *https://*.crt*|*/cert) echo CA > "$3" ;;
        *https://*) echo 192.0.2.9 ;;
        *) command curl "$@" ;;
    esac
}}
sleep() {{ :; }}
wait() {{ builtin wait "$@" || :; }}
break() {{ exit 1; }}
"""


class Quiet(WSGIRequestHandler):
    """A handler that writes no line for a request."""

    def log_request(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def clusters(app_of: AppOf, database: str) -> Iterator[dict[str, int]]:
    """MovR in each region, with settings of production: the port of each cluster."""
    with ExitStack() as stack:
        ports = {}
        for region, name in REGIONS.items():
            settings = Settings(
                db_uri=database, secret_key=SECRET, region=name, proxy_hops=1, page_size=5
            )
            served = make_server(
                "127.0.0.1", 0, app_of(settings), threaded=True, request_handler=Quiet
            )
            ports[region] = stack.enter_context(answering(served))
        yield ports


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return signed(tmp_path / "site.pem", days=30)


@pytest.fixture
def domain(clusters: dict[str, int], certificate: Path) -> Iterator[str]:
    """The site's host name, with a load balancer over HTTPS in front of the clusters."""
    balancer = Proxy(0, {REGIONS[region]: port for region, port in clusters.items()})
    balancer.RequestHandlerClass = WithForwardedProto
    end_tls(balancer, certificate)
    with answering(balancer) as port:
        yield f"127.0.0.1:{port}"


class Guide:
    """A clone in which the guide is followed."""

    def __init__(self, folder: Path, clusters: dict[str, int], variables: dict[str, str]) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        (folder / "clone").mkdir()
        self.clone = Clone(folder / "clone", "deploy")
        self.secrets = self.clone.folder / "deploy" / "secrets"
        self._clusters = clusters
        self._variables = {"NOTES": str(self.notes), **variables}

    def follow(self, commands: str) -> str:
        ports = " ".join(f"[{region}]={port}" for region, port in self._clusters.items())
        commands = commands.replace("127.0.0.1:8000", f"127.0.0.1:{self._clusters['us-east']}")
        commands = commands.replace("127.0.0.1:8001", "127.0.0.1:${PORTS[$region]}")
        preamble = f"{STAND_INS}declare -A PORTS=({ports})\n"
        return self.clone.follow(preamble + commands, self._variables, f"{PASSWORD}\n")

    def write(self, domain: str, uri: str) -> None:
        """Write the operator's values, as steps 1 and 7 ask for."""
        with (self.clone.folder / "deploy" / "variables").open("a") as variables:
            variables.write(f"DOMAIN={domain}\noperator_uri() {{ echo '{uri}'; }}\n")
        self.secrets.mkdir()
        (self.secrets / "mail-uri").write_text("smtp://movr:hunter2@mail.example.com:587")
        self.follow("git init -q; git add --all; git commit -qm 'Our own'")

    def given(self, secret: str) -> list[str]:
        """Return the content of a secret in each cluster."""
        return [(self.notes / f"{region}.{secret}").read_text() for region in REGIONS]


@pytest.mark.skipif(not shutil.which("git"), reason="NOT TRIED: there is no git")
@pytest.mark.skipif(not shutil.which("openssl"), reason="NOT TRIED: there is no openssl")
def test_all_commands_of_the_guide_run_in_order(
    tmp_path: Path, clusters: dict[str, int], domain: str, certificate: Path, database: str
) -> None:
    guide = Guide(tmp_path, clusters, {"SSL_CERT_FILE": str(certificate)})
    guide.write(domain, database)

    output = "".join(guide.follow(part) for part in PARTS)

    calls = (guide.notes / "calls").read_text()
    assert output.count("serves 9 cities as it should.") == 8
    assert all(f"from {region}: gcp-us-east1" in output for region in REGIONS)
    assert "invariants hold." in output
    assert f"allowlist create movr {ADDRESS}/32" in calls
    assert_secrets_are_in_no_call(guide, calls)
    assert_clusters_agree(guide)
    assert guide.follow("git status --porcelain") == ""
    assert guide.follow("git log --format=%s").split("\n")[0] == "Name the project"


def assert_secrets_are_in_no_call(guide: Guide, calls: str) -> None:
    contents = {
        line
        for file in guide.secrets.iterdir()
        if file.name != "ca.crt"
        for line in file.read_text().splitlines()
    }

    assert len(contents) > 4
    assert [line for line in contents if line in calls] == []


def assert_clusters_agree(guide: Guide) -> None:
    """After both rotations: sessions of one region are valid in all others."""
    (key,) = set(guide.given("movr-secret-key"))
    (fallbacks,) = set(guide.given("movr-secret-key-fallbacks"))
    hosts = [parse_uri(uri).host for uri in guide.given("movr-db-uri")]

    assert len(key) == 64
    assert key not in fallbacks.split()
    assert len(fallbacks.split()[0]) == 64
    assert len(set(hosts)) == len(REGIONS)
