"""The nginx of compose.yaml: a real nginx with the same files, in front of real gunicorns."""

import os
import re
import secrets
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from cluster.proxy import host_of_city
from movr import passwords
from movr.cities import CITIES, DEFAULT_CITY, City
from tests import plain_http
from tests.conftest import free_port, serving
from tests.deploy.proxy import (
    HOW_TO_GET_IT,
    NGINX,
    command,
    configure,
    folder,
    proxying,
    running,
)
from tests.deploy.rolling import Plan, restart_under_load
from tests.visitor import Visitor, registration, sentences
from web.app import MAX_FORM_SIZE
from web.security.rate_limits import FAILED_LOGINS_OF_ADDRESS
from web.security.request_body import MAX_FILE_SIZE

FILES = ("plain.conf", "tls.conf")
ENOUGH = Plan(connections=3, requests=1500)
GUESSED = "We do not know where you are"


@pytest.fixture(scope="module", autouse=True)
def _nginx() -> None:
    if NGINX is None and os.environ.get("CI"):
        pytest.fail(f"CI must have it: {HOW_TO_GET_IT}")
    if NGINX is None:
        pytest.skip(f"NO TESTS OF THE PROXY: {HOW_TO_GET_IT}")


@pytest.fixture(scope="module")
def replica(database: str) -> Iterator[str]:
    """MovR as in compose.yaml, but with cookies over plain HTTP and few threads."""
    with serving(DB_URI=database, DEBUG="1", PROXY_HOPS="1", WORKERS="1", THREADS="1") as url:
        yield url


@pytest.fixture(scope="module")
def way_in(replica: str) -> Iterator[str]:
    """The URL of nginx in front of the replica, over plain HTTP."""
    with proxying([port_of(replica)]) as url:
        yield url


@pytest.fixture(scope="module")
def secure_way_in(replica: str) -> Iterator[tuple[str, str, ssl.SSLContext]]:
    """nginx over HTTPS: its URL, that of plain HTTP, and a context that trusts its certificate."""
    with folder() as here:
        make_certificate(here)
        ports = {"8080": free_port(), "8443": free_port()}
        configure(here, [port_of(replica)], ports)
        plain = f"http://127.0.0.1:{ports['8080']}"
        with running(here, "tls.conf", plain):
            trust = ssl.create_default_context(cafile=str(here / "tls_certificate"))
            yield f"https://127.0.0.1:{ports['8443']}", plain, trust


def port_of(url: str) -> int:
    port = httpx.URL(url).port
    assert port
    return port


def make_certificate(here: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=movr.test"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", here / "tls_key", "-out", here / "tls_certificate"),
        ],
        check=True,
        capture_output=True,
    )


def city_shown(reply: httpx.Response) -> str:
    found = re.search(r"<h1>([^,]+), <em>", reply.text)
    assert found
    return found[1]


# The files


@pytest.mark.parametrize("file", FILES)
def test_nginx_accepts_the_configuration_without_a_warning(file: str) -> None:
    with folder() as here:
        make_certificate(here)
        configure(here, [1], {})

        done = subprocess.run(
            [*command(here, file), "-t"], check=False, capture_output=True, text=True
        )

    assert done.returncode == 0, done.stderr
    assert not re.search(r"\[(warn|error|emerg)\]", done.stderr)


# The city headers


def test_the_city_header_of_a_client_is_not_forwarded(way_in: str) -> None:
    lies = {
        "X-City": "paris",
        "X-City-Lat-Long": "48.86,2.35",
        "x-city": "rome",
        "X_City": "amsterdam",
    }

    reply = plain_http.get(way_in, headers=lies)

    assert city_shown(reply) == DEFAULT_CITY.label
    assert GUESSED in reply.text


def test_the_replica_itself_trusts_the_city_header(replica: str) -> None:
    assert city_shown(plain_http.get(replica, headers={"X-City": "paris"})) == "Paris"
    assert city_shown(plain_http.get(replica, headers={"X-City-Lat-Long": "41.9,12.5"})) == "Rome"


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_the_host_name_selects_the_city(city: City, way_in: str) -> None:
    host = f"{host_of_city(city)}:8080"

    reply = plain_http.get(way_in, headers={"Host": host, "X-City": "nowhere"})

    assert city_shown(reply) == city.label
    assert GUESSED not in reply.text


# The client's address


