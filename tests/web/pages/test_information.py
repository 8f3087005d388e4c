"""Help, prices, privacy, terms and contact, and that they agree with what MovR does."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from movr.models import Base
from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import Visitor
from web.app import create_app
from web.config import NO_CONTACT
from web.pages.information import PERSONAL_DATA, RECORDS

PAGES = ("/help", "/prices", "/privacy", "/terms", "/contact")
ADDRESS = "rides@movr.example"
WITHOUT_FOOTER = {"/api/v1/docs", "/offline"}  # the page of Swagger UI, the one without a network


@pytest.fixture
def with_contact(database: str) -> Iterator[NewVisitor]:
    """Create visitors of a site with a contact address."""
    with visiting(create_app(replace(settings_for(database), contact_email=ADDRESS))) as new:
        yield new


def main_of(visitor: Visitor, path: str) -> str:
    reply = visitor.get(path)
    assert reply.status_code == 200
    return reply.text.partition("<main")[2].partition("</main>")[0]


def footer(page: str) -> str:
    return page.partition("<footer")[2].partition("</footer>")[0]


def test_the_footer_of_every_page_links_help_prices_privacy_terms_and_contact(
    app: Flask, visitor: Visitor
) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if not rule.arguments]
    paths = {rule.rule for rule in rules if "GET" in (rule.methods or ())}
    replies = {path: visitor.get(path) for path in paths - WITHOUT_FOOTER | {"/nowhere"}}
    pages = {path: reply.text for path, reply in replies.items() if "</html>" in reply.text}

    missing = {
        (path, page)
        for path, text in pages.items()
        for page in PAGES
        if f'href="{page}"' not in footer(text)
    }
    assert missing == set()
    assert {"/", "/vehicles", "/login", "/about/regions", "/nowhere", *PAGES} <= set(pages)


def test_the_region_is_named_only_in_the_closed_panel_about_the_page(visitor: Visitor) -> None:
    page = visitor.get("/", {"X-City": "seattle"}).text
    before, _, panel = page.partition('<details>\n      <summary class="py-2">About this page')

    assert "gcp-us-west1" in panel
    assert "gcp-us-west1" not in before


def test_the_pages_need_neither_login_nor_javascript(visitor: Visitor) -> None:
    for path in PAGES:
        assert "<script" not in main_of(visitor, path)


def test_the_contact_address_is_shown_if_it_is_set(with_contact: NewVisitor) -> None:
    for path in ("/contact", "/privacy"):
        assert f'href="mailto:{ADDRESS}"' in main_of(with_contact(), path)


def test_the_default_address_which_has_no_reader_is_not_shown(visitor: Visitor) -> None:
    for path in PAGES:
        assert NO_CONTACT not in main_of(visitor, path)
    assert "has no contact address yet" in main_of(visitor, "/contact")


def test_the_privacy_page_names_every_personal_column_and_every_record_of_a_member(
    visitor: Visitor,
) -> None:
    tables = Base.metadata.tables.values()
    personal = {
        column.name for table in tables for column in table.c if column.info.get("personal")
    }
    records = {
        table.name
        for table in tables
        if any(key.referred_table.name == "users" for key in table.foreign_key_constraints)
        or {"holder_id", "user_id", "actor_id", "reporter_id"} & set(table.c.keys())
    }
    page = main_of(visitor, "/privacy")

    assert set(PERSONAL_DATA) == personal
    assert set(RECORDS) == records
    for words in (*PERSONAL_DATA.values(), *RECORDS.values()):
        assert f"<li>{words}</li>" in page


def test_the_privacy_page_names_every_cookie_that_a_member_gets(visitor: Visitor) -> None:
    visitor.register()
    page = main_of(visitor, "/privacy")

    names = [cookie.name for cookie in visitor.client.cookies.jar]
    assert len(names) == 2
    for name in names:
        assert f"<b>{name}</b>" in page


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        ({}, "OpenStreetMap", "Google"),
        ({"api_key": "key"}, "Maps come from Google", "OpenStreetMap"),
        ({"geocoder": "nominatim"}, "we send the words and the city to OpenStreetMap", "Google"),
        ({"api_key": "key", "geocoder": "google"}, "the city to Google", "OpenStreetMap"),
    ],
)
def test_the_privacy_page_names_the_companies_that_the_settings_choose(
    database: str, changes: dict[str, str], said: str, unsaid: str
) -> None:
    with visiting(create_app(replace(settings_for(database), **changes))) as new:  # type: ignore[arg-type]
        page = main_of(new(), "/privacy")

    assert said in page
    assert unsaid not in page
