"""The choice of a language in the footer, for the session and for the member's account."""

import re
from html import unescape

import httpx
import pytest
from sqlalchemy import Engine, text

from tests.conftest import NewVisitor
from tests.visitor import PASSWORD, Visitor

FRENCH = {"Accept-Language": "fr"}


def language(reply: httpx.Response) -> str:
    """Return the language that a page says it is in; the footer must mark the same."""
    marked = re.findall(r'lang="(\w+)" aria-current="true">', reply.text)
    found = re.findall(r'<html lang="(\w+)">', reply.text)
    assert marked == found
    return str(found[0])


def stored(engine: Engine, member: Visitor) -> str | None:
    with engine.connect() as connection:
        query = text("SELECT language FROM users WHERE username = :name")
        found: str | None = connection.execute(query, {"name": member.username}).scalar_one()
    return found


def next_in_footer(page: str) -> str:
    footer = page.partition("<footer")[2]
    found = re.search(r'name="next" value="([^"]*)"', footer)
    assert found
    return unescape(found[1])


def test_a_choice_keeps_the_page_and_its_query_and_holds_on_all_pages(visitor: Visitor) -> None:
    """Also where the address named another language, and where the browser asks for one."""
    shown = visitor.get("/vehicles?lang=nl&type=bike&near=40.71,-74.01")
    assert language(shown) == "nl"

    reply = visitor.post("/language", language="it", next=next_in_footer(shown.text))

    assert reply.status_code == 303
    assert reply.headers["Location"] == "/vehicles?type=bike&near=40.71%2C-74.01"
    assert language(visitor.get(reply.headers["Location"], FRENCH)) == "it"
    assert language(visitor.get("/nowhere", FRENCH)) == "it"


def test_a_choice_on_a_refused_form_leads_back_to_its_page(visitor: Visitor) -> None:
    form = str(visitor.client.base_url.join("/register?next=/rides"))

    refused = visitor.post("/register", {"Referer": form})

    assert refused.status_code == 422
    assert next_in_footer(refused.text) == "/register?next=/rides"


@pytest.mark.parametrize("unknown", ["", "de", "FR", "../fr", "x" * 1000, "\x00"])
def test_a_language_that_movr_does_not_have_is_refused_and_changes_nothing(
    visitor: Visitor, engine: Engine, unknown: str
) -> None:
    visitor.register().post("/language", language="fr")

    assert visitor.post("/language", language=unknown).status_code == 400

    assert language(visitor.get("/")) == "fr"
    assert stored(engine, visitor) == "fr"


def test_a_member_has_the_language_of_their_registration_until_they_choose_another(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.client.headers.update(FRENCH)
    visitor.register()
    assert stored(engine, visitor) == "fr"

    visitor.post("/language", language="es")

    assert stored(engine, visitor) == "es"


def test_a_login_brings_the_account_s_language_unless_the_session_has_a_choice(
    new_visitor: NewVisitor,
) -> None:
    member = new_visitor().register()
    member.post("/language", language="nl")
    elsewhere, chosen = new_visitor(), new_visitor()
    chosen.post("/language", language="it")

    for browser in (elsewhere, chosen):
        browser.log_in(member.username, PASSWORD)
    seen = [language(browser.get("/", FRENCH)) for browser in (elsewhere, chosen)]

    assert seen == ["nl", "it"]
    elsewhere.post("/logout")
    assert language(elsewhere.get("/", FRENCH)) == "nl"


def test_a_member_with_a_language_of_another_release_logs_in(
    visitor: Visitor, engine: Engine
) -> None:
    """A later release may have more languages, and be taken back."""
    visitor.register().post("/logout")
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET language = 'de'"))

    assert visitor.log_in(visitor.username).status_code == 303

    assert language(visitor.get("/", FRENCH)) == "fr"


def test_a_session_that_was_ended_changes_no_account(
    new_visitor: NewVisitor, engine: Engine
) -> None:
    member = new_visitor().register()
    left = new_visitor()
    left.log_in(member.username, PASSWORD)
    member.post(f"/users/{member.id}/logout")

    left.post("/language", language="it")

    assert language(left.get("/")) == "it"
    assert stored(engine, member) == "en"
