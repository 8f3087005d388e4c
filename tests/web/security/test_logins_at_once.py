"""Many logins at once, and the pages of other visitors meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import islice
from statistics import median, quantiles
from time import perf_counter
from unicodedata import normalize
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from movr import passwords
from movr.errors import TooManyPasswords
from movr.movr import MovR
from movr.results import UserKey
from tests.cheap_passwords import HASHER
from tests.conftest import NewVisitor, free_port, gunicorn, plain_client, visitors
from tests.visitor import PASSWORD, Visitor, registration, sentences
from web.operations import gunicorn_worker

MEMBERS = 8
LOGINS = 3  # of each member
PAGES = 100  # before the logins
LIMIT = 20  # wrong passwords of a browser
NEW = "another horse battery"
PASSWORD_FORMS = {
    "/api/v1/tokens",
    "/login",
    "/register",
    "/reset",
    "/users/<uuid:user_id>/email",
    "/users/<uuid:user_id>/security",
    "/users/remove/<uuid:user_id>",
}


@pytest.fixture
def new_visitor_of_one_worker(database: str, engine: Engine) -> Iterator[NewVisitor]:  # noqa: ARG001 - emptied
    with (
        gunicorn(free_port(), {"DB_URI": database, "DEBUG": "1", "WORKERS": "1"}) as (url, _),
        visitors(lambda: plain_client(url, timeout=60)) as new,
    ):
        yield new


def log_in_with_a_new_browser(new: NewVisitor, username: str) -> float:
    """Return the seconds that it takes."""
    visitor = new()
    form = {"csrf_token": visitor.token(), "username": username, "password": PASSWORD}
    started = perf_counter()
    assert visitor.client.post("/login", data=form).status_code == 303
    return perf_counter() - started


@contextmanager
def members_logging_in(new: NewVisitor) -> Iterator[tuple[threading.Event, list[float]]]:
    """Yield an event that is set once they are in, and the seconds of each login."""
    usernames = [new().register().username for _ in range(MEMBERS)]
    done, logins = threading.Event(), list[float]()

    def log_in(username: str) -> None:
        for _ in range(LOGINS):
            logins.append(log_in_with_a_new_browser(new, username))

    def log_in_all() -> None:
        with ThreadPoolExecutor(MEMBERS) as pool:
            list(pool.map(log_in, usernames))
        done.set()

    with ThreadPoolExecutor(1) as waiting:
        finished = waiting.submit(log_in_all)
        yield done, logins
        finished.result()


def seconds_of_a_page(client: httpx.Client) -> float:
    started = perf_counter()
    assert client.get("/vehicles").status_code == 200
    return perf_counter() - started


def summary(seconds: list[float]) -> str:
    """Return the median and the 95th percentile in milliseconds."""
    p95 = quantiles(seconds, n=20)[-1]
    return f"p50 {median(seconds) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms ({len(seconds)})"


def test_pages_do_not_wait_for_eight_members_who_log_in(
    new_visitor_of_one_worker: NewVisitor,
) -> None:
    """One process hashes all their passwords and serves the pages. Prints its times (pytest -s)."""
    client = new_visitor_of_one_worker().client
    alone = [seconds_of_a_page(client) for _ in range(PAGES)]
    pages = []
    with members_logging_in(new_visitor_of_one_worker) as (done, logins):
        while not done.wait(0.01):
            pages.append(seconds_of_a_page(client))

    times = {"/vehicles alone": alone, "beside logins": pages, "logins": logins}
    print(*(f"{name}: {summary(seconds)}" for name, seconds in times.items()))  # noqa: T201 - for docs/reliability.md
    assert len(logins) == MEMBERS * LOGINS
    assert quantiles(pages, n=20)[-1] < median(logins) / 4


def test_a_password_in_the_threads_of_pages_waits_for_no_other(
    new_visitor_of_one_worker: NewVisitor,
) -> None:
    """The threads are chosen by the first bytes that a client sends, which can be anything."""
    usernames = [new_visitor_of_one_worker().register().username for _ in range(MEMBERS)]
    browsers = [new_visitor_of_one_worker() for _ in usernames]
    forms = [
        {"csrf_token": browser.token(), "username": username, "password": PASSWORD}
        for browser, username in zip(browsers, usernames, strict=True)
    ]

    def log_in(browser: Visitor, form: dict[str, str]) -> httpx.Response:
        return browser.client.post("/%6Cogin", data=form)

    with ThreadPoolExecutor(MEMBERS) as pool:
        replies = list(pool.map(log_in, browsers, forms))

    refused = [reply for reply in replies if reply.status_code != 303]
    assert 0 < len(refused) < MEMBERS
    assert all("Too many people are logging in right now" in reply.text for reply in refused)


class HeldHasher:
    """Hashes nothing before it is let go, and counts how many ask for it at once."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.at_once = self.most_at_once = 0

    def hash(self, password: str) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.let_go.wait()
        self.at_once -= 1
        return HASHER.hash(password)


