"""Slots of requests: every request gives its slot back, however it ends."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from movr.database import deadline
from movr.movr import MovR
from tests.conftest import NewVisitor, settings_for, visiting
from web.app import create_app

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REQUESTS = {
    "a page": ("GET", "/vehicles", b""),
    "no body": ("HEAD", "/vehicles", b""),
    "a redirect": ("GET", "/rides", b""),
    "no such page": ("GET", "/nothing", b""),
    "no such method": ("DELETE", "/vehicles", b""),
    "options": ("OPTIONS", "/vehicles", b""),
    "a forged form": ("POST", "/city/paris", b"a=b"),
    "too many fields": ("POST", "/city/paris", b"a&" * 100),
    "too long": ("POST", "/city/paris", b"a" * 70_000),
    "no text": ("POST", "/city/paris", b"\xff"),
    "a feed in pieces": ("GET", "/gbfs/v3/new-york/vehicle_status.json", b""),
    "a file": ("GET", "/static/nothing.css", b""),
    "a bad cursor": ("GET", "/vehicles?after=x", b""),
}


@pytest.fixture
def one_slot(database: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Flask:  # noqa: ARG001 - emptied
    """MovR with one slot, for which no request waits long."""
    monkeypatch.setattr(deadline, "REQUEST_DEADLINE", 0.5)
    return create_app(replace(settings_for(database), threads=1))


@pytest.fixture
def new(one_slot: Flask) -> Iterator[NewVisitor]:
    with visiting(one_slot) as new:
        yield new


def is_free(client: httpx.Client) -> bool:
    return client.get("/login").status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS.values(), ids=REQUESTS)
def test_every_request_gives_its_slot_back(
    new: NewVisitor, method: str, path: str, body: bytes
) -> None:
    client = new().client

    client.request(method, path, content=body, headers=FORM | {"Accept-Encoding": "identity"})

    assert is_free(client)


def test_a_feed_that_its_client_does_not_read_takes_no_slot(new: NewVisitor) -> None:
    client = new().client
    with client.stream("GET", "/gbfs/v3/new-york/vehicle_status.json"):
        assert is_free(client)


def test_a_request_that_fails_gives_its_slot_back(
    new: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new().client

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(MovR, "vehicles", fail)

    assert client.get("/vehicles").status_code == 500
    assert is_free(client)
