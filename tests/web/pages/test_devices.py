"""The apps that are logged in, on the page about password and sessions."""

import re

import httpx

from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor
from tests.web.api.v1.client import ApiClient


def log_in(visitor: Visitor, device: str) -> ApiClient:
    """Return an app of the member with its own tokens."""
    return ApiClient(visitor.client).log_in(visitor.username, device=device)


def security_page(visitor: Visitor) -> httpx.Response:
    return visitor.get(f"/users/{visitor.id}/security")


def test_a_member_sees_each_app_with_its_last_use_and_logs_one_out(visitor: Visitor) -> None:
    visitor.register()
    assert "<h2>Apps</h2>" not in security_page(visitor).text
    phone, watch = log_in(visitor, "Ada's phone"), log_in(visitor, "watch")

    page = security_page(visitor)

    assert "<b>Ada&#39;s phone</b>" in page.text
    assert page.text.count("Last used <time") == 2
    assert "1 statement" in page.headers["Server-Timing"]
    first, _ = re.findall(r"/users/[0-9a-f-]+/devices/[0-9a-f-]+/logout", page.text)
    assert "This app is logged out." in visitor.follow(visitor.post(first))
    assert (phone.get("/me").status_code, watch.get("/me").status_code) == (401, 200)
    assert "Ada&#39;s phone" not in security_page(visitor).text
    assert visitor.post(first).status_code == 303  # sent twice


def test_another_members_app_is_not_logged_out(visitor: Visitor, new_visitor: NewVisitor) -> None:
    phone = log_in(visitor.register(), "phone")
    device = phone.get("/tokens").json()["items"][0]["id"]
    other = new_visitor().register()

    reply = other.post(f"/users/{other.id}/devices/{device}/logout")

    assert reply.status_code == 404
    assert "You have no such app." in reply.text
    assert phone.get("/me").status_code == 200


def test_a_form_with_a_wrong_password_still_lists_the_apps(visitor: Visitor) -> None:
    log_in(visitor.register(), "watch")

    reply = visitor.post(f"/users/{visitor.id}/security", current="wrong words", new="new words")

    assert reply.status_code == 422
    assert "<b>watch</b>" in reply.text


def test_changing_the_password_logs_out_all_apps(visitor: Visitor) -> None:
    phone = log_in(visitor.register(), "phone")
    path = f"/users/{visitor.id}/security"

    said = visitor.follow(visitor.post(path, current=PASSWORD, new="a wholly other password"))

    assert "All other browsers and all apps are logged out." in said
    assert phone.get("/me").status_code == 401
    assert "<b>phone</b>" not in visitor.get(path).text
