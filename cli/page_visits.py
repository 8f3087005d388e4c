"""Visits to every page as a member of one city, to record the statements of each page."""

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

# https, because cookies are Secure except in debug mode.
_SITE: Final = "https://movr.test"


class PageVisitFailed(click.ClickException):
    """A page gave an unexpected response."""


class PageVisitor:
    """A client of the site that acts as a member of one city."""

    def __init__(self, app: Flask, city: City) -> None:
        """Create a client whose requests come from this city."""
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
        """Choose a new password and return the form fields that set it."""
        present, self._password = self._password, secrets.token_hex(8)
        return {"present": present, "new": self._password}

    def get(self, path: str) -> str:
        """Open a page and return its HTML."""
        return self._open("GET", path).text

    def post(self, path: str, **fields: str) -> str:
        """Send a form and return the path that it redirects to."""
        return urlsplit(self._open("POST", path, fields).headers["Location"]).path

    def follow(self, page: str, link: str) -> str:
        """Return the first path on a page of the form `<link>/<id>`. Raises PageVisitFailed."""
        found = re.search(rf'"({link}/[0-9a-f-]{{36}})"', self.get(page))
        if not found:
            raise PageVisitFailed(f"{page} has no {link}.")
        return found[1]

    def _open(self, method: str, path: str, fields: dict[str, str] | None = None) -> TestResponse:
        # In a new context: the request would otherwise share the command's application context,
        # and so the `g` of the previous request.
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
    """Visit every page and yield its route after each visit.

    Deletes the account and the vehicle at the end; as always, their rows remain.
    """
    app.config["WTF_CSRF_ENABLED"] = False  # the client is not a browser
    member = PageVisitor(app, city)
    yield from _visit_as_new_member(member)
    yield from _add_vehicle_and_ride(member)
    yield from _delete_account(member)


def _visit_as_new_member(member: PageVisitor) -> Iterator[str]:
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
    yield from _visit_security(member)


def _visit_security(member: PageVisitor) -> Iterator[str]:
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


def _add_vehicle_and_ride(member: PageVisitor) -> Iterator[str]:
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


def _delete_account(member: PageVisitor) -> Iterator[str]:
    profile = member.follow("/", "/users")
    yield "GET /home"
    member.post(profile.replace("/users", "/users/remove"))
    yield "POST /users/remove/<id>"
