"""Operations of the API on the member's own account."""

from uuid import UUID

import httpx
from flask import Flask

from tests.conftest import HERE, NewVisitor
from tests.smtp import Postbox
from tests.visitor import Visitor
from tests.web.api.v1.client import ApiClient
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    link_of,
    mailing,
    new_mailing_visitor,
    postbox,
    verify,
)
from tests.web.pages.test_rides import ended

RECEIPT = "/me/rides/{}/receipt"


def test_a_member_changes_their_names_and_reads_them_on_the_pages(
    api: ApiClient, visitor: Visitor
) -> None:
    names = {"first_name": "Augusta", "last_name": "King"}
    assert api.call("PUT", "/me/names", **names).status_code == 204
    wrong = api.call("PUT", "/me/names", first_name="", last_name="<b>")

    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/first_name", "/last_name"}
    assert names.items() <= api.get("/me").json().items()
    assert "Augusta King" in visitor.get(f"/users/{visitor.id}").text


def test_a_member_chooses_receipts_by_email(api: ApiClient) -> None:
    for by_mail in (True, False):
        assert api.call("PUT", "/me/receipts", by_mail=by_mail).status_code == 204
        assert api.get("/me").json()["receipts_by_mail"] is by_mail

    assert api.call("PUT", "/me/receipts", by_mail="yes").status_code == 422


def test_logging_out_everywhere_ends_tokens_and_browsers(api: ApiClient, visitor: Visitor) -> None:
    assert api.call("DELETE", "/me/sessions").status_code == 204

    assert api.get("/me").status_code == 401
    refused = api.call("POST", "/tokens/refresh", refresh_token=api.refresh)
    assert refused.status_code == 401
    assert visitor.get("/rides").headers["Location"].startswith("/login")


def test_without_mail_no_receipt_is_sent(api: ApiClient) -> None:
    assert api.call("POST", RECEIPT.format(UUID(int=0))).status_code == 404


def test_a_receipt_is_one_email_to_a_verified_address(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    mailing: Flask,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    rider = new_mailing_visitor().register("paris")
    verify(rider, link_of(postbox))
    location = ended(rider, rider.add_vehicle(), "paris").headers["Location"]
    ride = location.rpartition("/")[2]
    unverified = new_mailing_visitor().register("paris")
    postbox.rest()  # the link to verify
    with httpx.Client(transport=httpx.WSGITransport(mailing), base_url=HERE) as client:
        refused = ApiClient(client).log_in(unverified.username).call("POST", RECEIPT.format(ride))
        api = ApiClient(client).log_in(rider.username)
        client.headers["Idempotency-Key"] = "one"

        statuses = [api.call("POST", RECEIPT.format(ride)).status_code for _ in range(2)]
        client.headers["Idempotency-Key"] = "two"
        unknown = api.call("POST", RECEIPT.format(UUID(int=0)))

    assert refused.status_code == 403
    assert refused.json()["type"].endswith("#email-not-verified")
    assert statuses == [204, 204]
    assert unknown.status_code == 404
    assert len(postbox.rest()) == 1
