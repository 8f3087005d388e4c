"""A client of the site with cookies, forms and tokens."""

import re
import secrets
from collections.abc import Mapping
from html import unescape
from typing import Self
from uuid import UUID

import httpx

PASSWORD = "correct horse battery"


class Visitor:
    """A visitor of the site, anonymous until it registers."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.username = ""
        self.home = ""
        self._token: tuple[str | None, str] | None = None  # and the session that it belongs to

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def post(
        self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str
    ) -> httpx.Response:
        """Send a form with a CSRF token of the site; redirects are not followed."""
        fields = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=fields, headers=headers)

    def token(self) -> str:
        """Return the CSRF token of the session, from the login page unless it is known."""
        session = self._session()
        if self._token and self._token[0] == session:
            return self._token[1]
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/login").text)
        assert found, "the login page has no token"
        self._token = self._session(), found[1]
        return found[1]

    def _session(self) -> str | None:
        """Return the session cookie, whose name in production has the prefix __Host-."""
        cookies = self.client.cookies
        return cookies.get("__Host-session") or cookies.get("session")

    def register(self, city: str = "new york", **changed: str) -> Self:
        """Register with a random username."""
        fields = registration(city) | changed
        reply = self.post("/register", **fields)
        assert reply.status_code == 303, sentences(reply)
        self.username, self.home = fields["username"], city
        return self

    def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", username=username, password=password)

    @property
    def id(self) -> UUID:
        """The member's own id, from the links of a page."""
        found = re.search(r'href="/users/([0-9a-f-]{36})"', self.get("/home").text)
        assert found, "nobody is logged in"
        return UUID(found[1])

    def add_vehicle(self, location: str = "1 Wall Street") -> UUID:
        """Add a vehicle and return its id."""
        place = f"{location} #{secrets.token_hex(4)}"
        reply = self.post("/vehicles/add", type="bike", color="red", brand="Kona", location=place)
        assert reply.status_code == 303, sentences(reply)
        profile = self.get(reply.headers["Location"]).text
        while place not in profile:  # sorted by random ids, so it may be on any page
            profile = self.get(next_page(profile)).text
        card = profile[profile.index(place) :]
        found = re.search(r"/vehicles/remove/([0-9a-f-]{36})", card)
        assert found
        return UUID(found[1])

    def start(self, vehicle: UUID, city: str = "new york") -> httpx.Response:
        return self.post(f"/rides/start/{vehicle}", city=city)

    def active_ride(self) -> UUID:
        """Return the id of the active ride, from the form that ends it."""
        found = re.search(r"/rides/end/([0-9a-f-]{36})", self.get("/rides").text)
        assert found, "no ride is under way"
        return UUID(found[1])

    def end(self, ride: UUID, location: str = "2 Broadway") -> httpx.Response:
        return self.post(f"/rides/end/{ride}", location=location)

    def follow(self, reply: httpx.Response) -> str:
        """Return the messages of the page behind a redirect."""
        assert reply.status_code == 303, sentences(reply)
        return sentences(self.get(reply.headers["Location"]))


def next_page(page: str) -> str:
    """Return the URL of the list's next page, which must exist."""
    (link,) = re.findall(r'rel="next" href="([^"]+)"', page)
    return unescape(link)


def registration(city: str = "new york") -> dict[str, str]:
    """Return the fields of the registration form."""
    return {
        "city": city,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "username": f"ada-{secrets.token_hex(6)}",
        "password": PASSWORD,
    }


def sentences(reply: httpx.Response) -> str:
    """Return a page's messages: flashed messages, field errors, the lead of an error page."""
    found = re.findall(
        r'<(?:p|div) class="(?:alert|invalid-feedback|lead)[^"]*"[^>]*>([^<]*)<', reply.text
    )
    return f"{reply.status_code}: " + " | ".join(map(str.strip, found))
