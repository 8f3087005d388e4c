"""Operations of the API on tokens, and how the API says who calls."""

from datetime import UTC, datetime
from itertools import cycle, islice
from uuid import UUID

import pytest
from flask import Flask

from movr.api_tokens import REPEATABLE_FOR
from movr.errors import TokenInvalid
from tests.visitor import PASSWORD, Visitor
from tests.web.api.v1.client import PROBLEM, ApiClient
from web.api.v1.idempotency import hashed_key
from web.security import rate_limits


def test_a_member_logs_in_and_is_the_one_who_calls(api: ApiClient, visitor: Visitor) -> None:
    me = api.get("/me")

    assert me.status_code == 200
    assert me.json()["id"] == str(visitor.id)
    assert me.headers["Cache-Control"] == "no-store"
    assert "db;" in me.headers["Server-Timing"]
    assert "1 statement" in me.headers["Server-Timing"]


def test_a_wrong_password_is_a_problem(stranger: ApiClient, visitor: Visitor) -> None:
    username = visitor.register().username
    reply = stranger.call(
        "POST", "/tokens", username=username, password="not this one", device="phone"
    )

    assert reply.status_code == 403
    assert reply.headers["Content-Type"] == PROBLEM
    assert reply.json()["type"].endswith("/api/v1/docs/problems#wrong-credentials")


def test_guesses_are_limited_in_whatever_case_the_name_is_written(
    stranger: ApiClient, visitor: Visitor
) -> None:
    name, wrong = visitor.register().username, "wrong horse battery"
    spellings = [name[:n] + name[n].upper() + name[n + 1 :] for n in (0, 1, 2, -4, -3)]
    guesses = rate_limits.FAILED_LOGINS_OF_NAME_AT_ADDRESS.at_most

    statuses = [
        stranger.call("POST", "/tokens", username=as_typed, password=wrong, device="a").status_code
        for as_typed in islice(cycle(spellings), guesses + 1)
    ]

    assert statuses == [403] * guesses + [429]


def test_a_password_of_composed_letters_opens_what_it_has_opened_on_the_page(
    stranger: ApiClient, visitor: Visitor
) -> None:
    password = "o\u0308" * 100  # 100 letters of two characters
    visitor.register(password=password)

    assert stranger.log_in(visitor.username, password).get("/me").status_code == 200


def test_a_refreshed_token_calls_and_the_spent_one_does_not(api: ApiClient) -> None:
    spent = api.access
    new = api.call("POST", "/tokens/refresh", refresh_token=api.refresh).json()

    api.access = new["access_token"]
    assert api.get("/me").status_code == 200
    api.access = spent
    assert api.get("/me").status_code == 401
    assert api.get("/me").headers["WWW-Authenticate"] == "Bearer"


def test_devices_are_listed_and_revoked(api: ApiClient) -> None:
    (device,) = api.get("/tokens").json()["items"]

    assert device["device"] == "test"
    assert api.call("DELETE", f"/tokens/{device['id']}").status_code == 204
    assert api.get("/tokens").status_code == 401


def test_cookies_are_neither_read_nor_set(visitor: Visitor) -> None:
    """A cookie that is set without the session would log the member's browser out."""
    visitor.register()

    reply = visitor.get("/api/v1/me")
    others = [visitor.get(f"/api/v1/{path}") for path in ("docs", "docs/problems", "nothing")]

    assert reply.status_code == 401
    assert not any("Set-Cookie" in each.headers for each in (reply, *others))
    assert visitor.get("/rides").status_code == 200


def test_the_fields_that_are_wrong_are_named_by_pointers(stranger: ApiClient) -> None:
    reply = stranger.call("POST", "/tokens", username=3, password=PASSWORD, **{"a/b~c": "red"})

    assert reply.status_code == 422
    assert {error["pointer"] for error in reply.json()["errors"]} == {
        "/username",
        "/device",
        "/a~1b~0c",
    }


def test_the_name_of_a_device_is_plain_text(stranger: ApiClient, visitor: Visitor) -> None:
    login = {"username": visitor.register().username, "password": PASSWORD}

    for device in ("<b>phone</b>", " ", "a\nb", "x" * 51):
        reply = stranger.call("POST", "/tokens", **login, device=device)
        assert reply.status_code == 422, device
        assert [error["pointer"] for error in reply.json()["errors"]] == ["/device"]


