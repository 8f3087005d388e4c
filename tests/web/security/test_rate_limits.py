"""Rate limits per address, username and member, also under concurrent requests."""

import multiprocessing
import resource
import sqlite3
import time
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from ipaddress import IPv6Network
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, text

from movr.movr import MovR
from tests.clock import Clock
from tests.conftest import (
    HERE,
    AppOf,
    NewVisitor,
    free_port,
    gunicorn,
    plain_client,
    settings_for,
    visiting,
    visitors,
    visitors_of,
)
from tests.visitor import PASSWORD, Visitor, registration, sentences
from tests.web.pages.test_races import at_once
from web.app import create_app
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit, RateLimitStore, Store

WRONG = "this is not the password"
AT_MOST = 20  # failed logins in a window
V6 = "2001:db8:1:2::"
V6_NETWORK = "2001:db8:7::"
TEN_NETWORKS = [f"2001:db8:{n}::1" for n in range(10)]
THREE_MORE = ["198.51.100.1", "198.51.100.2", "2001:db8:ffff::1"]
TYPOS = 5  # permitted failures of each client
MINUTE = 60  # seconds

# The store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "attempts.sqlite3"


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
def attempts(path: Path, clock: Clock) -> Iterator[RateLimitStore]:
    with closing(RateLimitStore(str(path), clock=clock)) as attempts:
        yield attempts


THREE: Final = RateLimit("tests", 3)
MAX_FILE_SIZE: Final = 24 * 1024 * 1024  # bytes


def taken(attempts: Store, tries: int, who: str = "a") -> int:
    """Make this number of attempts at a limit of three, and return how many were counted."""
    return sum(attempts.try_count(THREE, who) for _ in range(tries))


def test_no_more_than_the_allowed_attempts_are_counted(attempts: RateLimitStore) -> None:
    assert taken(attempts, 5) == 3


def test_each_name_has_a_separate_limit(attempts: RateLimitStore) -> None:
    taken(attempts, 3)

    assert (taken(attempts, 1, who="b'; --"), taken(attempts, 1)) == (1, 0)


def test_the_window_is_a_sliding_one(attempts: RateLimitStore, clock: Clock) -> None:
    first = taken(attempts, 1)
    clock.now += MINUTE - 1
    at_the_end = taken(attempts, 5)
    clock.now += 2

    assert (first, at_the_end, taken(attempts, 5)) == (1, 2, 1)


def test_the_store_returns_how_many_attempts_remain(attempts: RateLimitStore, clock: Clock) -> None:
    at_first = attempts.remaining(THREE, "a")
    taken(attempts, 2)
    clock.now += 1
    later = attempts.remaining(THREE, "a")
    taken(attempts, 5)
    at_the_end = attempts.remaining(THREE, "a")
    clock.now += MINUTE - 1

    assert (at_first, later, at_the_end, attempts.remaining(THREE, "a")) == (3, 1, 0, 2)


def test_an_uncounted_attempt_can_be_made_again(attempts: RateLimitStore) -> None:
    taken(attempts, 3)
    attempts.uncount(THREE, "a")
    attempts.uncount(THREE, "somebody who took none")

    assert taken(attempts, 2) == 1


def test_uncounting_an_expired_attempt_has_no_effect(
    attempts: RateLimitStore, clock: Clock
) -> None:
    taken(attempts, 1)
    clock.now += MINUTE + 1
    taken(attempts, 0)
    attempts.uncount(THREE, "a")

    assert taken(attempts, 5) == 3


def test_attempts_expire_after_a_minute(attempts: RateLimitStore, clock: Clock, path: Path) -> None:
    for n in range(50):
        taken(attempts, 1, who=f"address {n}")
    clock.now += MINUTE + 1

    taken(attempts, 1)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT who FROM counted").fetchall() == [(THREE.key("a"),)]


