"""A client of the site with cookies, forms and tokens."""

import re
import secrets
from collections.abc import Mapping
from html import unescape
from typing import Self
from uuid import UUID

import httpx

from movr.cities import DEFAULT_CITY, find_city

PASSWORD = "correct horse battery"
DELETION = {"password": PASSWORD, "confirm": "1"}  # the form that deletes an account


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
        return _id('href="/users/', self.get("/home").text)

    def add_vehicle(self, location: str = "1 Wall Street", **changed: str) -> UUID:
        """Add a vehicle at the centre of the home city, unless other fields are given.

        Returns its public id, which it has until its next ride.
        """
        place = f"{location} #{secrets.token_hex(4)}"
        latitude, longitude = map(str, (find_city(self.home) or DEFAULT_CITY).centre)
        form = {"type": "bike", "color": "red", "brand": "Kona", "location": place}
        reply = self.post(
            "/vehicles/add", **form | {"latitude": latitude, "longitude": longitude} | changed
        )
        assert reply.status_code == 303, sentences(reply)
        return _id(r'id="vehicle-', self._own_card(place))

    def permanent_id(self, public_id: UUID) -> UUID:
        """Return the permanent id of the member's own available vehicle."""
        return _id("/vehicles/own/", self._own_card(str(public_id)))

    def public_id(self, permanent_id: UUID) -> UUID:
        """Return the present public id of the member's own available vehicle."""
        return _id(r'id="vehicle-', self._own_card(str(permanent_id)))

    def _own_card(self, text: str) -> str:
        """Return the card with this text on the member's profile."""
        profile = self.get(f"/users/{self.id}").text
        while text not in profile:  # sorted by random ids, so it may be on any page
            profile = self.get(next_page(profile)).text
        cards = profile.split('<li class="vehicle-card"')
        return next(card for card in cards[1:] if text in card)

    def start(self, public_id: UUID, city: str = "new york") -> httpx.Response:
        return self.post(f"/rides/start/{public_id}", city=city)

    def reserve(self, public_id: UUID, city: str = "new york") -> httpx.Response:
        return self.post(f"/reservations/start/{public_id}", city=city)

    def active_ride(self) -> UUID:
        """Return the id of the active ride, from the form that ends it."""
        return _id("/rides/end/", self.get("/rides").text)

    def end(self, ride: UUID, location: str = "2 Broadway", **fields: str) -> httpx.Response:
        return self.post(f"/rides/end/{ride}", location=location, **fields)

    def delete_account(self) -> httpx.Response:
        return self.post(f"/users/remove/{self.id}", **DELETION)

    def follow(self, reply: httpx.Response) -> str:
        """Return the messages of the page behind a redirect."""
        assert reply.status_code == 303, sentences(reply)
        return sentences(self.get(reply.headers["Location"]))


def _id(before: str, page: str) -> UUID:
    """Return the id after this text on a page, which must be there."""
    found = re.search(rf"{before}([0-9a-f-]{{36}})", page)
    assert found, f"no {before} on this page"
    return UUID(found[1])


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
    return f"{reply.status_code}: " + " | ".join(unescape(text).strip() for text in found)