def test_what_is_not_there_is_a_problem(stranger: ApiClient) -> None:
    replies = {
        (method, path): stranger.call(method, path)
        for method, path in (("GET", "/nothing"), ("PUT", "/cities"), ("GET", "/cities/x/vehicles"))
    }

    assert [reply.status_code for reply in replies.values()] == [404, 405, 404]
    assert {reply.headers["Content-Type"] for reply in replies.values()} == {PROBLEM}


def test_members_see_numbers_and_strangers_do_not(stranger: ApiClient, visitor: Visitor) -> None:
    visitor.register().add_vehicle()

    (seen,) = stranger.get("/cities/new-york/vehicles").json()["items"]
    assert seen["number"] is None
    stranger.log_in(visitor.username)
    (seen,) = stranger.get("/cities/new-york/vehicles").json()["items"]
    assert seen["number"]
    assert seen["state"] == "available"


@pytest.mark.parametrize("body", ["[" * 30_000 + "]" * 30_000, "9" * 5_000, "{", '"\\'])
def test_json_that_cannot_be_parsed_is_a_problem(stranger: ApiClient, body: str) -> None:
    reply = stranger.client.post(
        "/api/v1/tokens", content=body, headers={"Content-Type": "application/json"}
    )

    assert (reply.status_code, reply.headers["Content-Type"]) == (400, PROBLEM)


def test_the_sentence_about_a_field_is_the_one_for_people(api: ApiClient) -> None:
    reply = api.call("POST", "/rides", city="atlantis", vehicle_id=str(UUID(int=0)))

    assert reply.json()["errors"] == [{"pointer": "/city", "detail": "MovR is not in this city."}]


def test_tokens_that_are_asked_for_again_with_a_key_are_of_one_device(
    stranger: ApiClient, visitor: Visitor
) -> None:
    login = {"username": visitor.register().username, "password": PASSWORD, "device": "phone"}
    first, second = (stranger.with_key("one").call("POST", "/tokens", **login) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    stranger.access = second.json()["access_token"]
    (device,) = stranger.get("/tokens").json()["items"]
    refresh = {"refresh_token": second.json()["refresh_token"]}

    replies = [
        stranger.with_key("two").call("POST", "/tokens/refresh", **refresh) for _ in range(2)
    ]

    assert replies[0].json() == replies[1].json()
    stranger.access = replies[1].json()["access_token"]
    assert stranger.get("/tokens").json()["items"][0]["id"] == device["id"]
    other = stranger.with_key("three").call("POST", "/tokens/refresh", **refresh)
    assert (other.status_code, stranger.get("/me").status_code) == (401, 401)


def test_a_login_with_the_key_of_a_device_that_was_revoked_is_refused_as_described(
    stranger: ApiClient, visitor: Visitor
) -> None:
    login = {"username": visitor.register().username, "password": PASSWORD, "device": "phone"}
    program = stranger.with_key("one")
    stranger.access = program.call("POST", "/tokens", **login).json()["access_token"]
    (device,) = stranger.get("/tokens").json()["items"]
    stranger.call("DELETE", f"/tokens/{device['id']}")

    refused = program.call("POST", "/tokens", **login)

    described = stranger.get("/openapi.json").json()["paths"]["/api/v1/tokens"]["post"]["responses"]
    assert refused.status_code == 401
    assert {"401", "409"} <= set(described)  # 409: a member has too many devices


def test_a_refresh_is_repeatable_for_five_minutes(
    stranger: ApiClient, visitor: Visitor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.log_in(visitor.register().username)
    refresh = {"refresh_token": stranger.refresh}
    program = stranger.with_key("one")
    assert program.call("POST", "/tokens/refresh", **refresh).status_code == 200
    later = datetime.now(UTC) + REPEATABLE_FOR
    monkeypatch.setattr(app.extensions["movr"].tokens, "_now", lambda: later)

    assert program.call("POST", "/tokens/refresh", **refresh).status_code == 401


def test_those_who_find_a_spent_token_and_its_key_cannot_compute_the_next_tokens(
    stranger: ApiClient, visitor: Visitor, app: Flask
) -> None:
    """Keys that programs choose may be guessed. What the server adds to them is secret."""
    stranger.log_in(visitor.register().username)
    spent, program = stranger.refresh, stranger.with_key("1")
    sent = program.call("POST", "/tokens/refresh", refresh_token=spent).request
    headers = {"Idempotency-Key": "1"}
    with app.test_request_context(sent.url.path, method="POST", data=sent.content, headers=headers):
        guessed = hashed_key()

    with pytest.raises(TokenInvalid):
        app.extensions["movr"].tokens.refresh(spent, guessed)
