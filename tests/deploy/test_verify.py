"""deploy/verify on a real app: its output, findings and exit status."""

import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Engine

from cluster.proxy import CITY_HEADER, Handler, Proxy
from movr import __version__
from movr.cities import CITIES, REGIONS, City
from tests.conftest import ROOT, free_port, serving

VERIFY = ROOT / "deploy" / "verify"
LABELS = [city.label for city in CITIES]
EAST, WEST, _ = REGIONS
TIMEOUT = 120  # seconds
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")


def verify(url: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script; -I excludes installed packages."""
    return subprocess.run(
        [sys.executable, "-I", "-S", VERIFY, url, *options],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


def table(said: str) -> list[list[str]]:
    """Return the rows of the table: city, shown city, status, region, statements and two times."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in said.splitlines()]
    return [row for row in rows if len(row) == 7 and row[0] != "city"]


def wrong(said: str) -> list[str]:
    return re.findall(r"^  WRONG  (.+)$", said, re.MULTILINE)


@contextmanager
def answering(server: HTTPServer) -> Iterator[int]:
    """Serve in a thread and yield the port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def eastern_site(database: str) -> Iterator[str]:
    production = {"SECRET_KEY": "eleven dogs sing under the pier", "PROXY_HOPS": "1", "DEBUG": "0"}
    with serving(DB_URI=database, REGION=EAST, WORKERS="1", **production) as url:
        yield url


@pytest.fixture
def east(eastern_site: str, engine: Engine) -> str:  # noqa: ARG001 - which it empties
    """MovR in the region us-east with production settings and without a proxy."""
    return eastern_site


@pytest.fixture
def balancer(east: str) -> Proxy:
    """A proxy, not started yet, that sets X-City and X-Forwarded-For."""
    return Proxy(0, dict.fromkeys(REGIONS, int(east.rpartition(":")[2])))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, valid for 30 days, with its key in the same file."""
    return signed(tmp_path / "site.pem", days=30)


def signed(file: Path, *, days: int) -> Path:
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=movr.test"
        f" -addext subjectAltName=IP:127.0.0.1 -days {days} -keyout {file} -out {file}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


class WithForwardedProto(Handler):
    """A proxy that sets X-Forwarded-Proto, so that Flask-WTF checks the referrer."""

    def _headers(self, city: City) -> dict[str, str]:
        return {**super()._headers(city), "X-Forwarded-Proto": "https"}


def end_tls(server: HTTPServer, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)


# Passed checks


def test_each_city_is_shown_if_x_city_is_trusted(east: str) -> None:
    done = verify(east, "--region", EAST, "--version", __version__)

    assert f"right  version: {__version__}" in done.stdout
    assert (done.returncode, wrong(done.stdout), done.stderr) == (0, [], "")
    rows = table(done.stdout)
    assert [row[:5] for row in rows] == [[label, label, "200", EAST, "1"] for label in LABELS]
    assert all(0 < float(row[5]) < 10_000 and float(row[6]) < 10_000 for row in rows)
    assert "right  probes: every city has its list" in done.stdout
    assert "right  ledger: 0 unbalanced entries" in done.stdout
    assert "right  audit: 0 missing entries" in done.stdout
    assert done.stdout.endswith(f"{east} serves 9 cities as it should.\n")


def test_behind_a_balancer_it_chooses_the_cities_in_the_menu(
    balancer: Proxy,
) -> None:
    with answering(balancer) as port:
        done = verify(f"http://127.0.0.1:{port}", "--version", __version__)

    assert (done.returncode, wrong(done.stdout)) == (
        1,
        ["version: not visible through a proxy: use a forwarded port"],
    )
    assert "Whatever X-City a client sends, the city seen from here is New York." in done.stdout
    assert "right  X-City: the city comes from the header" in done.stdout
    assert [row[:2] for row in table(done.stdout)] == [[label, label] for label in LABELS]
    assert "/metrics: 404, not public" in done.stdout


@needs_openssl
def test_over_https_it_prints_the_days_of_the_certificate(
    balancer: Proxy, certificate: Path
) -> None:
    balancer.RequestHandlerClass = WithForwardedProto
    end_tls(balancer, certificate)
    with answering(balancer) as port:
        done = verify(f"https://127.0.0.1:{port}", SSL_CERT_FILE=str(certificate))

    assert (done.returncode, wrong(done.stdout), done.stderr) == (0, [], "")
    assert [row[:2] for row in table(done.stdout)] == [[label, label] for label in LABELS]
    assert "TLS: certificate good for 30 days" in done.stdout
    assert "right  forms: accepted" in done.stdout
    assert "/metrics: 404, not public" in done.stdout


class WithLowerCaseHeaders(Handler):
    """A proxy with lower-case header names, as in HTTP/2."""

    def send_header(self, keyword: str, value: str) -> None:
        super().send_header(keyword.lower(), value)


def test_header_names_ignore_case(balancer: Proxy) -> None:
    balancer.RequestHandlerClass = WithLowerCaseHeaders
    with answering(balancer) as port:
        done = verify(f"http://127.0.0.1:{port}", "--region", EAST)

    assert (done.returncode, wrong(done.stdout)) == (0, [])


def test_a_closed_pipe_causes_no_traceback(east: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, VERIFY, east],
            stdout=nobody,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )

    assert (done.returncode, done.stderr) == (1, b"")


