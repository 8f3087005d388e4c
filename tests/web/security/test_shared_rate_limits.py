"""Rate limits over all replicas, on a real Redis or Valkey server that may be away."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest
from flask import Flask
from limits.errors import StorageError
from sqlalchemy import Engine

from tests.clock import Clock
from tests.conftest import NewVisitor, serving, settings_for, visiting, visitors
from tests.redis_server import RedisServer, redis_server
from tests.visitor import PASSWORD, Visitor
from tests.web.pages.test_races import at_once
from tests.web.security.test_rate_limits import AT_MOST, THREE, TYPOS, WRONG, taken
from web.app import create_app
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit, RateLimitStore
from web.security.shared_rate_limits import PAUSE, FallbackStore, SharedRateLimitStore

MINUTE = 60  # seconds
SOON = 1.5  # seconds: the server has a quarter of one to answer


@pytest.fixture(scope="module")
def session_redis() -> Iterator[RedisServer]:
    with redis_server() as redis:
        yield redis


@pytest.fixture
def redis(session_redis: RedisServer) -> RedisServer:
    """A server that holds nothing."""
    session_redis.client.flushall()
    return session_redis


@pytest.fixture
def attempts(redis: RedisServer) -> SharedRateLimitStore:
    return SharedRateLimitStore(redis.uri)


# The store


def test_stores_on_one_server_share_their_counts(
    redis: RedisServer, attempts: SharedRateLimitStore
) -> None:
    others = SharedRateLimitStore(redis.uri)

    assert taken(attempts, 2) + taken(others, 2) == 3
    assert (taken(others, 1), taken(others, 1, who="b'; --")) == (0, 1)


def test_a_fallback_returns_how_many_attempts_remain(attempts: SharedRateLimitStore) -> None:
    taken(attempts, 2)

    assert FallbackStore(attempts, RateLimitStore()).remaining(THREE, "a") == 1


def test_an_uncounted_attempt_can_be_made_again(attempts: SharedRateLimitStore) -> None:
    """By a negative cost, which the library does not document for this."""
    taken(attempts, 3)
    attempts.uncount(THREE, "a")

    assert taken(attempts, 2) == 1


def test_concurrent_threads_do_not_exceed_the_limit(attempts: SharedRateLimitStore) -> None:
    limit = RateLimit("tests", 150)
    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: attempts.try_count(limit, "a"), range(400)))

    assert sum(allowed) == 150


def test_the_store_returns_the_seconds_until_the_next_attempt(
    attempts: SharedRateLimitStore,
) -> None:
    taken(attempts, 3)
    while not (wait := attempts.seconds_until_next(THREE, "a")):
        pass  # less than a millisecond is left out by the library

    assert MINUTE - 5 < wait <= MINUTE


def test_attempts_expire(attempts: SharedRateLimitStore) -> None:
    limit = RateLimit("tests of a second", 3, 1)
    taken_at_once = sum(attempts.try_count(limit, "a") for _ in range(4))
    deadline = time.monotonic() + 2
    while not attempts.try_count(limit, "a"):
        assert time.monotonic() < deadline

    assert taken_at_once == 3


def test_keys_contain_no_name_or_address_and_expire(
    redis: RedisServer, attempts: SharedRateLimitStore
) -> None:
    attempts.try_count(THREE, "192.0.2.1 ada-lovelace")

    keys = redis.client.keys()
    assert isinstance(keys, list)
    assert keys
    assert not [key for key in keys if b"ada" in key or b"192" in key]
    assert all(0 < int(str(redis.client.ttl(key))) <= 2 * MINUTE for key in keys)


# The server is away


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture
def either(attempts: SharedRateLimitStore, clock: Clock) -> FallbackStore:
    """The shared store, and one of this machine for when it is away."""
    return FallbackStore(attempts, RateLimitStore(), clock=clock)


def test_a_stopped_server_is_replaced_until_it_is_back(
    redis: RedisServer, attempts: SharedRateLimitStore, either: FallbackStore, clock: Clock
) -> None:
    before = taken(either, 2)
    redis.stop()
    during = taken(either, 5)
    redis.start()
    clock.now += PAUSE
    after = taken(either, 5)

    assert (before, during, after) == (2, 3, 3)
    assert taken(attempts, 1) == 0


def test_a_frozen_server_delays_one_call(
    redis: RedisServer, either: FallbackStore, clock: Clock
) -> None:
    with redis.frozen():
        started = time.monotonic()
        during = taken(either, 50), either.seconds_until_next(THREE, "a")
        took = time.monotonic() - started
    clock.now += PAUSE

    assert during[0] == 3
    assert during[1] > 0
    assert took < SOON
    assert taken(either, 5) == 3


def test_a_full_server_is_replaced_until_it_has_room(
    redis: RedisServer, attempts: SharedRateLimitStore, either: FallbackStore, clock: Clock
) -> None:
    redis.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StorageError):
            taken(attempts, 1)
        during = taken(either, 5)
    finally:
        redis.client.config_set("maxmemory", 0)
    clock.now += PAUSE

    assert (during, taken(either, 5)) == (3, 3)


def test_an_unknown_host_is_replaced() -> None:
    store = FallbackStore(SharedRateLimitStore("redis://movr.invalid:6379/0"), RateLimitStore())

    assert taken(store, 5) == 3
    store.uncount(THREE, "a")
    assert taken(store, 5) == 1


# MovR


def replica(database: str, redis: RedisServer) -> Flask:
    return create_app(replace(settings_for(database), rate_limit_uri=redis.uri))


def fail(visitor: Visitor, username: str) -> int:
    return visitor.log_in(username, WRONG).status_code


def test_replicas_of_movr_count_together(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
    redis: RedisServer,
) -> None:
    limit = rate_limits.FAILED_LOGINS_OF_NAME_AT_ADDRESS.at_most
    with (
        visiting(replica(database, redis)) as new,
        visiting(replica(database, redis)) as new_elsewhere,
    ):
        username = new().register().username
        statuses = [fail(new(), username) for _ in range(limit - 1)]
        elsewhere = [fail(new_elsewhere(), username) for _ in range(2)]

    assert (set(statuses), elsewhere) == ({422}, [422, 429])


def test_movr_answers_and_limits_without_its_server(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
    redis: RedisServer,
) -> None:
    with visiting(replica(database, redis)) as new:
        member = new().register()
        redis.stop()
        try:
            started = time.monotonic()
            change = member.post("/city/paris").status_code
            again = new().log_in(member.username, PASSWORD).status_code
            failures = [fail(new(), member.username) for _ in range(AT_MOST)]
            took = time.monotonic() - started
        finally:
            redis.start()

    assert (change, again) == (303, 303)
    assert TYPOS <= failures.count(422) <= AT_MOST
    assert set(failures) == {422, 429}
    assert took < MINUTE


def test_concurrent_wrong_passwords_to_two_replicas_do_not_exceed_the_limit(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
    redis: RedisServer,
) -> None:
    with ExitStack() as stack:
        urls = [
            stack.enter_context(
                serving(DB_URI=database, DEBUG="1", WORKERS="1", RATE_LIMIT_URI=redis.uri)
            )
            for _ in range(2)
        ]
        new = stack.enter_context(visitors(lambda: httpx.Client(timeout=60)))
        statuses = guess_forty_times(new, urls)

    assert TYPOS <= statuses.count(422) <= AT_MOST
    assert statuses.count(422) + statuses.count(429) + statuses.count(503) == 40
    assert statuses.count(429) > 0


def guess_forty_times(new: NewVisitor, urls: list[str]) -> list[int]:
    """Return the statuses of forty wrong passwords for one name, half of them to each URL."""
    guessers = [new() for _ in urls]
    for guesser, url in zip(guessers, urls, strict=True):
        guesser.client.base_url = httpx.URL(url)
    username = guessers[0].register().username
    guessers[0].client.cookies.clear()
    tokens = [guesser.token() for guesser in guessers]

    def guess(n: int) -> httpx.Response:
        form = {"csrf_token": tokens[n % 2], "username": username, "password": WRONG}
        return guessers[n % 2].client.post("/login", data=form)

    return [reply.status_code for reply in at_once(guess, range(40))]
