"""OpenTelemetry's spans are sent to a collector if its variables name one."""

import gzip
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.cli.test_serve import TIMEOUT, with_settings
from tests.conftest import ROOT, plain_client, serving, settings_for
from web.app import create_app
from web.config import SettingsError

EXPORT_SOON = {"OTEL_BSP_SCHEDULE_DELAY": "50"}  # milliseconds


class Collector(ThreadingHTTPServer):
    """A collector that stores the spans that it receives."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Inbox)
        self.received: queue.Queue[ExportTraceServiceRequest] = queue.Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def spans_until(self, *names: str) -> dict[str, Any]:
        """Wait for spans of these names, and return all spans by name."""
        spans: dict[str, Any] = {}
        while not spans.keys() >= set(names):
            batch = self.received.get(timeout=TIMEOUT)
            for resource in batch.resource_spans:
                for scope in resource.scope_spans:
                    spans |= {span.name: (span, resource.resource) for span in scope.spans}
        return spans


class Inbox(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        batch = ExportTraceServiceRequest()
        batch.ParseFromString(body)
        self.server.received.put(batch)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """A collector of the spans of one request at a time: each test waits for its last request's."""
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        yield collector
        collector.shutdown()


@contextmanager
def traced(collector: Collector, database: str, **settings: str) -> Iterator[httpx.Client]:
    """Yield a client of a gunicorn that is traced, behind a proxy."""
    settings |= {"DB_URI": database, "DEBUG": "1", "WORKERS": "1", "PROXY_HOPS": "1"}
    settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **EXPORT_SOON}
    with serving(**settings) as url, plain_client(url) as client:
        yield client


@pytest.fixture(scope="module")
def client(collector: Collector, database: str) -> Iterator[httpx.Client]:
    """A client of a gunicorn in a region, whose spans have the old names of attributes."""
    with traced(collector, database, REGION="gcp-europe-west1") as client:
        yield client


@pytest.fixture(scope="module")
def client_of_blue(collector: Collector, database: str) -> Iterator[httpx.Client]:
    """A client of a gunicorn that OTEL_SERVICE_NAME names, whose spans have the new names."""
    named = {"OTEL_SERVICE_NAME": "movr-blue", "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    with traced(collector, database, **named) as client:
        yield client


def values(attributes: Any) -> dict[str, str]:
    return {item.key: item.value.string_value for item in attributes}


def test_a_request_and_its_statement_are_one_trace(
    collector: Collector, client: httpx.Client
) -> None:
    client.get("/vehicles")
    spans = collector.spans_until("GET /vehicles")

    request, resource = spans.pop("GET /vehicles")
    statements = [span for span, _ in spans.values() if span.trace_id == request.trace_id]
    assert any(span.name.startswith("SELECT") for span in statements)  # the nearest vehicles
    assert values(resource.attributes)["service.name"] == "movr"
    assert values(resource.attributes)["cloud.region"] == "gcp-europe-west1"


def test_otel_service_name_overrides_the_default(
    collector: Collector, client_of_blue: httpx.Client
) -> None:
    client_of_blue.get("/login")
    _, resource = collector.spans_until("GET /login")["GET /login"]

    assert values(resource.attributes)["service.name"] == "movr-blue"


@pytest.mark.parametrize(
    "traced_client", ["client", "client_of_blue"], ids=["old names", "new names"]
)
def test_a_span_contains_no_path_query_or_address(
    collector: Collector, request: pytest.FixtureRequest, traced_client: str
) -> None:
    client: httpx.Client = request.getfixturevalue(traced_client)
    for path in (
        "/nothing/lovelace",
        "/city/lovelace?email=lovelace",
        "/users/6a0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1?email=lovelace",
    ):
        client.get(path, headers={"X-Forwarded-For": "203.0.113.7"})
    spans = collector.spans_until("GET /users/<uuid:user_id>", "unknown")

    told = " ".join(str(span) for span, _ in spans.values())
    assert "/users/<uuid:user_id>" in told
    assert [no for no in ("lovelace", "203.0.113.7", "6a0f4cfe") if no in told] == []


def test_probes_create_no_span(collector: Collector, client: httpx.Client) -> None:
    client.get("/readyz")
    client.get("/login")
    spans = collector.spans_until("GET /login")

    assert spans.keys() == {"GET /login"}


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
NOWHERE = "postgresql://movr@127.0.0.1:1/movr"


@pytest.mark.parametrize("asked", [{}, {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}])
def test_opentelemetry_is_not_imported_without_an_endpoint(asked: dict[str, str]) -> None:
    program = "import server, sys; print('opentelemetry' in sys.modules)"

    assert run(program, **asked).stdout == "False\n"


@pytest.mark.parametrize(
    "asked",
    [
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
        {"OTEL_TRACES_EXPORTER": "zipkin"},
    ],
)
def test_an_unsupported_exporter_or_protocol_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    for name, text in {**ENDPOINT, **asked}.items():
        monkeypatch.setenv(name, text)

    with pytest.raises(SettingsError, match=f"^MovR cannot start: {next(iter(asked))} must be "):
        create_app(settings_for(NOWHERE))


def test_missing_tracing_packages_are_reported_in_a_sentence() -> None:
    """A development environment does not install these packages."""
    program = "import sys; sys.modules['opentelemetry'] = None; import server"

    refused = run(program, **ENDPOINT)

    assert refused.returncode == 4
    assert refused.stderr.startswith("MovR cannot start: OTEL_EXPORTER_OTLP_ENDPOINT needs")
    assert len(refused.stderr.splitlines()) == 1


def run(program: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=with_settings(DEBUG="1", DB_URI=NOWHERE, **settings),
        capture_output=True,
        text=True,
        check=False,
    )
