"""A visitor of the site over HTTP, as a browser is one: a session, forms with their tokens."""

import re
from html import unescape
from typing import Final, Self

from bench.http import Connection, Reply, Unexpected, request

OK: Final = 200
SEE_OTHER: Final = 303

TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """Somebody with a browser, who may become a member."""

    def __init__(self, url: str) -> None:
        """Open the site at this URL."""
        self._connection = Connection(url)
        self.session = ""
        self.page = ""

    def get(self, path: str) -> Reply:
        """See a page."""
        reply = self._ask(path, request(path, session=self.session), OK)
        self.page = reply.text
        return reply

    def post(self, path: str, **fields: str) -> Reply:
        """Send a form of the page last seen, with its token."""
        form = {"csrf_token": self.found(TOKEN), **fields}
        return self._ask(path, request(path, session=self.session, fields=form), SEE_OTHER)

    def link(self, to: str) -> str:
        """The first link or form of the page last seen that leads to an id below this path."""
        return self.found(re.compile(rf'"({to}/[0-9a-f-]{{36}})"'))

    def found(self, pattern: re.Pattern[str]) -> str:
        """What the page last seen has here."""
        found = pattern.search(self.page)
        if not found:
            raise Unexpected(f"A page does not have {pattern.pattern}.")
        return unescape(found[1])

    def _ask(self, path: str, asked: bytes, expected: int) -> Reply:
        reply = self._connection.ask(asked)
        if reply.status != expected:
            raise Unexpected(f"{path} answered {reply.status}, not {expected}.")
        if reply.session is not None:
            self.session = reply.session
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.__exit__()
