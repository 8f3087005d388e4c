"""Forms with and without the headers and cookies that show whose they are."""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import unescape
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.conftest import HERE, AppOf, NewVisitor, settings_for, visitors_of
from tests.databases import rows_of
from tests.visitor import PASSWORD, Visitor, registration, sentences

SECURELY = HERE.replace("http:", "https:")
PUBLIC = "https://rides.example"
OWN: Mapping[str, Mapping[str, str]] = {
    "a matching Origin and no Referer": {"Origin": SECURELY},
    "a matching Referer and no Origin": {"Referer": f"{SECURELY}/vehicles?type=bike"},
    "both": {"Origin": SECURELY, "Referer": f"{SECURELY}/"},
    "an opaque Origin and a matching Referer": {"Origin": "null", "Referer": f"{SECURELY}/"},
    "an opaque Origin and Sec-Fetch-Site": {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    "another port, which is part of the host": {
        "Host": "movr.test:8443",
        "Origin": f"{SECURELY}:8443",
    },
    "a host in capitals": {"Host": "MovR.test", "Origin": SECURELY},
    "the address of SITE_URL": {"Host": "internal:8000", "Origin": PUBLIC},
}
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "another Origin": {"Origin": "https://evil.example"},
    "another Origin and a matching Referer": {
        "Origin": "https://evil.example",
        "Referer": f"{SECURELY}/",
    },
    "another Referer": {"Referer": "https://evil.example/movr.test"},
    "a name that begins alike": {"Origin": f"{SECURELY}.evil.example"},
    "another user at the host": {"Referer": "https://movr.test@evil.example/"},
    "another port": {"Origin": f"{SECURELY}:8443"},
    "plain HTTP": {"Origin": HERE},
    "a subdomain, by Sec-Fetch-Site": {
        "Origin": "https://blog.movr.test",
        "Sec-Fetch-Site": "same-site",
    },
}
UNKNOWN: Mapping[str, Mapping[str, str]] = {
    "neither": {},
    "an opaque Origin": {"Origin": "null"},
    "nonsense": {"Referer": "http://["},
}


@pytest.fixture
def production(database: str, app_of: AppOf) -> Iterator[NewVisitor]:
    settings = replace(
        settings_for(database), debug=False, secret_key="eleven dogs sing", site_url=PUBLIC
    )
    with visitors_of(app_of(settings), SECURELY) as new:
        yield new


def choose_paris(visitor: Visitor, headers: Mapping[str, str]) -> httpx.Response:
    return visitor.post("/city/paris", headers)


def link(reply: httpx.Response) -> str:
    """Return the URL of the error page's button."""
    (found,) = re.findall(r'<p><a class="btn btn-primary" href="([^"]+)"', reply.text)
    return unescape(found)


def log_in_again(visitor: Visitor, login_url: str, username: str) -> httpx.Response:
    """Log in at this page, and return the page that it leads to."""
    page = visitor.get(login_url)
    next_ = re.search(r'name="next" value="([^"]+)">\s*<div class="mb-3">', page.text)
    assert next_
    form = {"username": username, "password": PASSWORD, "next": unescape(next_[1])}
    return arrive(visitor, visitor.post("/login", **form))


def arrive(visitor: Visitor, reply: httpx.Response) -> httpx.Response:
    while reply.has_redirect_location:
        reply = visitor.get(reply.headers["Location"])
    return reply


def value(page: httpx.Response, name: str) -> str:
    """Return what this field is filled in with."""
    found = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page.text)
    assert found, f"no field {name}"
    return unescape(found[1])


# Origins