# Failed checks


def test_an_unexpected_region_is_reported_for_each_city_and_another_version(east: str) -> None:
    done = verify(east, "--region", WEST, "--version", "0.9.0")

    assert done.returncode == 1
    *cities, version = wrong(done.stdout)
    assert cities == [f"{label}: served by {EAST}, not {WEST}" for label in LABELS]
    assert version == f"version: {__version__}"
    assert f"{east} is not as it should be" in done.stdout


def test_an_unreachable_site_is_reported_in_one_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    done = verify(url)

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"{url} does not answer: .+\.\n", done.stderr)


def test_a_database_without_its_schema_is_found_with_the_reason(empty_database: str) -> None:
    with serving(DB_URI=empty_database, DEBUG="1", WORKERS="1") as url:
        done = verify(url)

    assert done.returncode == 1
    assert "200" not in {row[2] for row in table(done.stdout)}
    (unready,) = [finding for finding in wrong(done.stdout) if finding.startswith("/readyz")]
    assert unready.startswith("/readyz: 503 the database's schema is not at this version")
    assert "right  /healthz: 200 alive" in done.stdout


class WithoutCityHeaders(Handler):
    """A proxy without city headers."""

    def _headers(self, city: City) -> dict[str, str]:
        headers = super()._headers(city)
        del headers[CITY_HEADER]
        return headers


def test_a_balancer_without_city_headers_is_reported(balancer: Proxy) -> None:
    balancer.RequestHandlerClass = WithoutCityHeaders
    with answering(balancer) as port:
        done = verify(f"http://127.0.0.1:{port}")

    assert done.returncode == 1
    assert wrong(done.stdout) == [
        "X-City: the city comes from the region: MovR is not told where visitors are"
    ]


class WithOwnHost(WithForwardedProto):
    """A proxy that passes on X-City, as a plain Ingress, and a Host of its own."""

    def _headers(self, city: City) -> dict[str, str]:
        x_city = self.headers.get(CITY_HEADER, "")
        return {**super()._headers(city), CITY_HEADER: x_city, "Host": "movr.internal"}


@needs_openssl
def test_a_way_in_that_changes_the_host_is_reported(balancer: Proxy, certificate: Path) -> None:
    balancer.RequestHandlerClass = WithOwnHost
    end_tls(balancer, certificate)
    with answering(balancer) as port:
        done = verify(f"https://127.0.0.1:{port}", SSL_CERT_FILE=str(certificate))

    assert done.returncode == 1
    assert wrong(done.stdout) == [
        "forms: answered 400; the way in must pass on the Host, and X-Forwarded-Proto"
    ]