def test_forged_addresses_do_not_bypass_the_rate_limits(way_in: str, replica: str) -> None:
    """The limit on failed logins of an address shows which address MovR uses."""
    for n in range(FAILED_LOGINS_OF_ADDRESS.at_most):
        claims = {"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.{n}", "X-Real-IP": f"192.0.2.{n}"}
        assert fail_to_log_in(way_in, "127.0.0.11", claims) == 422

    assert fail_to_log_in(way_in, "127.0.0.11", claiming("198.51.100.99")) == 429
    assert fail_to_log_in(way_in, "127.0.0.12", claiming("127.0.0.11")) == 422
    # Without nginx the header would be trusted.
    assert fail_to_log_in(replica, "127.0.0.12", claiming("127.0.0.11")) == 429
    assert fail_to_log_in(replica, "127.0.0.11", claiming("198.51.100.99")) == 422


def claiming(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def fail_to_log_in(url: str, address: str, headers: dict[str, str]) -> int:
    """Fail to log in from this loopback address with a new username, and return the status."""
    transport = httpx.HTTPTransport(local_address=address, verify=False)
    with httpx.Client(base_url=url, transport=transport, headers=headers) as client:
        return Visitor(client).log_in(secrets.token_hex(8)).status_code


def test_nginx_sets_the_request_id(way_in: str) -> None:
    reply = plain_http.get(way_in, headers={"X-Request-ID": "chosen-by-a-client"})

    assert re.fullmatch(r"[0-9a-f]{32}", reply.headers["X-Request-ID"])


# Limits of requests


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/metrics?x=1"])
def test_the_metrics_can_not_be_reached(way_in: str, path: str) -> None:
    reply = plain_http.get(way_in + path)

    assert reply.status_code == 404
    assert "movr_requests" not in reply.text


def test_the_body_size_limit_is_that_of_movr(way_in: str) -> None:
    def post(size: int) -> httpx.Response:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return plain_http.post(f"{way_in}/login", content=b"a" * size, headers=form)

    taken = post(MAX_FORM_SIZE)
    refused = post(MAX_FORM_SIZE + 1)

    assert "X-Served-By-Region" in taken.headers
    assert refused.status_code == 413
    assert "X-Served-By-Region" not in refused.headers


@pytest.mark.parametrize("path", ["/vehicles/import", "/staff/new-york/import"])
def test_a_file_may_be_larger(way_in: str, path: str) -> None:
    def post(size: int) -> httpx.Response:
        return plain_http.post(way_in + path, files={"file": ("fleet.csv", b"a" * size)})

    taken, refused = post(MAX_FILE_SIZE - 1000), post(MAX_FILE_SIZE)

    assert "X-Served-By-Region" in taken.headers
    assert refused.status_code == 413
    assert "X-Served-By-Region" not in refused.headers


def test_nginx_does_not_reveal_its_version(way_in: str) -> None:
    assert plain_http.get(f"{way_in}/metrics").headers["Server"] == "nginx"


def test_slow_clients_do_not_block_others(way_in: str) -> None:
    """Each slow request would occupy a thread of the replica, which has fewer."""
    head = b"POST /login HTTP/1.1\r\nHost: movr.test\r\nContent-Length: 1000\r\n\r\nusername="
    with ExitStack() as stack:
        for _ in range(4 + passwords.MAX_AT_ONCE):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port_of(way_in))))
            slow.sendall(head)

        assert plain_http.get(way_in, timeout=2).status_code == 200


# HTTPS


def test_plain_http_redirects_to_https(
    secure_way_in: tuple[str, str, ssl.SSLContext],
) -> None:
    _, plain, _ = secure_way_in

    reply = plain_http.post(f"{plain}/login?next=/rides", headers={"Host": "movr.test"})

    assert reply.status_code == 308
    assert reply.headers["Location"] == "https://movr.test/login?next=/rides"


def test_https_serves_movr_with_the_given_certificate_and_hsts(
    secure_way_in: tuple[str, str, ssl.SSLContext],
) -> None:
    url, _, trust = secure_way_in

    page = httpx.get(url, verify=trust)
    refused = httpx.get(f"{url}/metrics", verify=trust)

    assert city_shown(page) == DEFAULT_CITY.label
    assert spoken(url, trust) == "h2"
    for reply in (page, refused):
        assert reply.headers.get_list("Strict-Transport-Security") == [
            "max-age=31536000; includeSubDomains"
        ]


