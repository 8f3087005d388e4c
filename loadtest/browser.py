"""A browser on top of Locust's client, with cookies, one current page, and its forms.

Redirects are followed one by one, so that Locust measures each request separately.
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
    """A browser window; `address` is the client's IP address in X-Forwarded-For.

    `host` is the name of the site in the header Host; "": that of the URL.
    """

    def __init__(self, session: FastHttpSession, address: str, host: str = "") -> None:
        """Open an empty window, with no cookies."""
        self._session = session
        self._session.cookiejar.clear()
        self.address, self._host = address, host
        self.page = Page("")

    def open(self, url: str) -> None:
        """Open a page and follow its redirects."""
        location = self._request("GET", url, OK | SEE_OTHER)
        while location:
            location = self._request("GET", location, OK | SEE_OTHER)

    def follow(self, beginning: str) -> None:
        """Follow the first link of this page that begins with `beginning`."""
        self.open(self.page.link(beginning))

    def send(self, form: Form, expected: AbstractSet[int] = SEE_OTHER, /, **values: str) -> None:
        """Send a form of this page and follow the redirect; after a refusal, stay on this page."""
        if location := self.post(form.action, form.filled(values), expected):
            self.open(location)

    def post(
        self, url: str, fields: dict[str, str], expected: AbstractSet[int], *, kind: str = ""
    ) -> str | None:
        """Post these fields and return the Location of the response, if any."""
        return self._request("POST", url, expected, fields, kind=kind)

    def peek(self, url: str, expected: AbstractSet[int], *, kind: str = "") -> None:
        """Request a page that should be refused, without following redirects."""
        self._request("GET", url, expected, kind=kind)

    def _request(
        self,
        method: str,
        url: str,
        expected: AbstractSet[int],
        fields: dict[str, str] | None = None,
        *,
        kind: str = "",
    ) -> str | None:
        """Send a request and return the Location of the response, if it has one.

        A page in the response becomes the current page. An unexpected status is recorded as a
        failure and aborts the rider's task (RescheduleTask).
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
        host = {"Host": self._host} if self._host else {}
        return {"X-Forwarded-For": self.address} | host | referer

    def token(self) -> str:
        """Return the CSRF token of this page. Raises NotOffered if it has no form."""
        if not self.page.forms:
            raise NotOffered(f"{self.page.url} has no form.")
        return self.page.forms[0].fields["csrf_token"]


def name_of(url: str) -> str:
    """Return the URL without ids, the name by which Locust groups requests."""
    path, _, query = url.partition("?")
    path = re.sub(UUID, "[id]", re.sub(r"/(city|cities)/[^/]+", r"/\1/[city]", path))
    return f"{path}?{query.partition('=')[0]}=" if query else path
