"""The headers of writes: Idempotency-Key, and those of the member's limit."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from tests.visitor import Visitor
from tests.web.api.v1.client import PROBLEM, ApiClient


def revoke(api: ApiClient, key: str, device: int = 0, **body: Any) -> httpx.Response:
    """Write with this key."""
    return api.client.request(
        "DELETE",
        f"/api/v1/tokens/{UUID(int=device)}",
        json=body or None,
        headers={"Authorization": f"Bearer {api.access}", "Idempotency-Key": key},
    )


def test_a_key_is_of_one_request_of_one_member(
    api: ApiClient, stranger: ApiClient, visitor: Visitor
) -> None:
    first = ApiClient(api.client).log_in(visitor.username)
    assert revoke(api, "one").status_code == 404  # as there is no such device
    assert revoke(api, '"one"').status_code == 404

    for again in (revoke(api, "one", 1), revoke(first, "one", color="red")):
        assert again.status_code == 422
        assert again.headers["Content-Type"] == PROBLEM
        assert again.json()["type"].endswith("#idempotency-key-reused")
    assert revoke(api, "two", 1).status_code == 404
    other = Visitor(visitor.client)
    stranger.log_in(other.register().username)
    assert revoke(stranger, "one", 1).status_code == 404


@pytest.mark.parametrize("key", ["", '""', "a b", "x" * 101, "\x7f"])
def test_a_key_that_is_none_is_named(api: ApiClient, key: str) -> None:
    reply = revoke(api, key)

    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "Idempotency-Key"


def test_pages_and_programs_share_the_limit_of_a_member(
    api: ApiClient, visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(app.extensions["settings"], writes_per_minute=1)
    monkeypatch.setitem(app.extensions, "settings", few)
    assert visitor.post("/city/paris").status_code == 303

    refused = revoke(api, "one")

    assert refused.status_code == 429
    assert refused.headers["RateLimit"] == '"writes";r=0'
    assert int(refused.headers["Retry-After"]) > 0


def test_each_write_says_how_many_remain(api: ApiClient) -> None:
    policy, remaining = (revoke(api, "one").headers[f"RateLimit{name}"] for name in ("-Policy", ""))
    later = revoke(api, "one").headers["RateLimit"]

    assert re.fullmatch(r'"writes";q=\d+;w=60', policy)
    assert int(later.partition("r=")[2]) == int(remaining.partition("r=")[2]) - 1
    assert "RateLimit" not in api.get("/me").headers
