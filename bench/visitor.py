"""A client of the site with a session cookie and the CSRF tokens of its forms."""

import json
import re
from html import unescape
from typing import Final, Self

from bench.http import Connection, Reply, Unexpected, json_request, request

OK: Final = 200
CREATED: Final = 201
SEE_OTHER: Final = 303

TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """A visitor of the site, anonymous until it logs in."""

    def __init__(self, url: str) -> None:
        """Connect to the site at this URL."""
        self._connection = Connection(url)
        self.session = ""
        self.page = ""

    def get(self, path: str) -> Reply:
        """Open a page, which becomes the current page."""
        reply = self._exchange(path, request(path, session=self.session), OK)
        self.page = reply.text
        return reply

    def post(self, path: str, **fields: str) -> Reply:
        """Send a form with the current page's CSRF token."""
        form = {"csrf_token": self.found(TOKEN), **fields}
        return self._exchange(path, request(path, session=self.session, fields=form), SEE_OTHER)

    def access_token(self, username: str, password: str) -> str:
        """Log in at the API and return an access token, which lasts 15 minutes."""
        login = {"username": username, "password": password, "device": "bench"}
        path = "/api/v1/tokens"
        reply = self._exchange(path, json_request(path, login), CREATED)
        token: str = json.loads(reply.text)["access_token"]
        return token

    def link(self, to: str) -> str:
        """Return the first URL on the current page of the form `<to>/<id>`."""
        return self.found(re.compile(rf'"({to}/[0-9a-f-]{{36}})"'))

    def found(self, pattern: re.Pattern[str]) -> str:
        """Return the pattern's first group on the current page. Raises Unexpected."""
        found = pattern.search(self.page)
        if not found:
            raise Unexpected(f"A page does not have {pattern.pattern}.")
        return unescape(found[1])

    def _exchange(self, path: str, data: bytes, expected: int) -> Reply:
        reply = self._connection.exchange(data)
        if reply.status != expected:
            raise Unexpected(f"{path} answered {reply.status}, not {expected}.")
        if reply.session is not None:
            self.session = reply.session
        return reply

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.__exit__()
