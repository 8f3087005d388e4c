"""Addresses that people and programs arrive at without a link."""

import re

import httpx
import pytest
from flask import Flask

from tests.visitor import Visitor, sentences
from tests.web.security.test_response_headers import UNKNOWN_ID, forms


def arrive(visitor: Visitor, path: str) -> httpx.Response:
    reply = visitor.get(path)
    while reply.has_redirect_location:
        reply = visitor.get(reply.headers["Location"])
    return reply


# The addresses of forms


def test_a_get_of_any_form_s_address_leads_to_a_page(visitor: Visitor, app: Flask) -> None:
    own = visitor.register().id
    public_id = visitor.add_vehicle()
    visitor.start(visitor.add_vehicle())
    ids = {
        "/vehicles/": visitor.permanent_id(public_id),
        "/reports/ride/": visitor.active_ride(),
        "/reports/vehicle/": public_id,
    }

    def with_id(path: str) -> str:
        known = (id_ for beginning, id_ in ids.items() if path.startswith(beginning))
        return path.replace(UNKNOWN_ID, str(next(known, own)))

    addresses = [with_id(path) for path in forms(app) if not path.startswith("/staff")]

    arrived = {path: arrive(visitor, path).status_code for path in addresses}
    heads = {path: visitor.client.head(path).status_code for path in addresses}

    assert arrived == dict.fromkeys(addresses, 200)
    assert set(heads.values()) == {200, 303}


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/logout", "/home"),
        ("/city/paris", "/home"),
        (f"/rides/start/{UNKNOWN_ID}", "/vehicles"),
        (f"/rides/end/{UNKNOWN_ID}", "/rides"),
        (f"/rides/end/{UNKNOWN_ID}?after=x~y", "/rides?after=x~y"),
        (f"/vehicles/pause/{UNKNOWN_ID}", "/users/{own}"),
        (f"/users/{UNKNOWN_ID}/logout", "/users/{own}"),
        (f"/users/{UNKNOWN_ID}/devices/{UNKNOWN_ID}/logout", "/users/{own}"),
        (f"/users/{UNKNOWN_ID}/verify", "/users/{own}"),
    ],
)
def test_a_get_of_a_form_s_address_leads_to_the_page_it_belongs_to(
    visitor: Visitor, address: str, page: str
) -> None:
    own = visitor.register().id

    reply = visitor.get(address)

    wanted = page.format(own=own)
    assert reply.status_code == 303
    assert reply.headers["Location"] in ({"/", "/home"} if wanted == "/home" else {wanted})


def test_a_refused_post_that_is_reloaded_as_an_address_is_its_page(visitor: Visitor) -> None:
    visitor.start(visitor.register().add_vehicle())
    address = f"/rides/end/{visitor.active_ride()}"
    assert visitor.post(address, location="").status_code == 422

    reloaded = arrive(visitor, address)

    assert reloaded.status_code == 200
    assert "Your ride:" in reloaded.text


# Slashes


@pytest.mark.parametrize("path", ["/vehicles", "/login", "/rides", "/gbfs/v3/manifest.json"])
def test_a_slash_at_the_end_redirects_to_the_page_without_it(visitor: Visitor, path: str) -> None:
    reply = visitor.get(f"{path}/?type=bike")

    assert (reply.status_code, reply.headers["Location"]) == (308, f"{path}?type=bike")


@pytest.mark.parametrize("path", ["/nowhere/", "//evil.example/", "/vehicles/add/x/", "/static/x/"])
def test_a_slash_after_nothing_redirects_nowhere(visitor: Visitor, path: str) -> None:
    reply = visitor.client.get(f"http://movr.test{path}")

    assert (reply.status_code, reply.headers.get("Location")) == (404, None)


def test_a_query_that_is_no_text_is_redirected_like_others(app: Flask) -> None:
    not_text = {"QUERY_STRING": "type=\xff"}
    reply = app.test_client().get("/vehicles/", environ_overrides=not_text)

    assert reply.status_code == 308


def test_two_slashes_redirect_to_one_and_not_to_the_host_that_a_client_names(
    visitor: Visitor,
) -> None:
    reply = visitor.get("/vehicles//add", {"Host": "evil.example"})

    assert (reply.status_code, reply.headers["Location"]) == (308, "/vehicles/add")


def test_a_slash_after_a_form_s_address_leads_to_its_page(visitor: Visitor) -> None:
    assert visitor.get(f"/rides/start/{UNKNOWN_ID}/").headers["Location"] == "/vehicles"


# Filters


@pytest.mark.parametrize("query", ["free=0", "type=&near=&after=", "utm_source=mail"])
def test_a_filter_that_says_nothing_is_no_filter(visitor: Visitor, query: str) -> None:
    visitor.register().add_vehicle("1 Wall Street")

    page = visitor.get(f"/vehicles?{query}")

    assert page.status_code == 200
    assert "1 Wall Street" in page.text


# Files that clients look for


def test_robots_txt_names_the_pages_that_are_not_for_search_engines(visitor: Visitor) -> None:
    reply = visitor.get("/robots.txt")

    assert reply.headers["Content-Type"].startswith("text/plain")
    assert "User-agent: *" in reply.text
    hidden = re.findall(r"Disallow: (\S+)", reply.text)
    assert {"/users", "/email"} <= set(hidden)
    assert not any(page.startswith(rule) for rule in hidden for page in ("/", "/vehicles"))
    assert [rule for rule in hidden if arrive(visitor, rule).status_code != 200] == []


def test_favicon_ico_is_the_icon(visitor: Visitor) -> None:
    reply = visitor.get("/favicon.ico")

    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "image/png")
    assert reply.content == visitor.get("/static/favicon.png").content
    assert "Set-Cookie" not in reply.headers
    again = visitor.get("/favicon.ico", {"If-None-Match": reply.headers["ETag"]})
    assert again.status_code == 304


# Messages


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Moz"])
def test_a_prefetch_swallows_no_message(visitor: Visitor, header: str) -> None:
    visitor.register()

    early = visitor.get("/vehicles", {header: "prefetch"})

    assert "Welcome to MovR" not in sentences(early)
    assert "Welcome to MovR, Ada." in sentences(visitor.get("/vehicles"))
    assert "Welcome to MovR" not in sentences(visitor.get("/vehicles"))


def test_a_head_request_swallows_no_message(visitor: Visitor) -> None:
    visitor.register()

    visitor.client.head("/vehicles")

    assert "Welcome to MovR, Ada." in sentences(visitor.get("/vehicles"))


@pytest.mark.parametrize("path", ["/nowhere", "/vehicles?after=x", f"/rides/{UNKNOWN_ID}"])
def test_a_404_swallows_no_message(visitor: Visitor, path: str) -> None:
    visitor.register()

    assert visitor.get(path).status_code == 404

    assert "Welcome to MovR, Ada." in sentences(visitor.get("/vehicles"))


def test_what_a_browser_loads_in_the_background_swallows_no_message(visitor: Visitor) -> None:
    visitor.register()

    visitor.get("/vehicles", {"Sec-Fetch-Dest": "image"})

    shown = visitor.get("/vehicles", {"Sec-Fetch-Dest": "document"})
    assert "Welcome to MovR, Ada." in sentences(shown)
