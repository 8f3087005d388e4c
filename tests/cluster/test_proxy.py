"""The demo's proxy in front of real app servers, and the error message without cockroach."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, make_url

import cluster.proxy
from cluster.__main__ import greeting
from cluster.nodes import CannotStart, Cluster, command, parse_url
from cluster.proxy import Proxy, city_of_host, host_of_city
from cluster.readiness import wait_until_ready
from movr.cities import CITIES, EUROPE_WEST, REGIONS, US_EAST, US_WEST, find_city
from tests import plain_http
from tests.cli.test_serve import wait_until
from tests.conftest import ROOT, START_TIMEOUT, free_port, gunicorn, running, serving
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def servers(database: str) -> Iterator[dict[str, int]]:
    """The port of an app server in each region."""
    with ExitStack() as stack:
        settings = {"DB_URI": database, "DEBUG": "1", "PROXY_HOPS": "1", "WORKERS": "1"}
        yield {
            region: port_of(stack.enter_context(serving(**settings, REGION=region)))
            for region in REGIONS
        }


@pytest.fixture(scope="module")
def proxy(servers: dict[str, int]) -> Iterator[str]:
    """The URL of a proxy with an app server for each region."""
    with proxying(servers) as url:
        yield url


@contextmanager
def proxying(servers: dict[str, int]) -> Iterator[str]:
    with Proxy(free_port(), servers) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


@contextmanager
def failing_server(reply: bytes = b"", after: float = 0) -> Iterator[tuple[int, list[bytes]]]:
    """Run a server that sends this text `after` seconds and closes; yield its port and requests."""
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
                    time.sleep(after)
                    connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], taken
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def test_each_city_is_served_by_its_region_and_a_client_cannot_change_that(proxy: str) -> None:
    for city in CITIES:
        headers = {"Host": f"{host_of_city(city)}:8000", "X-City": "rome", "x-city": "boston"}

        reply = plain_http.get(proxy, headers=headers)

        assert reply.headers["X-Served-By-Region"] == city.region
        assert f"<title>{city.label} · MovR</title>" in reply.text


def test_people_register_and_ride_through_the_proxy(proxy: str, engine: Engine) -> None:  # noqa: ARG001
    headers = {"Host": "paris.localhost:8000"}
    with httpx.Client(base_url=proxy, headers=headers) as client:
        rider = Visitor(client).register("paris")
        started = rider.start(rider.add_vehicle(), "paris")
        assert "Have a good ride" in rider.follow(started)


@pytest.mark.parametrize(
    ("dead", "answering"), [(US_EAST, US_WEST), (US_WEST, US_EAST), (EUROPE_WEST, US_EAST)]
)
def test_a_city_whose_region_is_down_is_served_by_the_next_one(
    servers: dict[str, int], dead: str, answering: str
) -> None:
    with proxying(servers | {dead: free_port()}) as url:
        for city in CITIES:
            reply = plain_http.get(url, headers={"Host": host_of_city(city)})

            assert f"<title>{city.label} · MovR</title>" in reply.text
            expected = answering if city.region == dead else city.region
            assert reply.headers["X-Served-By-Region"] == expected


def test_a_rider_whose_region_fails_ends_the_ride_and_starts_the_next_in_another(
    servers: dict[str, int],
    engine: Engine,  # noqa: ARG001
) -> None:
    headers = {"Host": "paris.localhost:8000"}
    ports = dict(servers)
    with proxying(ports) as url, httpx.Client(base_url=url, headers=headers) as client:
        rider = Visitor(client).register("paris")
        rider.start(rider.add_vehicle(), "paris")
        ride = rider.active_ride()
        ports[EUROPE_WEST] = free_port()

        ended = rider.end(ride, city="paris")
        started = rider.start(rider.add_vehicle(), "paris")

        assert ended.headers["X-Served-By-Region"] == US_EAST
        assert "Have a good ride" in rider.follow(started)


@pytest.mark.parametrize(
    "reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"nonsense\r\n\r\n"]
)
def test_a_page_whose_answer_is_lost_comes_from_the_next_region(
    servers: dict[str, int], reply: bytes
) -> None:
    with failing_server(reply) as (port, taken), proxying(servers | {US_EAST: port}) as url:
        page = plain_http.get(url)

    assert len(taken) == 1
    assert page.status_code == 200
    assert page.headers["X-Served-By-Region"] == US_WEST


def test_a_silent_region_delays_a_page_and_does_not_lose_it(
    servers: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.proxy, "PAGE_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with proxying(servers | {US_EAST: port}) as url:
            assert plain_http.get(f"{url}/healthz").headers["X-Served-By-Region"] == US_WEST


def test_a_post_whose_answer_is_lost_is_not_sent_again(servers: dict[str, int]) -> None:
    with failing_server() as (port, taken), proxying(servers | {US_EAST: port}) as url:
        reply = plain_http.post(f"{url}/login", data={"username": "ada"})

    assert reply.status_code == 502
    assert len(taken) == 1


def test_a_slow_answer_to_a_form_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.proxy, "PAGE_TIMEOUT", 0.2)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"
    with failing_server(reply, after=0.5) as (port, taken):
        with proxying(dict.fromkeys(REGIONS, port)) as url:
            assert plain_http.post(f"{url}/register").text == "slow"

        assert len(taken) == 1


def test_the_client_s_address_is_appended_to_those_that_it_claims() -> None:
    with failing_server() as (port, taken), proxying(dict.fromkeys(REGIONS, port)) as url:
        plain_http.post(url, headers={"X-Forwarded-For": "192.0.2.1"})

    assert b"X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n" in taken[0]


def test_a_client_that_leaves_before_the_answer_causes_no_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"
    with (
        failing_server(reply, after=0.2) as (port, taken),
        proxying(dict.fromkeys(REGIONS, port)) as url,
    ):
        with socket.create_connection(("127.0.0.1", port_of(url))) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"GET / HTTP/1.1\r\nHost: paris.localhost\r\n\r\n")
            wait_until(lambda: bool(taken), "the request")
        handlers = [each for each in threading.enumerate() if "process_request" in each.name]
        for handler in handlers:
            handler.join(START_TIMEOUT)

    assert handlers
    assert capfd.readouterr().err == ""


def test_without_any_region_the_answer_is_502() -> None:
    with proxying({region: free_port() for region in REGIONS}) as url:
        assert plain_http.get(url).status_code == 502


def test_a_host_that_names_no_city_is_the_default_city() -> None:
    assert city_of_host("localhost:8000") == city_of_host("atlantis.localhost") == CITIES[0]
    assert city_of_host("Washington-DC.localhost:8000") == find_city("washington dc")


def test_the_greeting_is_printed_only_when_every_region_answers(database: str) -> None:
    with ExitStack() as stack:
        settings = {"DB_URI": database, "DEBUG": "1", "PROXY_HOPS": "1", "WORKERS": "1"}
        url, process = stack.enter_context(running(**settings))
        ports = dict.fromkeys(REGIONS, urlsplit(url).port or 0) | {REGIONS[-1]: free_port()}
        pool = stack.enter_context(ThreadPoolExecutor(1))

        ready = pool.submit(wait_until_ready, ports, dict.fromkeys(REGIONS, process))
        stack.enter_context(gunicorn(ports[REGIONS[-1]], settings))

        ready.result(START_TIMEOUT)


def test_an_app_server_that_ends_is_one_sentence_with_its_region(database: str) -> None:
    with running(DB_URI=database, DEBUG="1", WORKERS="1") as (url, process):
        ports = dict.fromkeys(REGIONS, urlsplit(url).port or 0)

    with pytest.raises(CannotStart, match=f"server in {REGIONS[0]} has ended"):
        wait_until_ready(ports, dict.fromkeys(REGIONS, process))


def test_the_command_has_as_many_localities_as_nodes() -> None:
    *_, nodes, empty, localities = command("cockroach")

    assert (nodes, empty) == ("--nodes=9", "--empty")
    assert localities.removeprefix("--demo-locality=").split(":") == [
        f"region={region}" for region in REGIONS for _ in range(3)
    ]


def test_an_operator_s_flags_come_last() -> None:
    assert command("cockroach", "--multitenant=false") == [
        *command("cockroach"),
        "--multitenant=false",
    ]


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ("# Starting…", None),
        (
            "#   (sql)  postgresql://demo:demo54321@127.0.0.1:26257/movr?sslmode=require\r\n",
            "cockroachdb://demo:demo54321@127.0.0.1:26257/defaultdb?sslmode=require",
        ),
        (
            "# Web UI: http://127.0.0.1:57001\r\n\r\nroot@127.0.0.1:57002/defaultdb> ",
            "cockroachdb://root@127.0.0.1:57002/defaultdb?sslmode=disable",
        ),
    ],
)
def test_the_first_node_s_url_is_parsed_from_the_demo_s_output(
    output: str, url: str | None
) -> None:
    found = parse_url(output)

    assert (found and found.render_as_string(hide_password=False)) == url


def test_a_demo_that_prints_its_url_is_found_and_stopped(tmp_path: Path) -> None:
    output = "(sql) postgresql://demo:demo1@127.0.0.1:26257/movr?sslmode=require"
    stand_in = tmp_path / "cockroach"
    stand_in.write_text(f"#!/bin/sh\necho '{output}'\nexec sleep 60\n")
    stand_in.chmod(0o755)

    with Cluster(str(stand_in)) as cluster:
        url = cluster.url()
        process = cluster.process

    assert url.port == 26257
    assert process.poll() is not None


def test_a_demo_that_ends_before_it_listens_is_one_sentence(tmp_path: Path) -> None:
    stand_in = tmp_path / "cockroach"
    stand_in.write_text("#!/bin/sh\necho 'no memory left'\n")
    stand_in.chmod(0o755)

    with Cluster(str(stand_in)) as cluster, pytest.raises(CannotStart, match="did not say where"):
        cluster.url()


def error_output(**environment: str) -> str:
    """Run `make demo` and return its one line of output."""
    done = subprocess.run(
        [sys.executable, "-m", "cluster"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_without_cockroach_there_is_one_sentence_where_to_get_it() -> None:
    output = error_output(COCKROACH="/nowhere/cockroach")

    assert output.startswith("There is no cockroach on PATH")


def test_an_unsupported_placement_is_refused_with_the_supported_ones() -> None:
    output = error_output(PLACEMENT="postgres-partition")

    assert output == "PLACEMENT must be one of: partition, multi-region, none.\n"


def test_flags_reach_the_demo(tmp_path: Path) -> None:
    stand_in = tmp_path / "cockroach"
    stand_in.write_text("#!/bin/sh\necho refused: $5 $6\n")
    stand_in.chmod(0o755)

    output = error_output(
        COCKROACH=str(stand_in), COCKROACH_FLAGS="--multitenant=false --sql-port=1"
    )

    assert "did not say where it listens" in output
    assert "--multitenant=false --sql-port=1" in output


def test_the_greeting_has_the_sql_command_and_the_password_separately() -> None:
    url = make_url("cockroachdb://demo:demo54321@127.0.0.1:26257/defaultdb?sslmode=require")

    output = greeting("/opt/cock roach", 8000, url)

    assert "http://paris.localhost:8000/" in output
    address = "postgresql://demo@127.0.0.1:26257/movr?sslmode=require"
    assert f"  SQL: '/opt/cock roach' sql --url '{address}'\n" in output
    assert "  Password: demo54321\n" in output


def test_a_demo_without_a_password_prints_none() -> None:
    url = make_url("cockroachdb://root@127.0.0.1:26257/defaultdb?sslmode=disable")

    assert "Password" not in greeting("cockroach", 8000, url)