def test_each_limit_has_a_separate_window(attempts: RateLimitStore, clock: Clock) -> None:
    slow = RateLimit("tests of an hour", 1, 60 * MINUTE)
    first = attempts.try_count(slow, "a")
    clock.now += 59 * MINUTE
    taken(attempts, 1)
    second = attempts.try_count(slow, "a")
    wait = attempts.seconds_until_next(slow, "a")
    clock.now += wait

    assert (first, second, wait) == (True, False, MINUTE)
    assert attempts.try_count(slow, "a")
    assert attempts.seconds_until_next(slow, "nobody") == 0


def test_stores_on_the_same_file_share_their_counts(
    attempts: RateLimitStore, path: Path, clock: Clock
) -> None:
    with closing(RateLimitStore(str(path), clock=clock)) as others:
        assert taken(attempts, 2) + taken(others, 2) == 3


def test_concurrent_threads_do_not_exceed_the_limit(attempts: RateLimitStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        allowed = list(
            pool.map(lambda _: attempts.try_count(RateLimit("tests", 150), "a"), range(400))
        )

    assert sum(allowed) == 150


def take_many(path: str) -> int:
    with closing(RateLimitStore(path)) as attempts:
        return sum(attempts.try_count(RateLimit("tests", 300), "a") for _ in range(200))


def test_concurrent_processes_do_not_exceed_the_limit(path: Path) -> None:
    """The processes also create the file concurrently, as gunicorn's workers do."""
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert sum(pool.map(take_many, [str(path)] * 3, chunksize=1)) == 300


@pytest.fixture
def path_in_memory() -> Iterator[Path]:
    """As gunicorn.py chooses it, in a mode that saves two thirds of the time."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder, "attempts.sqlite3")
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA journal_mode = WAL")
        yield path


def test_159_000_names_leave_the_store_small_and_counting(
    path_in_memory: Path, clock: Clock
) -> None:
    """This number filled the shared memory of a pod."""
    with closing(RateLimitStore(str(path_in_memory), clock=clock)) as attempts:
        for n in range(159_000):
            taken(attempts, 1, who=f"2001:db8:7::/48 {n}")
        left = taken(attempts, 5, "a new one"), taken(attempts, 5, "2001:db8:7::/48 158999")
        clock.now += MINUTE
        later = taken(attempts, 5)

    assert (left, later) == ((3, 2), 3)
    assert path_in_memory.stat().st_size < MAX_FILE_SIZE


def test_attempts_from_before_a_restart_of_the_machine_are_deleted(
    attempts: RateLimitStore, clock: Clock
) -> None:
    taken(attempts, 3)
    clock.now = 5.0

    assert taken(attempts, 5) == 3


def test_attempts_expire_by_a_clock_that_cannot_be_set_back(path: Path) -> None:
    with closing(RateLimitStore(str(path))) as attempts, closing(sqlite3.connect(path)) as file:
        taken(attempts, 1)
        (until,) = file.execute("SELECT until FROM counted").fetchone()

    assert 0 < until - time.monotonic() <= MINUTE


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the size of this one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_store_on_a_full_disk_limits_without_an_error_and_recovers(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
    path: Path,
) -> None:
    settings = replace(settings_for(database), rate_limit_file=str(path), proxy_hops=1)
    with visiting(create_app(settings)) as new:
        visitor, name = new(), "x" * 30
        with full_disk(path):
            full = [fail(visitor, f"{name}{n}", f"192.0.2.{n}").status_code for n in range(50)]
            failures = failures_until_refused(lambda n: fail(visitor, f"{name}{n}", "203.0.113.1"))
        later = [fail(visitor, f"{name}{n}", f"198.51.100.{n}").status_code for n in range(5)]

    assert (set(full), failures, set(later)) == ({422}, AT_MOST, {422})


# Failed logins


@pytest.fixture
def proxied(database: str, app_of: AppOf) -> Flask:
    """MovR behind one proxy, with a separate rate limit store."""
    return app_of(replace(settings_for(database), proxy_hops=1))


@pytest.fixture
def new_proxied_visitor(proxied: Flask) -> Iterator[NewVisitor]:
    with visitors_of(proxied) as new:
        yield new


def use_up(app: Flask, limit: RateLimit, who: str) -> None:
    """Reach a limit without the slow password hashes."""
    attempts: Store = app.extensions["rate_limit_store"]
    while attempts.try_count(limit, who):
        pass


def attack(app: Flask, username: str, address: str = "127.0.0.1") -> None:
    """Reach the limits of this name over all addresses and at this one."""
    use_up(app, rate_limits.LOGINS_OF_NAME, username)
    use_up(app, rate_limits.FAILED_LOGINS_UNDER_ATTACK, f"{address} {username}")


def coming_from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def fail(visitor: Visitor, username: str, address: str = "192.0.2.1") -> httpx.Response:
    form = {"username": username, "password": WRONG}
    return visitor.post("/login", coming_from(address), **form)


def failures_until_refused(attempt: Callable[[int], httpx.Response]) -> int:
    """Return the number of wrong passwords that were checked before the refusal."""
    for n in range(3 * AT_MOST):
        reply = attempt(n)
        if reply.status_code == 429:
            return n
        assert "do not match" in sentences(reply)
    return 3 * AT_MOST


def test_failed_logins_of_a_name_at_an_address_are_limited(new_proxied_visitor: NewVisitor) -> None:
    username = new_proxied_visitor().register().username
    visitor = new_proxied_visitor()

    failures = failures_until_refused(lambda _: fail(visitor, username))

    assert TYPOS <= failures <= AT_MOST


def test_failed_logins_of_a_name_are_limited_over_all_addresses(
    proxied: Flask, new_proxied_visitor: NewVisitor
) -> None:
    username = new_proxied_visitor().register().username
    visitor = new_proxied_visitor()
    before = [fail(visitor, username, f"192.0.2.{n}").status_code for n in range(2 * AT_MOST)]
    left = rate_limits.LOGINS_OF_NAME._replace(at_most=rate_limits.LOGINS_OF_NAME.at_most - 1)
    use_up(proxied, left, username)
    last = fail(visitor, username, "192.0.2.99").status_code

    after = [[fail(visitor, username, at).status_code for _ in range(3)] for at in THREE_MORE]

    assert (set(before), last, after) == ({422}, 422, [[422, 422, 429]] * 3)


def test_failed_logins_of_an_address_are_limited_over_all_names(
    new_proxied_visitor: NewVisitor,
) -> None:
    visitor = new_proxied_visitor()

    failures = failures_until_refused(lambda n: fail(visitor, f"somebody-{n}"))

    assert TYPOS <= failures <= AT_MOST


def test_the_limit_of_a_name_ignores_case_and_spaces(new_proxied_visitor: NewVisitor) -> None:
    username = new_proxied_visitor().register().username
    spellings = [username, username.upper(), username.title(), f"  {username} "]
    visitor = new_proxied_visitor()

    failures = failures_until_refused(lambda n: fail(visitor, spellings[n % 4]))

    assert failures <= rate_limits.FAILED_LOGINS_OF_NAME_AT_ADDRESS.at_most


def test_an_unknown_username_is_limited_alike(new_proxied_visitor: NewVisitor) -> None:
    """Otherwise the limit would reveal which usernames exist."""
    username = new_proxied_visitor().register().username
    visitor = new_proxied_visitor()

    known = failures_until_refused(lambda _: fail(visitor, username, "192.0.2.1"))
    unknown = failures_until_refused(lambda _: fail(visitor, "nobody", "198.51.100.1"))

    assert known == unknown


@pytest.mark.parametrize(("address", "again"), [("192.0.2.1", "192.0.2.1"), (V6 + "1", V6 + "2")])
def test_an_ipv6_subscriber_is_one_address(
    new_proxied_visitor: NewVisitor, address: str, again: str
) -> None:
    visitor = new_proxied_visitor()

    failures_until_refused(lambda n: fail(visitor, f"somebody-{n}", address))

    assert fail(visitor, "somebody", again).status_code == 429
    assert fail(visitor, "somebody", "2001:db8:1:1::1").status_code == 422


@pytest.mark.parametrize(("prefix", "step", "most"), [(56, 1, 2 * AT_MOST), (48, 256, 4 * AT_MOST)])
def test_failed_logins_of_a_56_and_a_48_are_limited_over_all_their_64s(
    new_proxied_visitor: NewVisitor, prefix: int, step: int, most: int
) -> None:
    """Hosting companies and tunnel brokers give one customer a /56 or a /48."""
    visitor = new_proxied_visitor()
    of_one_network = IPv6Network((V6_NETWORK, prefix)).subnets(new_prefix=64)
    addresses = [str(subnet[1]) for subnet in islice(of_one_network, 0, 100 * step, step)]

    refused = [fail(visitor, f"somebody-{n}", at).status_code for n, at in enumerate(addresses)]

    assert refused.index(429) == refused.count(422) == most
    assert fail(visitor, "somebody", "2001:db8:ffff::1").status_code == 422


@pytest.mark.parametrize(
    ("address", "again"),
    [
        ("203.0.113.10:40000", "203.0.113.10"),
        ("203.0.113.10:40000", "203.0.113.10:40001"),
        ("[2001:db8::1]:40000", "2001:db8::1"),
        ("[2001:db8::1]", "[2001:db8::2]:40001"),
        ("::ffff:203.0.113.10", "203.0.113.10:40000"),
        ("no address", "another one"),
    ],
)
def test_an_address_with_a_port_counts_as_the_address(
    new_proxied_visitor: NewVisitor, address: str, again: str
) -> None:
    """As some proxies report it."""
    visitor = new_proxied_visitor()

    failures_until_refused(lambda n: fail(visitor, f"somebody-{n}", address))

    assert fail(visitor, "somebody", again).status_code == 429
    assert fail(visitor, "somebody", "198.51.100.1:40000").status_code == 422


def test_the_refusal_has_a_retry_after_header(new_proxied_visitor: NewVisitor) -> None:
    visitor = new_proxied_visitor()
    failures_until_refused(lambda n: fail(visitor, f"somebody-{n}"))

    reply = fail(visitor, "ada")

    assert reply.status_code == 429
    assert 1 <= int(reply.headers["Retry-After"]) <= MINUTE
    assert "Please try again in a minute" in sentences(reply)


def test_a_longer_refusal_names_the_minutes(new_proxied_visitor: NewVisitor) -> None:
    visitor = new_proxied_visitor()
    failures_until_refused(lambda _: fail(visitor, "ada"))

    reply = fail(visitor, "ada")

    assert 29 * MINUTE < int(reply.headers["Retry-After"]) <= 30 * MINUTE
    assert "Please try again in 30 minutes." in sentences(reply)
    assert '<a class="btn btn-primary" href="/forgot">Reset your password</a>' in reply.text


def test_the_right_password_does_not_bypass_the_limit(new_proxied_visitor: NewVisitor) -> None:
    username = new_proxied_visitor().register().username
    visitor = new_proxied_visitor()
    failures_until_refused(lambda _: fail(visitor, username))

    form = {"username": username, "password": PASSWORD}
    assert visitor.post("/login", coming_from("192.0.2.1"), **form).status_code == 429


# Failures elsewhere do not lock a member out


def test_failures_elsewhere_never_block_a_member_s_known_browser(
    proxied: Flask, new_proxied_visitor: NewVisitor
) -> None:
    """This includes failures from many addresses and from the member's own address."""
    member = new_proxied_visitor().register()
    member.post("/logout")
    attack(proxied, member.username)
    use_up(proxied, rate_limits.FAILED_LOGINS_OF_ADDRESS, "127.0.0.1")
    use_up(proxied, rate_limits.FAILED_LOGINS_OF_NAME_AT_ADDRESS, f"127.0.0.1 {member.username}")

    assert new_proxied_visitor().log_in(member.username).status_code == 429
    assert member.log_in(member.username, WRONG).status_code == 422
    assert member.log_in(member.username).status_code == 303


def test_failures_at_one_address_do_not_block_other_addresses(
    new_proxied_visitor: NewVisitor,
) -> None:
    username = new_proxied_visitor().register().username
    stranger = new_proxied_visitor()
    failures_until_refused(lambda _: fail(stranger, username))

    form = {"username": username, "password": PASSWORD}
    reply = new_proxied_visitor().post("/login", coming_from("198.51.100.1"), **form)

    assert reply.status_code == 303


def test_a_stranger_with_ten_networks_does_not_block_a_member_s_new_browser(
    new_proxied_visitor: NewVisitor,
) -> None:
    username = new_proxied_visitor().register().username
    stranger = new_proxied_visitor()
    for at in TEN_NETWORKS:
        failures = 0
        while fail(stranger, username, at).status_code == 422:
            failures += 1
        assert failures <= AT_MOST

    form = {"username": username, "password": PASSWORD}
    member = new_proxied_visitor()
    typo = fail(member, username, "198.51.100.1")
    reply = member.post("/login", coming_from("198.51.100.1"), **form)

    assert (typo.status_code, reply.status_code) == (422, 303)


def test_a_username_that_looks_like_a_counter_does_not_count_for_another(
    new_proxied_visitor: NewVisitor,
) -> None:
    """The names of the counters contain limit, address and username."""
    username = new_proxied_visitor().register().username
    stranger = new_proxied_visitor()
    for n in range(2 * AT_MOST):
        fail(stranger, f"at 198.51.100.1 {username}", f"192.0.2.{n}")

    form = {"username": username, "password": PASSWORD}
    reply = new_proxied_visitor().post("/login", coming_from("198.51.100.1"), **form)

    assert reply.status_code == 303


def test_a_browser_is_known_only_to_members_who_logged_in_with_it(
    proxied: Flask, new_proxied_visitor: NewVisitor
) -> None:
    victim = new_proxied_visitor().register().username
    shared = new_proxied_visitor().register()
    first = shared.username
    shared.post("/logout")
    second = shared.register().username
    shared.post("/logout")
    for name in (victim, first, second):
        attack(proxied, name)

    statuses = [shared.log_in(name).status_code for name in (first, second, victim)]

    assert statuses == [303, 303, 429]


def test_failed_logins_of_a_known_browser_are_limited(new_proxied_visitor: NewVisitor) -> None:
    """For example a shared browser, after the member has logged out."""
    found = new_proxied_visitor().register()
    found.post("/logout")

    failures = failures_until_refused(lambda n: fail(found, found.username, f"192.0.2.{n}"))

    assert TYPOS <= failures <= AT_MOST
    assert new_proxied_visitor().log_in(found.username).status_code == 303


@pytest.mark.parametrize("tail", ["x", ".x"])
def test_a_forged_cookie_is_not_a_known_browser(
    proxied: Flask, new_proxied_visitor: NewVisitor, tail: str
) -> None:
    member = new_proxied_visitor().register()
    member.post("/logout")
    attack(proxied, member.username)
    known = member.client.cookies["browser"]

    member.client.cookies.set("browser", known + tail, domain="movr.test", path="/")
    made_up = member.log_in(member.username)
    member.client.cookies.set("browser", known, domain="movr.test", path="/")

    assert (made_up.status_code, member.log_in(member.username).status_code) == (429, 303)


def test_the_cookie_of_a_known_browser_contains_no_username_and_is_http_only(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
) -> None:
    settings = replace(settings_for(database), debug=False, secret_key="of this test alone")
    with visiting(create_app(settings), "https://movr.test") as new:
        visitor = new()
        token = {"csrf_token": visitor.token()}
        fields = registration() | token
        reply = visitor.client.post(
            "/register", data=fields, headers={"Referer": "https://movr.test/register"}
        )

    (cookie,) = (c for c in reply.headers.get_list("Set-Cookie") if c.startswith("__Host-browser="))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    payload = cookie.partition("=")[2].partition(".")[0]
    assert fields["username"].encode() not in urlsafe_b64decode(payload + "==")


# Other clients


def test_a_limited_client_does_not_limit_others(new_proxied_visitor: NewVisitor) -> None:
    other = new_proxied_visitor().register().username
    visitor = new_proxied_visitor()
    failures_until_refused(lambda _: fail(visitor, "ada"))

    reply = visitor.post("/login", coming_from("198.51.100.1"), username=other, password=PASSWORD)

    assert reply.status_code == 303


def test_attempts_of_a_refused_address_do_not_count_for_the_name(
    new_proxied_visitor: NewVisitor,
) -> None:
    """Otherwise one address could lock out all members whose names it knows."""
    username = new_proxied_visitor().register().username
    visitor = new_proxied_visitor()
    failures_until_refused(lambda n: fail(visitor, f"somebody-{n}"))
    assert {fail(visitor, username).status_code for _ in range(AT_MOST)} == {429}

    reply = visitor.post(
        "/login", coming_from("198.51.100.1"), username=username, password=PASSWORD
    )

    assert reply.status_code == 303


def test_x_forwarded_for_is_ignored_without_a_trusted_proxy(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
) -> None:
    with visiting(create_app(settings_for(database))) as new:
        visitor = new()

        failures = failures_until_refused(lambda n: fail(visitor, f"somebody-{n}", f"192.0.2.{n}"))

    assert failures <= AT_MOST


def test_successful_logins_are_not_limited(new_proxied_visitor: NewVisitor) -> None:
    visitor = new_proxied_visitor().register()

    replies = [visitor.log_in(visitor.username) for _ in range(30)]

    assert Counter(reply.status_code for reply in replies) == {303: 30}


def test_a_successful_login_does_not_reset_failures(new_proxied_visitor: NewVisitor) -> None:
    """Otherwise logging in to one's own account would reset the address's failures."""
    visitor = new_proxied_visitor().register()

    def fail_then_succeed(n: int) -> httpx.Response:
        reply = fail(visitor, f"somebody-{n}")
        own = {"username": visitor.username, "password": PASSWORD}
        visitor.post("/login", coming_from("192.0.2.1"), **own)
        return reply

    assert failures_until_refused(fail_then_succeed) <= AT_MOST


def test_an_incomplete_login_form_is_not_a_failure(new_proxied_visitor: NewVisitor) -> None:
    visitor = new_proxied_visitor().register()

    for _ in range(2 * AT_MOST):
        assert visitor.post("/login", username=visitor.username).status_code == 422

    assert visitor.log_in(visitor.username).status_code == 303


# Concurrent requests to all workers


@pytest.fixture(scope="module")
def limited_site(database: str) -> Iterator[str]:
    """The URL of a separate gunicorn with two workers, behind one proxy.

    Passwords are hashed at the real cost, so that attempts at once really overlap.
    """
    settings = {"DB_URI": database, "DEBUG": "1", "PROXY_HOPS": "1"}
    with gunicorn(free_port(), settings) as (url, _):
        yield url


@pytest.fixture
def new_limited_visitor(limited_site: str, engine: Engine) -> Iterator[NewVisitor]:  # noqa: ARG001 - emptied
    """Create visitors of this gunicorn; each test fails to log in from an address of its own."""
    with visitors(lambda: plain_client(limited_site, timeout=60)) as new:
        yield new


def test_concurrent_wrong_passwords_do_not_exceed_the_limit(
    new_limited_visitor: NewVisitor,
) -> None:
    username = new_limited_visitor().register().username
    visitor = new_limited_visitor()
    form = {"csrf_token": visitor.token(), "username": username, "password": WRONG}
    header = coming_from("192.0.2.1")

    replies = at_once(lambda _: visitor.client.post("/login", data=form, headers=header), range(40))

    looked_at = [reply for reply in replies if "do not match" in sentences(reply)]
    refused = [reply for reply in replies if reply.status_code == 429]
    assert TYPOS <= len(looked_at) <= AT_MOST
    assert len(looked_at) + len(refused) == 40
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in refused)