@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_a_form_over_https_on_another_port_is_accepted_with_either_header(
    secure_way_in: tuple[str, str, ssl.SSLContext], header: str
) -> None:
    url, _, trust = secure_way_in
    with httpx.Client(base_url=url, verify=trust, headers={header: url}) as client:
        registered = Visitor(client).post("/register", **registration())

    assert registered.status_code == 303, sentences(registered)


def test_a_form_over_https_of_another_port_is_refused(
    secure_way_in: tuple[str, str, ssl.SSLContext],
) -> None:
    url, plain, trust = secure_way_in
    with httpx.Client(base_url=url, verify=trust) as client:
        for elsewhere in (plain, plain.replace("http:", "https:"), "https://127.0.0.1"):
            refused = Visitor(client).post("/register", {"Origin": elsewhere}, **registration())

            assert "sent from another site" in sentences(refused)


def test_absolute_links_have_the_port_of_the_request(
    secure_way_in: tuple[str, str, ssl.SSLContext],
) -> None:
    url, _, trust = secure_way_in

    manifest = httpx.get(f"{url}/gbfs/v3/manifest.json", verify=trust).json()

    links = [
        version["url"] for data in manifest["data"]["datasets"] for version in data["versions"]
    ]
    assert [link for link in links if not link.startswith(f"{url}/gbfs/")] == []


def test_a_request_without_a_host_is_answered(way_in: str) -> None:
    """HTTP/1.0 does not require one."""
    with socket.create_connection(("127.0.0.1", port_of(way_in))) as connection:
        connection.sendall(b"GET /login HTTP/1.0\r\n\r\n")

        assert connection.makefile("rb").readline().split()[1] == b"200"


def spoken(url: str, trust: ssl.SSLContext) -> str | None:
    """Return the protocol that the server negotiates."""
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port_of(url))) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        return secure.selected_alpn_protocol()


def test_https_is_1_2_or_later_and_old_protocols_are_refused(
    secure_way_in: tuple[str, str, ssl.SSLContext],
) -> None:
    url, _, trust = secure_way_in
    address = ("127.0.0.1", port_of(url))

    def version(newest: ssl.TLSVersion) -> str | None:
        trust.maximum_version = newest
        with (
            socket.create_connection(address) as plain,
            trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            return secure.version()

    assert version(ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert version(ssl.TLSVersion.MAXIMUM_SUPPORTED) == "TLSv1.3"


# Restarts of replicas


@contextmanager
def failing_replica() -> Iterator[tuple[int, list[bytes]]]:
    """Run a server that closes connections without a response; yield its port and requests."""
    taken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return  # closed at the end of the test
                with connection:
                    taken.append(connection.recv(65536))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], taken
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_post_is_not_repeated_after_a_lost_response(replica: str) -> None:
    with failing_replica() as (port, taken), proxying([port, port_of(replica)]) as url:
        before = len(taken)
        statuses = {plain_http.post(f"{url}/login").status_code for _ in range(4)}

        assert 502 in statuses
        assert len(taken) == before + 2  # each other one once


def test_a_failed_get_is_repeated_at_another_replica(replica: str) -> None:
    with failing_replica() as (port, taken), proxying([port, port_of(replica)]) as url:
        statuses = {plain_http.get(url).status_code for _ in range(6)}

        assert taken
        assert statuses == {200}


def test_only_get_requests_use_persistent_connections() -> None:
    """Newer versions of nginx keep connections open by default."""
    with failing_replica() as (port, taken), proxying([port]) as url:
        del taken[:]
        plain_http.get(f"{url}/read")
        plain_http.post(f"{url}/write")

        closed = {request.split()[1]: b"\r\nConnection: close\r\n" in request for request in taken}
        assert closed == {b"/read": False, b"/write": True}


def test_a_replica_that_refuses_connections_fails_no_request(replica: str) -> None:
    with proxying([free_port(), free_port(), port_of(replica)]) as url:
        statuses = {plain_http.post(f"{url}/login").status_code for _ in range(6)}

    assert statuses == {400}  # MovR's response to a form without a token


def test_restarting_each_replica_in_turn_fails_no_request(own_database: str) -> None:
    result = restart_under_load(own_database, ENOUGH)

    assert result.failures == []
    assert result.restarts >= 3
    assert len(result.seconds) >= ENOUGH.requests
    assert 0 < result.added == result.rows
