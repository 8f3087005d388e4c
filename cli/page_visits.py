"""A tour through every page, as a member of one city takes it, to see what each asks for."""

import re
import secrets
from collections.abc import Iterator
from contextvars import Context
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import click
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from movr.cities import City

# Cookies are for https only, but while developing.
_SITE: Final = "https://movr.test"


class PageVisitFailed(click.ClickException):
    """A page did not do what it does."""


class PageVisitor:
    """A member on tour, who sees one city."""

    def __init__(self, app: Flask, city: City) -> None:
        """Arrive in this city."""
        self._client = FlaskClient(app, app.response_class)
        self._header = {app.extensions["settings"].city_header: city.name}
        self._name = f"tour-{secrets.token_hex(8)}"
        self._password = self._name
        self.city = city

    def register(self) -> None:
        """Open an account."""
        self.post(
            "/register",
            city=self.city.name,
            first_name="On",
            last_name="Tour",
            email="tour@example.com",
            username=self._name,
            password=self._password,
        )

    def log_in(self) -> None:
        """Log in again."""
        self.post("/login", username=self._name, password=self._password)

    def change_password(self) -> dict[str, str]:
        """The words that change it."""
        present, self._password = self._password, secrets.token_hex(8)
        return {"present": present, "new": self._password}

    def get(self, path: str) -> str:
        """See a page."""
        return self._open("GET", path).text

    def post(self, path: str, **fields: str) -> str:
        """Send a form; where it led."""
        return urlsplit(self._open("POST", path, fields).headers["Location"]).path

    def follow(self, page: str, link: str) -> str:
        """The first path on a page that begins with this one."""
        found = re.search(rf'"({link}/[0-9a-f-]{{36}})"', self.get(page))
        if not found:
            raise PageVisitFailed(f"{page} has no {link}.")
        return found[1]

    def _open(self, method: str, path: str, fields: dict[str, str] | None = None) -> TestResponse:
        # In a context of its own: a command has an application context, which the request would
        # share, and with it what g remembers of the last one.
        reply = Context().run(
            self._client.open,
            path,
            method=method,
            data=fields,
            base_url=_SITE,
            headers=self._header,
        )
        if reply.status_code not in {HTTPStatus.OK, HTTPStatus.SEE_OTHER}:
            raise PageVisitFailed(f"{method} {path} answered {reply.status}.")
        return reply


def visit_every_page(app: Flask, city: City) -> Iterator[str]:
    """Visit every page, yielding its route after each. What it makes is deleted at the end.

    The account and the vehicle are: as always, their rows stay, erased and out of service.
    """
    app.config["WTF_CSRF_ENABLED"] = False  # no stranger's browser is on this tour
    member = PageVisitor(app, city)
    yield from _arrive(member)
    yield from _own_and_ride(member)
    yield from _leave(member)


def _arrive(member: PageVisitor) -> Iterator[str]:
    member.get("/")
    yield "GET /"
    member.register()
    yield "POST /register"
    member.post("/logout")
    yield "POST /logout"
    member.log_in()
    yield "POST /login"
    for page in ("/", "/vehicles", "/users", "/rides", "/vehicles/add"):
        member.get(page)
        yield f"GET {page}, as a member"
    yield from _be_safe(member)


def _be_safe(member: PageVisitor) -> Iterator[str]:
    security = f"{member.follow('/', '/users')}/security"
    yield "GET /home"
    member.get(security)
    yield "GET /users/<id>/security"
    member.post(security, **member.change_password())
    yield "POST /users/<id>/security"
    member.post(security.replace("security", "logout"))
    yield "POST /users/<id>/logout"
    member.log_in()
    yield "POST /login"


def _own_and_ride(member: PageVisitor) -> Iterator[str]:
    profile = member.post("/vehicles/add", type="bike", color="red", brand="Tour", location="here")
    yield "POST /vehicles/add"
    remove = member.follow(profile, "/vehicles/remove")
    yield "GET /users/<id>"
    feed = f"/gbfs/v3/{member.city.slug}/vehicle_status.json"
    found = member.follow(feed, f"{_SITE}/vehicles/{member.city.slug}")
    yield "GET /gbfs/v3/<city>/vehicle_status.json"
    member.get(urlsplit(found).path)
    yield "GET /vehicles/<city>/<public id>"
    member.post(remove.replace("/vehicles/remove", "/rides/start"))
    yield "POST /rides/start/<id>"
    end = member.follow("/rides", "/rides/end")
    yield "GET /rides, on a ride"
    receipt = member.post(end, location="there")
    yield "POST /rides/end/<id>"
    member.get(receipt)
    yield "GET /rides/<id>"
    member.get("/rides")
    yield "GET /rides, with a history"
    member.post(remove)
    yield "POST /vehicles/remove/<id>"


def _leave(member: PageVisitor) -> Iterator[str]:
    profile = member.follow("/", "/users")
    yield "GET /home"
    member.post(profile.replace("/users", "/users/remove"))
    yield "POST /users/remove/<id>"
