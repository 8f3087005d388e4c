import re
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from movr.messages import Message
from tests.conftest import HERE
from tests.visitor import Visitor
from web.app import ROOT
from web.languages import LANGUAGES, current_language, in_language, translate, translated

TEMPLATES = sorted(ROOT.glob("templates/**/*.*"))


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("/", "fr-CA,en;q=0.5", "fr"),
        ("/", "de,nl;q=0.8,en;q=0.2", "nl"),
        ("/", "it;q=0,de", "en"),
        ("/", "", "en"),
        ("/?lang=it", "fr", "it"),
        ("/?lang=../../etc", "fr", "fr"),
    ],
)
def test_the_language_is_that_of_the_address_or_of_the_browser(
    app: Flask, address: str, accepted: str, language: str
) -> None:
    with app.test_request_context(address, headers={"Accept-Language": accepted}):
        assert current_language() == language


def test_a_page_names_its_language_and_caches_keep_it_for_readers_of_that_language(
    visitor: Visitor,
) -> None:
    french = {"Accept-Language": "fr"}
    pages = [visitor.get(path, french) for path in ("/", "/nowhere", "/vehicles?lang=nl")]
    docs, style = visitor.get("/api/v1/docs", french), visitor.get("/static/css/movr.css", french)

    assert [page.headers["Content-Language"] for page in pages] == ["fr", "fr", "nl"]
    assert docs.headers["Content-Language"] == "en"
    assert all("Accept-Language" in reply.headers["Vary"] for reply in (*pages, docs))
    assert "Content-Language" not in style.headers
    assert "Accept-Language" not in style.headers.get("Vary", "")


def test_public_pages_link_their_other_languages(visitor: Visitor) -> None:
    def alternates(path: str) -> dict[str, str]:
        links = re.findall(r'hreflang="([^"]+)" href="([^"]+)"', visitor.get(path).text)
        return {language: unescape(link).removeprefix(HERE) for language, link in links}

    found = alternates("/vehicles?lang=fr&type=bike")

    assert found == {"x-default": "/vehicles?type=bike"} | {
        language: f"/vehicles?type=bike&lang={language}" for language in LANGUAGES
    }
    assert all(len(alternates(path)) == len(found) for path in ("/", "/help", "/about/regions"))
    assert alternates("/login") == {}


def test_a_message_of_movr_takes_the_form_of_its_number(app: Flask) -> None:
    def minutes(count: int) -> Message:
        return Message("In a minute at %(place)s.", "In %(count)d minutes.", count, {"place": "A"})

    with app.test_request_context(), in_language("en"):
        assert translate(minutes(1)) == str(minutes(1)) == "In a minute at A."
        assert translate(minutes(2)) == str(minutes(2)) == "In 2 minutes."


def test_a_name_of_data_is_escaped_and_may_be_missing(app: Flask) -> None:
    with app.test_request_context():
        assert translated(None) == translated("") == ""
        page = app.jinja_env.from_string("{{ name | translated }}")
        assert page.render(name="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_translate_only_sentences_that_they_contain(
    session_app: Flask, path: Path
) -> None:
    """What `_` returns is not escaped, so that its argument must not be data."""
    tree = session_app.jinja_env.parse(path.read_text())
    calls = [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}
    ]
    assert all(isinstance(call.args[0], nodes.Const) for call in calls)
