"""Pages: what templates write, with what is of this reply alone filled in.

Most of a page is the same for many who look, and remembered (web/rendering/fragments.py). The token
of its forms and the nonce of its scripts are not. Templates write a mark in their place, which
nobody can guess.
"""

import secrets
from typing import Any, Final

from flask import Flask, render_template  # noqa: TID251 - the one place
from flask_wtf.csrf import generate_csrf

from web.context import settings
from web.placeholders import PLACEHOLDERS
from web.security.response_headers import csp_nonce

_MEANINGS: Final = {
    "TOKEN": generate_csrf,  # shows that a form is one of our pages'
    "NONCE": csp_nonce,  # shows that a script is one of ours
    "KEY": secrets.token_hex,  # shows that a form is the same, sent again
}


def init_app(app: Flask) -> None:
    """Give templates the marks; that of the nonce only where Google Maps needs one."""
    with app.app_context():
        mark = PLACEHOLDERS["NONCE"] if settings().api_key else None
    app.jinja_env.globals.update(PLACEHOLDERS, NONCE=mark)


def render_page(template: str, **facts: Any) -> str:
    """The page that this template makes of these facts, for this reply."""
    page = render_template(template, **facts)
    for name, mark in PLACEHOLDERS.items():
        if mark in page:
            page = page.replace(mark, _MEANINGS[name]())
    return page