@contextmanager
def as_many_as_may_wait(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldHasher]:
    """Have twice as many passwords hashed as are allowed at once."""
    hasher, allowed = HeldHasher(), passwords.MAX_AT_ONCE
    monkeypatch.setattr(passwords, "_hasher", hasher)
    with ThreadPoolExecutor(2 * allowed) as pool:
        hashes = [pool.submit(passwords.hash_password, PASSWORD) for _ in range(2 * allowed)]
        for refused in islice(as_completed(hashes), allowed):
            assert isinstance(refused.exception(), TooManyPasswords)
        yield hasher
        hasher.let_go.set()
    assert sum(hashed.exception() is None for hashed in hashes) == allowed
    monkeypatch.setattr(passwords, "_hasher", HASHER)


def test_a_process_hashes_one_password_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with as_many_as_may_wait(monkeypatch) as hasher:
        pass

    assert hasher.most_at_once == 1
    assert passwords.check_password(PASSWORD, passwords.hash_password(PASSWORD))


class OnePlace:
    """A queue with a single place, once."""

    def __init__(self) -> None:
        self.is_free = True

    def acquire(self, *, blocking: bool) -> bool:
        assert not blocking
        was_free, self.is_free = self.is_free, False
        return was_free

    def release(self) -> None:
        pass


def test_a_password_is_checked_in_both_spellings_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A guess that is refused between the two would count for no limit."""
    hashed = passwords.hash_password("mañana" * 3)
    monkeypatch.setattr(passwords, "_waiting", OnePlace())

    assert passwords.check_password(normalize("NFD", "mañana" * 2), hashed) is False


@pytest.mark.parametrize("path", ["/login", "/register", "/users/{id}/security"])
def test_too_many_passwords_at_once_get_a_503_that_counts_for_no_limit(
    new_visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    member = new_visitor().register()
    path = path.format(id=member.id)
    form = registration() | {"username": member.username, "current": PASSWORD, "new": NEW}
    with as_many_as_may_wait(monkeypatch):
        replies = [member.post(path, **form) for _ in range(LIMIT + 1)]

    assert {reply.status_code for reply in replies} == {503}
    assert "Too many people are logging in right now" in sentences(replies[-1])
    assert int(replies[-1].headers["Retry-After"]) >= 1
    assert member.log_in(member.username).status_code == 303


def test_all_forms_with_a_password_have_threads_of_their_own(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}

    assert rules > PASSWORD_FORMS
    for rule in PASSWORD_FORMS:
        assert f"POST {rule} HTTP/1.1".encode().startswith(gunicorn_worker.PASSWORD_FORMS)


def test_a_reset_is_refused_too(movr: MovR, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_many_as_may_wait(monkeypatch), pytest.raises(TooManyPasswords):
        movr.reset_password(UserKey("paris", uuid4()), 0, NEW)
