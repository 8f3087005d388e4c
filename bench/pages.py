"""The pages that are benchmarked, and the scripts that request them from MovR and the floor."""

import random
import re
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Engine

from bench import people
from bench.http import Reply, Unexpected, request
from bench.people import PASSWORD, Person
from bench.visitor import OK, SEE_OTHER, TOKEN, Visitor
from movr.cities import DEFAULT_CITY

STRANGER: Final = " as a stranger"
BY_API: Final = " by the API"
SEARCH_NEAR: Final = "Vehicles from where one is"
CYCLE: Final = "Start and end a ride"
SPREAD: Final = 0.015  # degrees, about a mile, the area of the vehicles
START, SEE, END = "start", "see", "end"  # the three requests of the cycle
END_FORM: Final = re.compile(r'"(/rides/end/[0-9a-f-]{36})"')
END_LOCATION: Final = "64 Christopher Street"

# A generator that yields requests, is sent their replies, and returns at the end of a run. Making
# it is not measured: the cycle reads its vehicle's public id, which changes with each ride.
Script = Callable[[], Generator[bytes, Reply, None]]


def paths(person: Person) -> dict[str, str]:
    """Return the path of each benchmarked page, for this member or an anonymous visitor."""
    return {
        "Home as a stranger": "/",
        "Vehicles as a stranger": "/vehicles",
        "Form to register as a stranger": "/register",
        "Form to log in as a stranger": "/login",
        "Home": "/",
        "Vehicles": "/vehicles",
        SEARCH_NEAR: _path_near_random_position(),
        "Members": "/users",
        "Rides": "/rides",
        "Profile": f"/users/{person.id}",
        "Form to add a vehicle": "/vehicles/add",
        # The lists of the pages above; the vehicles of a member are on the profile.
        "Vehicles by the API": f"/api/v1/cities/{DEFAULT_CITY.slug}/vehicles",
        "Members by the API": f"/api/v1/cities/{DEFAULT_CITY.slug}/members",
        "Rides by the API": "/api/v1/me/rides",
        "Own vehicles by the API": "/api/v1/me/vehicles",
    }


def is_for_strangers(page: str) -> bool:
    """Return True for a page that is requested without logging in."""
    return page.endswith(STRANGER)


def is_by_api(page: str) -> bool:
    """Return True for a list that a program requests with an access token."""
    return page.endswith(BY_API)


def scripts_of_app(url: str, person: Person, engine: Engine) -> Mapping[str, Script]:
    """Log a member in and return the script of each page of MovR for this session."""
    with Visitor(url) as visitor:
        visitor.get("/")
        visitor.get("/")  # the session has a token now, and messages shown once are gone
        stranger = visitor.session
        visitor.post("/login", username=person.username, password=PASSWORD)
        visitor.get("/")  # shows the message after logging in
        member = visitor.session
        token = visitor.found(TOKEN)
        access_token = visitor.access_token(person.username, PASSWORD)

    def data(page: str, path: str) -> bytes:
        if is_by_api(page):
            return request(path, token=access_token)
        return request(path, session=stranger if is_for_strangers(page) else member)

    pages = {page: partial(_see, data(page, path)) for page, path in paths(person).items()}
    return {
        **pages,
        SEARCH_NEAR: partial(_search_near_random_position, member),
        CYCLE: lambda: _ride(people.public_id(engine, person), member, token),
    }


def scripts_of_floor(person: Person, engine: Engine) -> Mapping[str, Script]:
    """Return the script of each page of the floor."""
    pages = {page: partial(_see, request(f"/{slug(page)}")) for page in paths(person)}
    return {
        **pages,
        CYCLE: lambda: _ride_on_floor(person, people.public_id(engine, person)),
    }


def slug(page: str) -> str:
    """Return a page's name as in the floor's paths."""
    return page.lower().replace(" ", "-")


def _see(data: bytes) -> Generator[bytes, Reply, None]:
    reply = yield data
    _expect(reply, OK)


def _path_near_random_position() -> str:
    """Return the path of the list of vehicles near a random position."""
    north, east = (random.uniform(-SPREAD, SPREAD) for _ in range(2))  # noqa: S311 - no secret
    centre = DEFAULT_CITY.centre
    return f"/vehicles?near={centre.latitude + north:.5f},{centre.longitude + east:.5f}"


def _search_near_random_position(session: str) -> Generator[bytes, Reply, None]:
    reply = yield request(_path_near_random_position(), session=session)
    _expect(reply, OK)


def _ride(public_id: UUID, session: str, token: str) -> Generator[bytes, Reply, None]:
    """Start a ride, open its page and end it, taking the session cookie of each reply."""
    fields = {"csrf_token": token}
    started = yield request(f"/rides/start/{public_id}", session=session, fields=fields)
    _expect(started, SEE_OTHER)
    seen = yield request("/rides", session=started.session or session)
    _expect(seen, OK)
    form = END_FORM.search(seen.text)
    if not form:
        raise Unexpected("The ride that was started is not on the page of rides.")
    ended = yield request(
        form[1], session=seen.session or session, fields={**fields, "location": END_LOCATION}
    )
    _expect(ended, SEE_OTHER)


def _ride_on_floor(person: Person, public_id: UUID) -> Generator[bytes, Reply, None]:
    ids = f"{person.id}/{public_id}/{uuid4()}/{uuid4()}"
    for act, status in ((START, SEE_OTHER), (SEE, OK), (END, SEE_OTHER)):
        reply = yield request(f"/{act}/{ids}")
        _expect(reply, status)


def _expect(reply: Reply, status: int) -> None:
    if reply.status != status:
        raise Unexpected(f"A page answered {reply.status} instead of {status}: {reply.text[:200]}")