@pytest.mark.parametrize("headers", OWN.values(), ids=OWN)
def test_over_https_a_form_with_either_header_of_its_origin_is_accepted(
    production: NewVisitor, headers: Mapping[str, str]
) -> None:
    assert choose_paris(production(), headers).status_code == 303


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_over_https_a_form_of_another_origin_is_refused_and_says_so(
    production: NewVisitor, headers: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    visitor = production()
    reply = choose_paris(visitor, headers)

    assert reply.status_code == 400
    assert "sent from another site" in sentences(reply)
    assert "<strong>New York" in visitor.get("/").text
    (line,) = [record.getMessage() for record in caplog.records]
    assert "POST /city/<name>: OtherOrigin" in line
    assert f"and this is {SECURELY}" in line


@pytest.mark.parametrize("headers", UNKNOWN.values(), ids=UNKNOWN)
def test_over_https_a_form_without_an_origin_says_what_to_allow(
    production: NewVisitor, headers: Mapping[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    reply = choose_paris(production(), headers)

    assert reply.status_code == 400
    assert "Your browser hides which site this form was sent from" in sentences(reply)
    assert "Neither Origin nor Referer" in caplog.text


def test_the_log_of_a_refused_form_has_no_path_of_the_referrer(
    production: NewVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    choose_paris(production(), {"Referer": "https://evil.example/ada?secret"})

    assert "https://evil.example," in caplog.text
    assert "ada" not in caplog.text


def test_a_refused_form_is_counted_by_its_cause(visitor: Visitor) -> None:
    def counted() -> float:
        label = (
            r'movr_refusals_total{reason="LoggedOut",route="/rides/start/<uuid:public_id>"} (.*)'
        )
        return float((re.findall(label, visitor.get("/metrics").text) or ["0"])[0])

    vehicle, before = visitor.register().add_vehicle(), counted()
    token = visitor.token()
    visitor.client.cookies.delete("session")
    visitor.client.post(f"/rides/start/{vehicle}", data={"csrf_token": token})

    assert counted() == before + 1


@pytest.mark.parametrize("path", ["/logout", "/nowhere", "/"])
def test_a_form_of_another_site_sets_no_cookie(visitor: Visitor, path: str) -> None:
    """It comes without the visitor's cookie, which a new one would replace."""
    form = {"Content-Type": "multipart/form-data", "Sec-Fetch-Site": "cross-site"}

    for headers in ({"Sec-Fetch-Site": "cross-site"}, form):
        assert "Set-Cookie" not in visitor.client.post(path, headers=headers).headers


def test_over_https_a_form_of_another_origin_sets_no_cookie(production: NewVisitor) -> None:
    """Older browsers do not send Sec-Fetch-Site."""
    headers = {"Origin": "https://evil.example"}

    reply = production().client.post("/logout", headers=headers)

    assert reply.status_code == 400
    assert "Set-Cookie" not in reply.headers


# Sessions that are gone


@pytest.fixture
def rider(visitor: Visitor) -> Visitor:
    visitor.start(visitor.register().add_vehicle())
    return visitor


@pytest.mark.parametrize("path", ["/vehicles/pause", "/reservations/give-up"])
def test_a_button_of_a_session_that_is_gone_leads_to_the_login(rider: Visitor, path: str) -> None:
    token = rider.token()
    rider.client.cookies.delete("session")

    refused = rider.client.post(f"{path}/{UUID(int=1)}", data={"csrf_token": token})

    assert "You are no longer logged in." in sentences(refused)
    assert link(refused).startswith("/login")


WORDS = {"location": "2 Broadway <&> Wall", "latitude": "40.71", "longitude": "-74.01"}


def test_a_form_of_a_session_that_is_gone_leads_by_the_login_back_to_the_ride_with_its_words(
    rider: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    ride, token = rider.active_ride(), rider.token()
    rider.client.cookies.delete("session")

    refused = rider.client.post(f"/rides/end/{ride}", data={"csrf_token": token, **WORDS})
    page = log_in_again(rider, link(refused), rider.username)

    assert refused.status_code == 400
    assert "You are no longer logged in." in sentences(refused)
    assert "POST /rides/end/<uuid:ride_id>: LoggedOut: " in caplog.text
    assert "The CSRF session token is missing." in caplog.text
    assert "Your ride:" in page.text
    assert {name: value(page, name) for name in WORDS} == WORDS
    assert rider.active_ride() == ride


def test_a_form_after_all_cookies_are_gone_says_so_and_leads_back_to_the_ride(
    rider: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    ride, token = rider.active_ride(), rider.token()
    rider.client.cookies.clear()

    refused = rider.client.post(f"/rides/end/{ride}", data={"csrf_token": token, **WORDS})
    login = arrive(rider, rider.get(link(refused)))
    page = log_in_again(rider, str(login.url), rider.username)

    assert refused.status_code == 400
    assert "Please allow cookies for this site" in sentences(refused)
    assert "CookiesBlocked" in caplog.text
    assert value(page, "location") == WORDS["location"]


def test_with_cookies_blocked_each_login_says_so(new_visitor: NewVisitor) -> None:
    username = new_visitor().register().username
    visitor = new_visitor()
    for _ in range(2):
        token = visitor.token()
        visitor.client.cookies.clear()
        form = {"csrf_token": token, "username": username, "password": PASSWORD}
        reply = visitor.client.post("/login", data=form)

        assert "Please allow cookies for this site" in sentences(reply)
        assert visitor.get(link(reply)).status_code == 200


def test_a_vehicle_s_words_are_kept_over_a_login_but_the_key_of_its_form_is_not(
    visitor: Visitor, engine: Engine
) -> None:
    token = visitor.register().token()
    visitor.client.cookies.delete("session")
    form = {"type": "scooter", "color": "teal", "brand": "Zephyr", "location": "1 Rue Cler"}

    refused = visitor.client.post("/vehicles/add", data=form | {"csrf_token": token, "key": "x"})
    page = log_in_again(visitor, link(refused), visitor.username)

    assert "key" not in link(refused)
    assert '<option selected value="scooter">' in page.text
    kept = {name: value(page, name) for name in ("color", "brand", "location")}
    assert kept == {name: form[name] for name in kept}
    assert rows_of(engine, "vehicles") == []


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_refused_form_keeps_no_name_or_password_in_an_address(
    visitor: Visitor, path: str
) -> None:
    token = visitor.token()
    visitor.client.cookies.delete("session")
    visitor.client.cookies.set("another", "cookie")

    refused = visitor.client.post(
        path, data=registration() | {"csrf_token": token, "next": "/rides"}
    )

    assert "This form has expired." in sentences(refused)
    assert link(refused) == f"{path}?next=/rides"


# Other tabs


def test_a_form_from_a_tab_of_before_the_login_does_what_it_says(visitor: Visitor) -> None:
    owner = visitor.register()
    vehicle = owner.add_vehicle()
    owner.post("/logout")
    token = visitor.token()
    visitor.log_in(owner.username)

    reply = visitor.client.post(f"/rides/start/{vehicle}", data={"csrf_token": token})

    assert "Have a good ride." in visitor.follow(reply)


def test_a_form_after_another_tab_s_logout_leads_by_the_login_back_to_the_ride(
    rider: Visitor,
) -> None:
    ride, token = rider.active_ride(), rider.token()
    rider.post("/logout")

    reply = rider.client.post(f"/rides/end/{ride}", data={"csrf_token": token, **WORDS})
    page = log_in_again(rider, reply.headers["Location"], rider.username)

    assert "Your ride:" in page.text
    assert value(page, "location") == WORDS["location"]


def test_a_refused_form_after_another_tab_s_logout_says_to_log_in(rider: Visitor) -> None:
    ride, token = rider.active_ride(), rider.token()
    rider.post("/logout")

    reply = rider.client.post(f"/rides/end/{ride}", data={"csrf_token": token, "location": ""})
    page = rider.follow(reply)

    assert "Please log in first." in page
    assert "no longer exists" not in page


def test_logging_out_in_two_tabs_logs_out(visitor: Visitor) -> None:
    token = visitor.register().token()
    visitor.post("/logout")

    again = visitor.client.post("/logout", data={"csrf_token": token})

    assert "You are logged out." in visitor.follow(again)


def test_a_login_form_of_before_a_login_and_logout_logs_in(visitor: Visitor) -> None:
    username = visitor.register().username
    form = {"csrf_token": visitor.token(), "username": username, "password": PASSWORD}
    visitor.post("/logout")

    reply = visitor.client.post("/login", data=form)

    assert "Hello, Ada." in visitor.follow(reply)


def test_a_registration_after_a_refused_one_and_going_back_registers(visitor: Visitor) -> None:
    first_page = visitor.get("/register")
    token = value(first_page, "csrf_token")
    form = registration() | {"csrf_token": token, "key": value(first_page, "key")}
    refused = visitor.client.post("/register", data=form | {"password": "short"})

    said = [visitor.follow(visitor.client.post("/register", data=form)) for _ in range(2)]

    assert refused.status_code == 422
    assert all("Welcome to MovR, Ada." in messages for messages in said)


def test_the_token_of_a_browser_is_no_other_browser_s(
    new_visitor: NewVisitor, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    token = new_visitor().register().token()

    reply = new_visitor().register().post("/city/paris", csrf_token=token)

    assert reply.status_code == 400
    assert "The CSRF tokens do not match." in caplog.text
    assert caplog.records[0].levelno == logging.WARNING
    assert app.debug
