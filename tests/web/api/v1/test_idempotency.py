"""The headers of writes: Idempotency-Key, and those of the member's limit."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from flask import Flask

from tests.conftest import NewVisitor
from tests.databases import all_rows
from tests.visitor import Visitor
from tests.web.api.v1.client import PROBLEM, ApiClient

DIRTY = {"kind": "dirty"}


def revoke(api: ApiClient, key: str, device: int = 0, **body: Any) -> httpx.Response:
    """Write with this key."""
    return api.client.request(
        "DELETE",
        f"/api/v1/tokens/{UUID(int=device)}",
        json=body or None,
        headers={"Authorization": f"Bearer {api.access}", "Idempotency-Key": key},
    )


def test_a_repetition_changes_nothing_whatever_has_happened_since(
    api: ApiClient, visitor: Visitor, new_visitor: NewVisitor, app: Flask
) -> None:
    """Each write is done, taken back by another request, and repeated with its key."""
    own = f"/me/vehicles/{visitor.permanent_id(visitor.add_vehicle())}"
    taken = new_visitor().register().add_vehicle()
    here, names = {"place": "1 Wall Street"}, {"first_name": "Ada", "last_name": "King"}
    wanted = {"city": "new-york", "vehicle_id": str(taken)}
    writes: list[tuple[tuple[str, str, dict[str, Any]], tuple[str, str, dict[str, Any]]]] = [
        (("POST", f"{own}/pause", {}), ("POST", f"{own}/resume", {})),
        (("POST", f"{own}/remove", {}), ("POST", f"{own}/restore", {})),
        (("PUT", f"{own}/place", here), ("PUT", f"{own}/place", {"place": "2 Broadway"})),
        (
            ("PUT", f"{own}/description", {"color": "red", "brand": "Kona"}),
            ("PUT", f"{own}/description", {"color": "blue", "brand": "Trek"}),
        ),
        (("PUT", "/me/names", names), ("PUT", "/me/names", names | {"first_name": "Eda"})),
        (("PUT", "/me/receipts", {"by_mail": True}), ("PUT", "/me/receipts", {"by_mail": False})),
        (
            ("POST", "/reservations", wanted),
            ("DELETE", f"/reservations/new-york/{taken}", {}),
        ),
        (
            ("POST", "/me/vehicles", {"type": "bike", "color": "red", "brand": "Kona"} | here),
            ("PUT", "/me/receipts", {"by_mail": False}),
        ),
        (
            ("POST", f"/cities/new-york/vehicles/{visitor.add_vehicle()}/reports", DIRTY),
            ("PUT", "/me/receipts", {"by_mail": False}),
        ),
    ]
    engine = app.extensions["movr"].engine

    for number, (write, taken_back) in enumerate(writes):
        keyed = api.with_key(f"key-{number}")
        first = keyed.call(*write[:2], **write[2])
        assert api.call(*taken_back[:2], **taken_back[2]).is_success, taken_back
        before = all_rows(engine)
        again = keyed.call(*write[:2], **write[2])

        assert first.is_success, first.text
        assert (again.status_code, again.content) == (first.status_code, first.content), write
        assert all_rows(engine) == before, write


def test_a_refused_request_can_be_sent_again_with_its_key(
    api: ApiClient, new_visitor: NewVisitor
) -> None:
    owner = new_visitor().register()
    vehicle = owner.add_vehicle()
    wanted = {"city": "new-york", "vehicle_id": str(vehicle)}
    reserve = partial(api.with_key("one").call, "POST", "/reservations", **wanted)
    owner.post(f"/reservations/start/{vehicle}", city="new york")

    assert reserve().status_code == 409
    owner.post(f"/reservations/give-up/{vehicle}", city="new york")
    assert reserve().status_code == 201


def test_writes_at_once_with_one_key_are_one(api: ApiClient) -> None:
    new = {"type": "bike", "color": "red", "brand": "Kona", "place": "1 Wall Street"}
    with ThreadPoolExecutor(4) as threads:
        add = partial(api.with_key("one").call, "POST", "/me/vehicles", **new)
        replies = list(threads.map(lambda _: add(), range(4)))

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len(api.get("/me/vehicles").json()["items"]) == 1


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


@pytest.mark.parametrize("key", ["", '""', "a b", 'a"b', '"a', 'a"', "x" * 101, "\x7f"])
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


def test_requests_with_a_token_that_is_not_valid_do_not_use_up_the_limit_of_the_member(
    api: ApiClient, stranger: ApiClient, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else is wrong with them. They do not tell how many writes the member makes."""
    few = replace(app.extensions["settings"], writes_per_minute=2)
    monkeypatch.setitem(app.extensions, "settings", few)
    names = {"first_name": "Ada", "last_name": "King"}
    forged = ApiClient(stranger.client)
    forged.access = f"{api.access[:-1]}{'A' if api.access[-1] != 'A' else 'E'}"

    refused = [
        *(forged.call("PUT", "/me/names", **names) for _ in range(4)),
        *(forged.call("PUT", "/me/names", wrong="field") for _ in range(4)),
        *(forged.with_key("x" * 101).call("PUT", "/me/names", **names) for _ in range(4)),
    ]

    assert [reply.status_code for reply in refused] == [401] * 4 + [422] * 8
    assert not any("RateLimit" in reply.headers for reply in refused)
    assert api.call("PUT", "/me/names", **names).status_code == 204