def test_concurrent_failures_of_an_address_do_not_exceed_the_limit(
    new_limited_visitor: NewVisitor,
) -> None:
    visitor = new_limited_visitor()
    token = visitor.token()

    def guess(n: int) -> httpx.Response:
        form = {"csrf_token": token, "username": f"somebody-{n}", "password": WRONG}
        return visitor.client.post("/login", data=form, headers=coming_from("192.0.2.2"))

    replies = at_once(guess, range(40))

    statuses = Counter(reply.status_code for reply in replies)
    assert set(statuses) == {422, 429}
    assert statuses[422] <= AT_MOST


def test_concurrent_logins_from_one_address_all_succeed(
    new_limited_visitor: NewVisitor,
) -> None:
    usernames = [new_limited_visitor().register().username for _ in range(16)]
    everyone = [new_limited_visitor() for _ in usernames]
    tokens = [visitor.token() for visitor in everyone]

    def log_in(n: int) -> httpx.Response:
        form = {"csrf_token": tokens[n], "username": usernames[n], "password": PASSWORD}
        return everyone[n].client.post("/login", data=form)

    replies = at_once(log_in, range(16))

    assert Counter(reply.status_code for reply in replies) == {303: 16}


# Registrations


def test_sixty_registrations_from_one_address_in_a_minute_succeed(
    database: str, engine: Engine
) -> None:
    with visiting(create_app(settings_for(database))) as new:
        started = time.monotonic()
        replies = [new().post("/register", **registration()) for _ in range(60)]

        assert time.monotonic() - started < MINUTE
    assert Counter(reply.status_code for reply in replies) == {303: 60}
    assert number_of(engine, "users") == 60


