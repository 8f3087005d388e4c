"""The language of a response, and translation of its sentences by gettext.

Sentences are written in English where they are used and are the keys of the catalogues in
translations/, which `make messages` updates. A percent sign in a sentence is written `%%`. The
language has nothing to do with the city, whose time, currency and units stay (docs/decisions/0005).
"""

import gettext as catalogues
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, g, has_request_context, request, session
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from movr.messages import Message

ENGLISH: Final = "en"
# Each under its own name, as readers look for it.
LANGUAGES: Final = {
    ENGLISH: "English",
    "es": "Español",
    "fr": "Français",
    "it": "Italiano",
    "nl": "Nederlands",
}
FOLDER: Final = Path(__file__).parents[1] / "translations"


def init_app(app: Flask) -> None:
    """Let templates translate: `_("…")`, `{% trans %}`, and `| translated` for names of data."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    # Methods of the extension, by its documentation; Jinja's types do not know them.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext, _ngettext, newstyle=True
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.filters["translated"] = translated
    app.after_request(_add_headers)
    # Jinja's own function calls ours by a slower way: a tenth to a fifth of a page's time.
    app.jinja_env.globals.update(_=_text, gettext=_text)
    app.jinja_env.globals.update(current_language=current_language, languages=LANGUAGES)


def current_language() -> str:
    """Return the language of this response: the address' `lang`, the choice, or the browser's."""
    if not has_request_context():
        return ENGLISH
    language: str | None = g.get("language")
    if language is None:
        language = g.language = next(_candidates())
    return language


def chosen_language() -> str | None:
    """Return the language that was chosen in this session, if any."""
    language: str | None = session.get("language")
    return language


def choose_language(language: str) -> None:
    """Set the language of this session, and of the rest of this response."""
    session["language"] = g.language = language


@contextmanager
def in_language(language: str | None) -> Iterator[None]:
    """Translate to this language, or to English, within the block."""
    before = g.get("language")
    g.language = language if language in LANGUAGES else ENGLISH
    try:
        yield
    finally:
        g.language = before


def gettext(text: str, /, **values: object) -> str:
    """Return the translation of a sentence, with these values."""
    return _gettext(text) % values


def ngettext(singular: str, plural: str, count: int, /, **values: object) -> str:
    """Return the translation of a sentence with a number, which is its value `num`, as in Jinja."""
    return _ngettext(singular, plural, count) % {"num": count, **values}


def translate(message: Message) -> str:
    """Return the translation of a message of package movr."""
    if message.plural:
        text = _ngettext(message.text, message.plural, message.count)
    else:
        text = _gettext(message.text)
    return text % message.all_values


def translated(name: str | None) -> str:
    """Return the translation of a name from a fixed set, such as a type of vehicle, if it has one.

    Unlike that of `_` in templates, the result is escaped.
    """
    return _gettext(name or "")


def _candidates() -> Iterator[str]:
    """Yield the languages that are asked for and that MovR has, by priority.

    `fr-CA` asks for French here; Werkzeug's best_match prefers any language that is named exactly.
    """
    browser = (tag.partition("-")[0] for tag, quality in request.accept_languages if quality)
    for wanted in (request.args.get("lang"), chosen_language(), *browser, ENGLISH):
        if wanted in LANGUAGES:
            yield wanted


def _add_headers(response: Response) -> Response:
    """Name the language of a page, and tell caches on what it depends where it was asked for."""
    if language := g.get("language"):
        response.vary.add("Accept-Language")
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Language", language)
    return response


@pass_eval_context
def _text(context: EvalContext, text: str, /, **values: object) -> str:
    """Translate a sentence of a template: it is markup, and its values are escaped."""
    if not context.autoescape:
        return gettext(text, **values)
    return Markup(_gettext(text)) % values  # noqa: S704 - a sentence of a template, never data


def _gettext(text: str) -> str:
    # The translation of an empty text would be the head of the catalogue.
    return _catalogue(current_language()).gettext(text) if text else ""


def _ngettext(singular: str, plural: str, count: int) -> str:
    return _catalogue(current_language()).ngettext(singular, plural, count)


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    """Return the catalogue of a language; English has none."""
    return catalogues.translation("messages", FOLDER, [language], fallback=language == ENGLISH)