class OtherSite(BaseHTTPRequestHandler):
    """Another site, which responds 200 to every request."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def test_another_site_is_detected() -> None:
    with answering(HTTPServer(("127.0.0.1", 0), OtherSite)) as port:
        done = verify(f"http://127.0.0.1:{port}")

    assert done.returncode == 1
    assert "Paris: the page shows no city of MovR's" in wrong(done.stdout)
    assert "/readyz: 200 not a response of MovR" in wrong(done.stdout)
    assert f"probes: no list of vehicles of {', '.join(LABELS)}" in wrong(done.stdout)


class WithoutForwardedFor(Handler):
    """A proxy without X-Forwarded-For."""

    def _headers(self, city: City) -> dict[str, str]:
        headers = super()._headers(city)
        del headers["X-Forwarded-For"]
        return headers


@needs_openssl
def test_public_metrics_are_reported(balancer: Proxy, certificate: Path) -> None:
    balancer.RequestHandlerClass = WithoutForwardedFor
    end_tls(balancer, certificate)
    with answering(balancer) as port:
        done = verify(f"https://127.0.0.1:{port}", SSL_CERT_FILE=str(certificate))

    assert done.returncode == 1
    assert wrong(done.stdout) == ["/metrics: 200: the metrics are public"]


@needs_openssl
def test_an_expiring_certificate_is_reported(balancer: Proxy, tmp_path: Path) -> None:
    certificate = signed(tmp_path / "old.pem", days=13)
    end_tls(balancer, certificate)
    with answering(balancer) as port:
        done = verify(f"https://127.0.0.1:{port}", SSL_CERT_FILE=str(certificate))

    assert done.returncode == 1
    assert wrong(done.stdout) == ["TLS: certificate good for 13 days"]


@needs_openssl
def test_an_untrusted_certificate_is_refused(balancer: Proxy, certificate: Path) -> None:
    end_tls(balancer, certificate)
    with answering(balancer) as port:
        done = verify(f"https://127.0.0.1:{port}")

    assert done.returncode == 1
    assert "certificate verify failed" in done.stderr
    assert "Traceback" not in done.stderr


# What the metrics say of the data


@pytest.mark.parametrize(
    ("metrics", "details"),
    [
        (
            """
movr_ledger_unbalanced_entries{region="gcp-us-east1"} 2.0
movr_audit_missing_entries{region="gcp-us-east1"} 0.0
""",
            [("2 unbalanced entries", False), ("0 missing entries", True)],
        ),
        ("", [("not checked", False), ("not checked", False)]),
    ],
)
def test_wrong_data_and_data_that_is_not_checked_are_reported(
    script: ModuleType, metrics: str, details: list[tuple[str, bool]]
) -> None:
    found = list(script.data_findings(metrics))

    assert [finding.what for finding in found] == ["ledger", "audit"]
    assert [(finding.detail, finding.passed) for finding in found] == details


# Plain HTTP, which real sites serve at port 80


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = spec_from_loader("verify", SourceFileLoader("verify", str(VERIFY)))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["verify"] = module  # dataclasses look up the module there
    spec.loader.exec_module(module)
    return module


def test_plain_http_with_pages_is_reported(script: ModuleType, east: str) -> None:
    finding = script.plain_http("127.0.0.1", int(east.rpartition(":")[2]))

    assert (finding.detail, finding.passed) == ("answers 200; it should lead to https", False)


def test_plain_http_may_be_closed(script: ModuleType) -> None:
    assert script.plain_http("127.0.0.1", free_port()).passed


@pytest.mark.parametrize(
    ("location", "passed"), [("https://movr.test/", True), ("http://movr.test/", False)]
)
def test_plain_http_may_redirect_to_https_only(
    script: ModuleType, location: str, passed: bool
) -> None:
    class Redirecting(OtherSite):
        def do_GET(self) -> None:
            self.send_response(301)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)) as port:
        assert script.plain_http("127.0.0.1", port).passed is passed
