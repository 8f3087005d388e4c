"""Operations of the API that open, change and delete accounts, by the rules of the pages."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from movr.movr import MovR
from tests.conftest import HERE
from tests.databases import all_rows
from tests.smtp import Postbox
from tests.visitor import PASSWORD, Visitor
from tests.web.api.v1.client import ApiClient
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    mailing,
    postbox,
)
from web.api.v1.problems import MAX_ERRORS
from web.security import rate_limits

ADA = {
    "city": "paris",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "Ada@EXAMPLE.com",
    "username": "Ada",
    "password": PASSWORD,
}
NEW = "an even longer one"
LISTED = {"type": "bike", "brand": "Kona", "color": "red", "place": "1 Wall Street"}


def pointers(reply: httpx.Response) -> set[str]:
    assert reply.status_code == 422, reply.text
    return {error["pointer"] for error in reply.json()["errors"]}


@pytest.fixture
def mailed(mailing: Flask) -> Iterator[ApiClient]:  # noqa: F811
    """A program without tokens, where MovR sends email."""
    with httpx.Client(transport=httpx.WSGITransport(mailing), base_url=HERE) as client:
        yield ApiClient(client)


def test_an_account_is_opened_by_the_rules_of_the_form(stranger: ApiClient) -> None:
    faults = {
        "/city": {"city": "atlantis"},
        "/first_name": {"first_name": "<b>"},
        "/email": {"email": "ada@localhost"},
        "/username": {"username": "a b"},
        "/password": {"password": "lovelace12"},  # too easy to guess
    }
    for pointer, fault in faults.items():
        assert pointers(stranger.call("POST", "/accounts", **ADA | fault)) == {pointer}

    opened = stranger.call("POST", "/accounts", **ADA)

    assert (opened.status_code, opened.json()["city"]) == (201, "paris")
    me = stranger.log_in("ada").get("/me").json()
    assert (me["id"], me["username"]) == (opened.json()["id"], "ada")
    assert me["email"] == "Ada@example.com"
    taken = stranger.call("POST", "/accounts", **ADA)
    assert (taken.status_code, taken.json()["type"].rpartition("#")[2]) == (409, "username-taken")


def test_an_account_is_opened_once_with_one_key(stranger: ApiClient) -> None:
    program = stranger.with_key("one")
    first, again = (program.call("POST", "/accounts", **ADA) for _ in range(2))
    other = program.call("POST", "/accounts", **ADA | {"username": "eda"})

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert other.json()["id"] != first.json()["id"]


def test_letters_with_links_are_sent_as_by_the_pages(
    mailed: ApiClient,
    postbox: Postbox,  # noqa: F811
) -> None:
    mailed.call("POST", "/accounts", **ADA)
    mailed.log_in("ada")
    again = [mailed.with_key("one").call("POST", "/me/email/verification") for _ in range(2)]
    for name in ("ada", "nobody-else"):
        assert mailed.call("POST", "/password-links", username=name).status_code == 204
    pending = mailed.call("PUT", "/me/email", email="new@example.com", password=PASSWORD)

    assert {reply.status_code for reply in again} == {204}
    assert pending.json() == {"is_pending": True}
    assert mailed.get("/me").json()["email"] == "Ada@example.com"
    to = [letter.recipients for letter in postbox.rest()]
    assert to == [["Ada@example.com"]] * 3 + [["new@example.com"]]


def test_a_new_password_ends_all_tokens(api: ApiClient, visitor: Visitor) -> None:
    easy = api.call("PUT", "/me/password", current=PASSWORD, new="1234567890")
    assert pointers(easy) == {"/new"}
    wrong = api.call("PUT", "/me/password", current=NEW, new=NEW)
    assert (wrong.status_code, api.get("/me").status_code) == (403, 200)

    assert api.call("PUT", "/me/password", current=PASSWORD, new=NEW).status_code == 204

    assert api.get("/me").status_code == 401
    assert visitor.get("/rides").status_code == 303
    assert api.log_in(visitor.username, NEW).get("/me").status_code == 200


def test_wrong_passwords_of_pages_and_programs_share_a_limit(
    api: ApiClient, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = rate_limits.WRONG_CURRENT_PASSWORDS._replace(at_most=3)
    monkeypatch.setattr(rate_limits, "WRONG_CURRENT_PASSWORDS", few)
    visitor.post(f"/users/{visitor.id}/security", current=NEW, new=NEW)
    wrong = {"email": "king@example.com", "password": NEW}

    replies = [
        api.call("PUT", "/me/email", **wrong),
        api.call("POST", "/me/delete", password=NEW, confirm=True),
        api.call("PUT", "/me/password", current=PASSWORD, new=NEW),
    ]

    assert [reply.status_code for reply in replies] == [403, 403, 429]


def test_without_mail_an_email_address_changes_at_once(api: ApiClient, visitor: Visitor) -> None:
    assert pointers(api.call("PUT", "/me/email", email="x", password=PASSWORD)) == {"/email"}

    changed = api.call("PUT", "/me/email", email="king@example.com", password=PASSWORD)

    assert changed.json() == {"is_pending": False}
    assert api.get("/me").status_code == 401
    assert api.log_in(visitor.username).get("/me").json()["email"] == "king@example.com"


def test_a_member_reads_what_the_page_exports_and_deletes_the_account(
    api: ApiClient, visitor: Visitor
) -> None:
    assert api.call("PUT", "/me/language", language="fr").status_code == 204
    exported = visitor.get(f"/users/{visitor.id}/export").json()
    assert exported["account"][0]["language"] == "fr"
    assert api.get("/me/data").json() == exported
    ride = {"city": "new-york", "vehicle_id": str(visitor.add_vehicle())}
    link = api.call("POST", "/rides", **ride).json()
    leave = {"password": PASSWORD, "confirm": True}
    assert api.call("POST", "/me/delete", **leave).status_code == 409  # still riding
    api.call("POST", f"/cities/new-york/rides/{link['id']}/end", place="here")
    assert pointers(api.call("POST", "/me/delete", password=PASSWORD)) == {"/confirm"}

    assert api.call("POST", "/me/delete", **leave).status_code == 204

    assert api.get("/me").status_code == 401
    refused = api.call("POST", "/tokens", username=visitor.username, password=PASSWORD, device="a")
    assert refused.status_code == 403


def test_many_vehicles_are_checked_and_added_all_or_none(api: ApiClient, engine: Engine) -> None:
    good = [LISTED | {"reference": f"A-{n}"} for n in range(3)]
    far = LISTED | {"reference": "A-9", "latitude": 48.85, "longitude": 2.35}
    formula = LISTED | {"reference": "=1+1", "color": "<b>"}
    before = all_rows(engine)

    def send(*vehicles: Mapping[str, object], **more: bool) -> httpx.Response:
        return api.call("POST", "/me/vehicles/import", vehicles=vehicles, **more)

    assert pointers(send(*good, formula)) == {"/vehicles/3/reference", "/vehicles/3/color"}
    assert pointers(send(good[0], *good, far)) == {"/vehicles/1/reference", "/vehicles/4/latitude"}
    checked = send(*good, dry_run=True)
    assert checked.json() == {"new": 3, "known": 0, "added": False}
    assert all_rows(engine) == before

    assert send(*good).json() == {"new": 3, "known": 0, "added": True}
    assert send(*good).json() == {"new": 0, "known": 3, "added": True}
    listed = api.get("/me/vehicles").json()["items"]
    assert len(listed) == 3
    assert listed[0]["label_url"].endswith(f"/v/new-york/{listed[0]['number']}")
    # As on the page: 20 a day.
    assert pointers(send(*(LISTED | {"reference": f"B-{n}"} for n in range(20)))) == {"/vehicles"}


def test_a_long_list_is_read_for_members_only_and_its_first_errors_are_named(
    api: ApiClient, visitor: Visitor
) -> None:
    """Otherwise anybody could let a processor work for a second, and get 10 MB for 1 MB."""
    forged = ApiClient(api.client)
    forged.access = f"{api.access[:-1]}{'A' if api.access[-1] != 'A' else 'E'}"
    path = f"/staff/new-york/members/{visitor.id}/vehicles"
    wrong: dict[str, Any] = {"vehicles": [{}] * 5_000}

    for each in ("/me/vehicles/import", path):
        assert forged.call("POST", each, **wrong).status_code == 401
    assert len(pointers(api.call("POST", "/me/vehicles/import", **wrong))) == MAX_ERRORS


def test_members_list_the_first_names_of_the_members_of_a_city(api: ApiClient, movr: MovR) -> None:
    paris = {name: value for name, value in ADA.items() if name != "city"}
    movr.register("paris", **paris)

    assert api.get("/cities/paris/members").json() == {
        "items": [{"first_name": "Ada", "is_owner": False}],
        "next": None,
    }
    assert len(api.get("/cities/new-york/members").json()["items"]) == 1
