"""The catalogues have each sentence that people read, and each such sentence is marked for them."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeGuard, TypeVar

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import nodes
from wtforms.fields.core import UnboundField

from movr.errors import Refusal
from web.app import ROOT
from web.forms import TextForm
from web.languages import ENGLISH, FOLDER, LANGUAGES

T = TypeVar("T")
Texts = tuple[str, ...]  # of a message: the sentence, or its forms for one and for more

TRANSLATED = sorted(set(LANGUAGES) - {ENGLISH})
# As in pyproject.toml and in `make messages`.
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
OPTIONS = {pattern: {"trimmed": "true"} for pattern, _ in METHODS}
KEYWORDS = DEFAULT_KEYWORDS | {"gettext_noop": None, "ngettext_noop": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
TAG = re.compile(r"</?\w[^>]*>")
SIGNS = re.compile(r"[%\"<>&]")
LETTERS = re.compile(r"[^\W\d_]{2}")
SENTENCE = re.compile(r"[A-Z][\w'’]*,? [a-z%(]")  # noqa: RUF001 - in Python
NAME = re.compile(r"[A-Z][a-z]")  # or the beginning of a sentence, in a template's expression

# Words that are the same in every language: names, units, and examples of what to enter.
SAME = re.compile(r"\b(MovR|Google|OpenStreetMap|UTC|CSV|QR|JSON|API|km|mi|min|ms)\b")
SHOWN_ATTRIBUTES = {"alt", "aria-label", "label", "placeholder", "title"}
SHOWN_META = re.compile("description|.*:(title|description|alt)")
NOT_READ = {"script", "style", "svg", "symbol", "code", "pre"}
TRANSLATES = {"_", "gettext", "ngettext"}
TEMPLATES = sorted(ROOT.glob("templates/**/*.html")) + sorted(ROOT.glob("templates/**/*.txt"))
SHOWING = (
    *(ROOT / "web" / name for name in ("current_city.py", "errors.py", "forms.py")),
    *(ROOT / "web" / "pages").rglob("*.py"),
    *(ROOT / "web" / "rendering").rglob("*.py"),
)


@pytest.fixture(scope="module")
def sentences() -> set[Texts]:
    """The sentences that are marked in the code and the templates."""
    return {
        texts_of(message)
        for folder in ("movr", "web", "templates")
        for _, _, message, _, _ in extract_from_dir(ROOT / folder, METHODS, OPTIONS, KEYWORDS)
    }


def texts_of(texts: Any) -> Texts:
    return (texts,) if isinstance(texts, str) else tuple(texts)


@pytest.fixture(params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    with (path_of(request.param, "po")).open("rb") as file:
        return read_po(file, request.param)


def path_of(language: str, kind: str) -> Path:
    return FOLDER / language / "LC_MESSAGES" / f"messages.{kind}"


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def test_a_catalogue_has_the_sentences_in_use_and_no_others(
    catalogue: Catalog, sentences: set[Texts]
) -> None:
    """If not, run `make messages`."""
    assert {texts_of(message.id) for message in messages_of(catalogue)} == sentences
    assert not catalogue.obsolete


def test_a_catalogue_has_a_translation_of_each_sentence(catalogue: Catalog) -> None:
    missing = [
        message.id
        for message in messages_of(catalogue)
        if message.fuzzy or not all(texts_of(message.string))
    ]

    assert missing == []


def test_a_catalogue_is_compiled(catalogue: Catalog) -> None:
    """If not, run `make messages`."""
    expected = BytesIO()
    write_mo(expected, catalogue)
    expected.seek(0)

    with path_of(str(catalogue.locale), "mo").open("rb") as file:
        assert translations_of(file) == translations_of(expected)


def translations_of(file: IO[bytes]) -> dict[Texts, Texts]:
    return {texts_of(each.id): texts_of(each.string) for each in messages_of(read_mo(file))}


def test_a_translation_has_the_values_and_the_markup_of_its_sentence(catalogue: Catalog) -> None:
    """The form for one may leave out the number."""
    differing = []
    for message in messages_of(catalogue):
        one, *more = (parts(text) for text in texts_of(message.id))
        for number, text in enumerate(filter(None, texts_of(message.string))):
            if parts(text) not in (more if number else [one, *more]):
                differing.append(text)

    assert differing == []


def parts(text: str) -> tuple[list[str], list[str], list[str]]:
    """Return a sentence's placeholders, its tags, and the other signs that mean something.

    Translations are not escaped, so that one of these would end an attribute, begin a tag or be a
    placeholder.
    """
    rest = PLACEHOLDER.sub("", text).replace("%%", "")
    return sorted(set(PLACEHOLDER.findall(text))), sorted(TAG.findall(text)), SIGNS.findall(rest)


def test_templates_mark_what_people_read(session_app: Flask) -> None:
    unmarked = {
        path.relative_to(ROOT): found
        for path in TEMPLATES
        if (found := list(unmarked_in(session_app.jinja_env.parse(path.read_text()))))
    }

    assert unmarked == {}


def unmarked_in(template: nodes.Template) -> Iterator[str]:
    """Yield the texts of a template that are not translated, but for those that are the SAME."""
    reader = Reader()
    reader.feed("".join(data.data for data in template.find_all(nodes.TemplateData)))
    reader.close()
    for text in (*reader.found, *filter(NAME.match, constants(template))):
        if LETTERS.search(SAME.sub("", text)):
            yield text


class Reader(HTMLParser):
    """Collects the texts and attributes of a page that people read."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in SHOWN_ATTRIBUTES]
        about = dict(attrs)
        if SHOWN_META.fullmatch(about.get("name") or about.get("property") or ""):
            self.found.append(about["content"] or "")
        if tag in NOT_READ:
            self._unread.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in NOT_READ and self._unread:
            self._unread.pop()

    def handle_data(self, data: str) -> None:
        if not self._unread and '="' not in data:  # attributes that a macro returns
            self.found.append(data)