def test_registrations_from_one_address_are_limited(
    database: str, engine: Engine, path: Path
) -> None:
    settings = replace(settings_for(database), rate_limit_file=str(path))
    with visiting(create_app(settings)) as new, closing(RateLimitStore(str(path))) as attempts:
        new().register()
        for _ in range(119):
            attempts.try_count(rate_limits.PASSWORDS, "127.0.0.1")

        reply = new().post("/register", **registration())

    assert reply.status_code == 429
    assert int(reply.headers["Retry-After"]) >= 1
    assert number_of(engine, "users") == 1


def test_who_logs_in_again_and_again_leaves_the_queue_of_passwords_to_others(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
) -> None:
    """Each takes a place in it, and a new session of each resets the limit of writes."""
    app = create_app(settings_for(database))
    with visiting(app) as new:
        member = new().register()
        for _ in range(118):
            app.extensions["rate_limit_store"].try_count(rate_limits.PASSWORDS, "127.0.0.1")
        password = {"current": PASSWORD, "new": f"another {PASSWORD}"}

        replies = [
            member.log_in(member.username),
            member.log_in(member.username),
            member.post(f"/users/{member.id}/security", **password),
            member.delete_account(),
        ]

    assert [reply.status_code for reply in replies] == [303, 429, 429, 429]


