"""The words that people read: those of sharing apps, not of databases or of poems."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from movr import formats
from movr.outbox import Kind
from movr.staff.permissions import Action
from tests.conftest import ROOT

# A vehicle is available, because "free" reads as costless; it is listed and removed.
UNWANTED = re.compile(
    r"\b(?:free(?! of charge)|(?:on|off|leaves?) the street|ocean|whoever|nobody|somebody"
    r"|referrer|database)\b",
    re.IGNORECASE,
)
FOR_DEVELOPERS = {"about/regions.html"}
NOT_READ = re.compile(r"\{#.*?#\}|<summary[^>]*>About this page</summary>.*?</details>", re.DOTALL)
QUOTED = re.compile(r"([\"`])(.*?)\1")  # in scripts
MODULES = ("web/pages", "web/security", "web/rendering", "web/forms.py", "web/errors.py")


def templates_and_scripts() -> Iterator[tuple[str, str]]:
    """Yield the texts of templates and the strings of scripts."""
    folder = ROOT / "templates"
    for path in folder.rglob("*.html"):
        if (name := str(path.relative_to(folder))) not in FOR_DEVELOPERS:
            yield name, NOT_READ.sub("", path.read_text())
    for path in (ROOT / "static" / "js").glob("*.js"):
        for _, text in QUOTED.findall(path.read_text()):
            yield path.name, text


def sentences_in(path: Path) -> Iterator[str]:
    """Yield the strings of a module that have a space, other than docstrings."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    for node in constants:
        if isinstance(node.value, str) and " " in node.value and id(node) not in docstrings:
            yield node.value


def messages() -> Iterator[tuple[str, str]]:
    """Yield the sentences of the modules that speak to people."""
    paths = [ROOT / "movr" / "errors.py", ROOT / "web" / "current_city.py"]
    for name in MODULES:
        place = ROOT / name
        paths += [place] if place.suffix else sorted(place.rglob("*.py"))
    for path in paths:
        for sentence in sentences_in(path):
            yield str(path.relative_to(ROOT)), sentence


def unwanted(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, found.group()) for name, text in texts for found in UNWANTED.finditer(text)]


def test_no_page_or_script_has_a_word_that_riders_do_not_use() -> None:
    assert unwanted(templates_and_scripts()) == []


def test_no_message_or_letter_has_a_word_that_riders_do_not_use() -> None:
    assert unwanted(messages()) == []


@pytest.mark.parametrize("text", ["Free", "4 vehicles are free.", "It leaves the street."])
def test_unwanted_words_are_found(text: str) -> None:
    assert unwanted(iter([("page", text)]))


def test_a_ride_may_be_free_of_charge() -> None:
    assert unwanted(iter([("page", "Rides are free of charge. A street map. A freeway.")])) == []


@pytest.mark.parametrize(
    ("macro", "names"),
    [
        ("action_words", Action),
        ("letter_words", Kind),
        ("entry_words", formats.ENTRY_KINDS),
        ("role_words", formats.ROLES),
        ("outcome_words", formats.OUTCOMES),
    ],
)
def test_each_name_that_staff_read_has_words(app: Flask, macro: str, names: Iterable[str]) -> None:
    with app.test_request_context():
        words = getattr(app.jinja_env.get_template("staff/parts.html").module, macro)
        assert [words(name).lower() for name in names] == [name.replace("_", " ") for name in names]