def constants(node: nodes.Node) -> Iterator[str]:
    """Yield the texts in a template's expressions, but for those that are translated."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.kwargs if is_translation(node) else node.iter_child_nodes():
        yield from constants(child)


def is_translation(node: nodes.Node) -> TypeGuard[nodes.Call]:
    return (
        isinstance(node, nodes.Call)
        and isinstance(node.node, nodes.Name)
        and node.node.name in TRANSLATES
    )


def test_each_sentence_in_the_code_of_pages_is_marked(sentences: set[Texts]) -> None:
    marked = {text for texts in sentences for text in texts}

    missing = {
        (path.name, text)
        for path in SHOWING
        for text in texts_in(path)
        if SENTENCE.match(text) and text not in marked
    }

    assert missing == set()


def texts_in(path: Path) -> Iterator[str]:
    """Yield the texts of a module without its docstrings."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {
        ast.get_docstring(node, clean=False)
        for node in ast.walk(tree)
        if isinstance(node, documented)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value not in docs
        ):
            yield node.value


def test_the_labels_of_forms_and_the_sentences_of_refusals_are_marked(
    sentences: set[Texts],
) -> None:
    marked = {text for texts in sentences for text in texts}
    labels = {label for form in subclasses(TextForm) for label in labels_of(form)}
    refusals = {
        kind.sentence for kind in subclasses(Refusal) if not kind.__module__.startswith("web.api")
    }

    assert len(labels) > 20
    assert (labels | refusals) - marked == set()


def labels_of(form: type[TextForm]) -> Iterator[str]:
    """Yield the labels of the fields that a form itself defines, and of their choices."""
    for field in vars(form).values():
        if isinstance(field, UnboundField):
            yield from field.args[:1]
            yield from (choice.label for choice in field.kwargs.get("choices", ()))


def subclasses(of: type[T]) -> Iterator[type[T]]:
    for each in of.__subclasses__():
        yield each
        yield from subclasses(each)