# Changes


def test_rides_started_in_one_network_are_limited(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
) -> None:
    """Many accounts of one network cannot take all vehicles of a city."""
    with visiting(create_app(replace(settings_for(database), writes_per_minute=4))) as new:
        riders = [new().register() for _ in range(5)]
        vehicles = [rider.add_vehicle() for rider in riders]

        reserved = [riders[n].reserve(vehicles[n]) for n in range(2)]
        started = [riders[n].start(vehicles[n]) for n in range(2, 5)]

    replies = [reply.status_code for reply in (*reserved, *started)]
    assert replies == [303, 303, 303, 303, 429]


@pytest.fixture
def new_slow_visitor(database: str, app_of: AppOf) -> Iterator[NewVisitor]:
    """Create visitors of a MovR with WRITES_PER_MINUTE=5."""
    with visitors_of(app_of(replace(settings_for(database), writes_per_minute=5))) as new:
        yield new


def number_of(engine: Engine, what: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())


def test_a_member_s_writes_are_limited_and_the_next_changes_nothing(
    new_slow_visitor: NewVisitor, engine: Engine
) -> None:
    visitor = new_slow_visitor().register()
    for _ in range(5):
        visitor.add_vehicle()

    vehicle = {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"}
    reply = visitor.post("/vehicles/add", **vehicle)

    assert reply.status_code == 429
    assert int(reply.headers["Retry-After"]) >= 1
    assert "Please try again in a minute" in sentences(reply)
    assert number_of(engine, "vehicles") == 5


def test_each_kind_of_write_counts(new_slow_visitor: NewVisitor, engine: Engine) -> None:
    visitor = new_slow_visitor().register()
    vehicle = visitor.add_vehicle()
    own = visitor.permanent_id(vehicle)
    visitor.start(vehicle)
    visitor.end(visitor.active_ride())
    visitor.post("/city/paris")
    visitor.post("/vehicles/add")

    replies = [
        visitor.start(vehicle),
        visitor.post(f"/vehicles/remove/{own}"),
        visitor.post(f"/users/remove/{visitor.id}"),
    ]

    assert [reply.status_code for reply in replies] == [429] * 3
    assert number_of(engine, "rides") == 1
    assert number_of(engine, "vehicles WHERE status = 'available'") == 1
    assert number_of(engine, "users WHERE deleted_at IS NULL") == 1


def test_reading_is_not_limited(new_slow_visitor: NewVisitor) -> None:
    visitor = new_slow_visitor().register()
    for _ in range(6):
        visitor.post("/city/paris")

    replies = [visitor.get(path) for path in ("/", "/rides", "/users", "/vehicles") * 5]

    assert {reply.status_code for reply in replies} == {200}


def test_the_limit_of_writes_is_per_member(new_slow_visitor: NewVisitor) -> None:
    busy, other = new_slow_visitor().register(), new_slow_visitor().register()
    for _ in range(6):
        last = busy.post("/city/paris")

    assert last.status_code == 429
    assert other.post("/city/paris").status_code == 303


def test_a_new_session_does_not_bypass_the_limit(new_slow_visitor: NewVisitor) -> None:
    visitor = new_slow_visitor().register()
    for _ in range(5):
        visitor.post("/city/paris")
    again = new_slow_visitor()
    again.log_in(visitor.username)

    assert again.post("/city/rome").status_code == 429


def test_an_ended_session_does_not_use_up_the_member_s_limit(
    new_slow_visitor: NewVisitor,
) -> None:
    member = new_slow_visitor().register()
    thief = new_slow_visitor()
    thief.log_in(member.username)
    member.post(f"/users/{member.id}/logout")
    member.log_in(member.username)
    for _ in range(6):
        last = thief.post("/city/paris")

    assert last.status_code == 429
    assert member.post("/city/paris").status_code == 303


@contextmanager
def database_away(app: Flask) -> Iterator[None]:
    here = app.extensions["movr"]
    app.extensions["movr"] = MovR(f"postgresql://movr@127.0.0.1:{free_port()}/movr", pool_size=1)
    yield
    app.extensions["movr"].close()
    app.extensions["movr"] = here


def test_a_503_does_not_count_against_the_limit_of_writes(database: str, engine: Engine) -> None:
    app = create_app(replace(settings_for(database), writes_per_minute=5))
    with visiting(app) as new:
        visitor = new().register()
        vehicle = visitor.add_vehicle()
        with database_away(app):
            away = [visitor.start(vehicle).status_code for _ in range(10)]

        changes = [visitor.post("/city/paris").status_code for _ in range(5)]

    assert (set(away), changes) == ({503}, [303, 303, 303, 303, 429])
    assert number_of(engine, "rides") == 0


def test_a_503_does_not_count_against_the_limit_of_registrations(
    database: str, engine: Engine
) -> None:
    app = create_app(settings_for(database))
    with visiting(app) as new:
        visitor = new()
        form = {"csrf_token": visitor.token(), **registration()}
        with database_away(app):
            for _ in range(rate_limits.PASSWORDS.at_most + 1):
                away = visitor.client.post("/register", data=form)

        assert (away.status_code, visitor.register().home) == (503, "new york")
    assert number_of(engine, "users") == 1


def test_the_limit_is_that_of_the_setting(database: str, engine: Engine) -> None:  # noqa: ARG001
    settings = replace(settings_for(database), writes_per_minute=1)
    with visiting(create_app(settings), HERE) as new:
        visitor = new().register()
        statuses = [visitor.post("/city/paris").status_code for _ in range(2)]

    assert statuses == [303, 429]
