"""A browser over Locust's client: cookies, one page at a time, forms with what the page put there.

Redirects are followed one by one, so that each request is measured by itself.
"""

import re
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Final

from locust.contrib.fasthttp import FastHttpSession
from locust.exception import RescheduleTask

from loadtest import pages
from loadtest.pages import Form, NotOffered, Page

OK: Final = frozenset({HTTPStatus.OK})
SEE_OTHER: Final = frozenset({HTTPStatus.SEE_OTHER})
UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Browser:
    """One window of one person; `address` is where a load balancer would say they are."""

    def __init__(self, session: FastHttpSession, address: str) -> None:
        """Open an empty window, with no cookies."""
        self._session = session
        self._session.cookiejar.clear()
        self._address = address
        self.page = Page("")

    def open(self, url: str) -> None:
        """Go to a page, and on to where it leads."""
        location = self._ask("GET", url, OK | SEE_OTHER)
        while location:
            location = self._ask("GET", location, OK | SEE_OTHER)

    def follow(self, beginning: str) -> None:
        """Follow the first link of this page that begins like this."""
        self.open(self.page.link(beginning))

    def send(self, form: Form, expected: AbstractSet[int] = SEE_OTHER, /, **words: str) -> None:
        """Send a form of this page, and go on to where it leads; a refusal leaves us here."""
        if location := self.post(form.action, form.filled(words), expected):
            self.open(location)

    def post(
        self, url: str, fields: dict[str, str], expected: AbstractSet[int], *, kind: str = ""
    ) -> str | None:
        """Send these fields; where the reply leads."""
        return self._ask("POST", url, expected, fields, kind=kind)

    def peek(self, url: str, expected: AbstractSet[int], *, kind: str = "") -> None:
        """Ask for a page that is not for us."""
        self._ask("GET", url, expected, kind=kind)

    def _ask(
        self,
        method: str,
        url: str,
        expected: AbstractSet[int],
        fields: dict[str, str] | None = None,
        *,
        kind: str = "",
    ) -> str | None:
        """The Location of the reply, if it has one; a page is read and becomes ours.

        Any status but the expected is a failure, and ends what the rider was about to do.
        """
        with self._session.request(
            method,
            url,
            name=name_of(url) + kind,
            data=fields,
            headers=self._headers(),
            catch_response=True,
        ) as reply:
            if reply.status_code not in expected:
                answered = f"answered {reply.status_code}" if reply.status_code else reply.error
                reply.failure(answered)
                raise RescheduleTask
            reply.success()
        if reply.status_code == HTTPStatus.SEE_OTHER:
            return str(reply.headers["Location"])
        if method == "GET" and reply.status_code == HTTPStatus.OK:
            self.page = pages.read(url, str(reply.text))
        return None

    def _headers(self) -> dict[str, str]:
        referer = {"Referer": f"{self._session.base_url}{self.page.url}"} if self.page.url else {}
        return {"X-Forwarded-For": self._address} | referer

    def token(self) -> str:
        """The CSRF token of this page."""
        if not self.page.forms:
            raise NotOffered(f"{self.page.url} has no form.")
        return self.page.forms[0].fields["csrf_token"]


def name_of(url: str) -> str:
    """The URL with its ids left out, to count requests by."""
    path, _, query = url.partition("?")
    path = re.sub(UUID, "[id]", re.sub(r"^/city/[^/]+", "/city/[city]", path))
    return f"{path}?{query.partition('=')[0]}=" if query else path
