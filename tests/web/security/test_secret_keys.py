"""A new SECRET_KEY: what the old ones have signed is good as long as they are fallbacks."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine

from movr.results import UserKey
from tests.conftest import NewVisitor, settings_for, visiting
from tests.databases import rows_of
from tests.visitor import Visitor, registration
from tests.web.pages.test_repeated_forms import VEHICLE, key
from web.app import create_app
from web.context import settings
from web.security import known_browsers
from web.security.link_tokens import reset_tokens

FIRST, SECOND, THIRD = KEYS = tuple(f"the {n} of the secret keys" for n in ("1st", "2nd", "3rd"))
WITHOUT = "a key that has forgotten the others"
NEW = "a wholly other password"


class Deployment:
    """MovR with one of the keys."""

    def __init__(self, app: Flask, new_visitor: NewVisitor) -> None:
        self.app = app
        self.new_visitor = new_visitor

    def take_over(self, visitor: Visitor) -> Visitor:
        """Return the same browser, whose requests this deployment answers."""
        same = self.new_visitor()
        same.client.cookies.update(visitor.client.cookies)
        same.username = visitor.username
        return same


Deployments = dict[str, Deployment]


@pytest.fixture(scope="module")
def module_deployments(database: str) -> Iterator[Deployments]:
    """MovR before, after one and after two rotations; and after one without a fallback."""
    fallbacks = {FIRST: (), SECOND: (FIRST,), THIRD: (SECOND, FIRST), WITHOUT: ()}
    with ExitStack() as stack:

        def deploy(secret: str) -> Deployment:
            ours = replace(
                settings_for(database), secret_key=secret, secret_key_fallbacks=fallbacks[secret]
            )
            app = create_app(ours)
            return Deployment(app, stack.enter_context(visiting(app)))

        yield {secret: deploy(secret) for secret in fallbacks}


@pytest.fixture
def deployments(module_deployments: Deployments, engine: Engine) -> Deployments:  # noqa: ARG001 - emptied
    """The four apps, on an empty database."""
    return module_deployments


def is_member(visitor: Visitor) -> bool:
    return visitor.get("/rides").status_code == 200


def test_a_session_outlives_two_new_secret_keys_in_a_row(deployments: Deployments) -> None:
    member = deployments[FIRST].new_visitor().register()

    kept = [is_member(deployments[secret].take_over(member)) for secret in (SECOND, THIRD)]

    assert kept == [True, True]
    assert not is_member(deployments[WITHOUT].take_over(member))


@pytest.mark.parametrize("later", [SECOND, THIRD])
def test_a_form_that_was_open_while_the_secret_key_changed_is_accepted(
    deployments: Deployments, later: str
) -> None:
    member = deployments[FIRST].new_visitor().register()
    form = VEHICLE | {"csrf_token": member.token()}

    sent = deployments[later].take_over(member).client.post("/vehicles/add", data=form)
    forgotten = deployments[WITHOUT].take_over(member).client.post("/vehicles/add", data=form)

    assert (sent.status_code, forgotten.status_code) == (303, 400)


@pytest.mark.parametrize("later", [SECOND, THIRD])
def test_a_form_sent_before_and_after_a_new_secret_key_takes_effect_once(
    deployments: Deployments, engine: Engine, later: str
) -> None:
    member = deployments[FIRST].new_visitor().register()
    form = VEHICLE | {"key": key(member.get("/vehicles/add")), "csrf_token": member.token()}
    member.client.post("/vehicles/add", data=form)

    again = deployments[later].take_over(member).client.post("/vehicles/add", data=form)

    assert again.status_code == 303
    assert len(rows_of(engine, "vehicles")) == 1


@pytest.mark.parametrize("later", [SECOND, THIRD])
def test_an_account_sent_before_and_after_a_new_secret_key_is_one(
    deployments: Deployments, engine: Engine, later: str
) -> None:
    visitor = deployments[FIRST].new_visitor()
    other = deployments[later].take_over(visitor)
    form = registration() | {"key": key(visitor.get("/register"))}
    other.client.cookies.update(visitor.client.cookies)
    visitor.post("/register", **form)

    again = other.post("/register", **form)

    assert again.status_code == 303
    assert len(rows_of(engine, "users")) == 1


@pytest.mark.parametrize("later", [SECOND, THIRD])
def test_a_link_to_a_new_password_outlives_a_new_secret_key(
    deployments: Deployments, later: str
) -> None:
    member = deployments[FIRST].new_visitor().register("paris")
    with deployments[FIRST].app.app_context():
        tokens = reset_tokens(settings().signing_keys)
    token = tokens.make(UserKey("paris", member.id), 0, time.time())
    forgetful = deployments[later].new_visitor()

    forgetful.get(f"/reset?token={token}")
    reply = forgetful.post("/reset", password=NEW)

    assert reply.headers["Location"] == "/login"
    assert forgetful.log_in(member.username, NEW).status_code == 303


@pytest.mark.parametrize("later", [SECOND, THIRD])
def test_a_browser_stays_known_after_a_new_secret_key(deployments: Deployments, later: str) -> None:
    member = deployments[FIRST].new_visitor().register()

    assert is_known(deployments[later].app, member)
    assert not is_known(deployments[WITHOUT].app, member)


def test_a_member_is_in_the_cookie_of_a_known_browser_once_whatever_key_wrote_it(
    deployments: Deployments,
) -> None:
    """Otherwise new keys would push other members of a shared computer out of it."""
    browser = deployments[FIRST].new_visitor().register()
    first = browser.username
    browser.post("/logout")
    for secret in KEYS[1:]:
        browser = deployments[secret].take_over(browser)
        browser.log_in(first)
        browser.post("/logout")

    assert names_in(deployments[THIRD].app, browser) == 1


def test_what_a_new_key_has_signed_is_good_where_it_is_only_a_fallback_yet(
    database: str, deployments: Deployments
) -> None:
    """So a rolling restart needs no pause: first all processes know the new key, then it signs."""
    ours = replace(settings_for(database), secret_key=FIRST, secret_key_fallbacks=(SECOND,))
    member = deployments[SECOND].new_visitor().register()
    app = create_app(ours)

    with visiting(app) as new:
        assert is_member(Deployment(app, new).take_over(member))


def is_known(app: Flask, browser: Visitor) -> bool:
    cookie = f"browser={browser.client.cookies['browser']}"
    with app.test_request_context(headers={"Cookie": cookie}):
        return known_browsers.browser_known_to(browser.username) is not None


def names_in(app: Flask, browser: Visitor) -> int:
    with app.app_context():
        serializer = URLSafeTimedSerializer(settings().signing_keys, salt="browser")
    return len(serializer.loads(browser.client.cookies["browser"])[1])
