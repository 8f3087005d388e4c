"""A visitor of the site, as a browser is one: cookies, forms, tokens."""

import re
import secrets
from collections.abc import Mapping
from html import unescape
from typing import Self
from uuid import UUID

import httpx

PASSWORD = "correct horse battery"


class Visitor:
    """Somebody with a browser, who may become a member."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.username = ""
        self.home = ""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def post(
        self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str
    ) -> httpx.Response:
        """Send a form with the token that a page of ours carries; redirects are not followed."""
        fields = {"csrf_token": self.token(), **fields}
        return self.client.post(path, data=fields, headers=headers)

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/login").text)
        assert found, "the login page has no token"
        return found[1]

    def register(self, city: str = "new york", **changed: str) -> Self:
        """Become a member, under a name of one's own."""
        fields = registration(city) | changed
        reply = self.post("/register", **fields)
        assert reply.status_code == 303, sentences(reply)
        self.username, self.home = fields["username"], city
        return self

    def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/login", username=username, password=password)

    @property
    def id(self) -> UUID:
        """The member's own id, as every page links to it."""
        found = re.search(r'href="/users/([0-9a-f-]{36})"', self.get("/home").text)
        assert found, "nobody is logged in"
        return UUID(found[1])

    def add_vehicle(self, location: str = "1 Wall Street") -> UUID:
        """Put a vehicle on the street and return its id."""
        place = f"{location} #{secrets.token_hex(4)}"
        reply = self.post("/vehicles/add", type="bike", color="red", brand="Kona", location=place)
        assert reply.status_code == 303, sentences(reply)
        profile = self.get(reply.headers["Location"]).text
        while place not in profile:  # by their ids, which are random: it may be on any page
            profile = self.get(next_page(profile)).text
        card = profile[profile.index(place) :]
        found = re.search(r"/vehicles/remove/([0-9a-f-]{36})", card)
        assert found
        return UUID(found[1])

    def start(self, vehicle: UUID, city: str = "new york") -> httpx.Response:
        return self.post(f"/rides/start/{vehicle}", city=city)

    def active_ride(self) -> UUID:
        """The id of the ride under way, as the rides page offers to end it."""
        found = re.search(r"/rides/end/([0-9a-f-]{36})", self.get("/rides").text)
        assert found, "no ride is under way"
        return UUID(found[1])

    def end(self, ride: UUID, location: str = "2 Broadway") -> httpx.Response:
        return self.post(f"/rides/end/{ride}", location=location)

    def follow(self, reply: httpx.Response) -> str:
        """The sentences that the page behind a redirect says."""
        assert reply.status_code == 303, sentences(reply)
        return sentences(self.get(reply.headers["Location"]))


def next_page(page: str) -> str:
    """Where the list of this page goes on; it does."""
    (link,) = re.findall(r'rel="next" href="([^"]+)"', page)
    return unescape(link)


def registration(city: str = "new york") -> dict[str, str]:
    """What a new member fills in."""
    return {
        "city": city,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "username": f"ada-{secrets.token_hex(6)}",
        "password": PASSWORD,
    }


def sentences(reply: httpx.Response) -> str:
    """What a page says to its reader: flashed messages, field errors, the lead of an error page."""
    found = re.findall(
        r'<(?:p|div) class="(?:alert|invalid-feedback|lead)[^"]*"[^>]*>([^<]*)<', reply.text
    )
    return f"{reply.status_code}: " + " | ".join(found)
