"""A constant load of simulated riders who record each response and repeat failed requests.

A rider without a response, or with a 503, sends the same form again until it succeeds.
"""

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

import httpx
from sqlalchemy import Engine, text

from loadtest import database_check, pages
from loadtest.journal import Event, Note
from loadtest.pages import Page
from movr.database import invariants
from tests.visitor import Visitor

CITY = "new york"
TIMEOUT = 30  # seconds, far longer than promised, so that late responses are measured
PAUSE = 0.05  # seconds between two steps of a rider, and before a form is sent again
CALM = 1.0  # seconds without a 503 that count as normal
# Vehicles that are ridden have a position, so they come first in the list; others have none.
POSITION = {"latitude": "40.7128", "longitude": "-74.006"}
RIDDEN = re.compile(r'id="vehicle-([0-9a-f-]{36})" data-at')
UNANSWERED = "no answer"


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of one request; `status` is 0 if the connection was lost."""

    asked: float
    seconds: float
    request: str
    status: int

    @property
    def answered(self) -> float:
        return self.asked + self.seconds


@dataclass
class Load:
    """Riders who share a few vehicles, and a record of all their responses."""

    url: str
    notes: list[Note] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    places: list[tuple[str, str]] = field(
        default_factory=list
    )  # (username, location) of each added vehicle
    faults: int = 0
    broken: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _riders: list[threading.Thread] = field(default_factory=list)

    def begin(self, riders: int) -> Self:
        """Start this number of riders and wait until each has ended a ride."""
        with httpx.Client(base_url=self.url, timeout=TIMEOUT) as client:
            owner = Visitor(client).register()
            for _ in range(riders):
                owner.add_vehicle()
        everyone = [Rider(self) for _ in range(riders)]
        self._riders = [threading.Thread(target=rider.ride_about) for rider in everyone]
        for thread in self._riders:
            thread.start()
        self.wait_for(lambda: sum(note.event is Event.ENDED for note in self.notes) >= riders)
        return self

    @property
    def goes_on(self) -> bool:
        return not self._over.is_set()

    def wait_for(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < deadline, self.summary()
            assert all(thread.is_alive() for thread in self._riders), self.broken
            time.sleep(PAUSE)

    def wait_for_more(self) -> None:
        """Wait until there are more new acknowledgements than riders."""
        told = len(self.notes)
        self.wait_for(lambda: len(self.notes) > told + len(self._riders))

    def wait_until_normal(self) -> float:
        """Wait until requests succeed for CALM seconds; return the time of the last failure."""
        back = time.monotonic()
        self.wait_for(lambda: self._is_calm(since=back))
        bad = [reply.answered for reply in self.refused(since=back)]
        return max(bad, default=back) - back

    def _is_calm(self, since: float) -> bool:
        begin = max(since, time.monotonic() - CALM)
        lately = [reply for reply in self.replies[-2000:] if reply.answered > begin]
        has_lasted = time.monotonic() - since > CALM
        return has_lasted and bool(lately) and all(0 < reply.status < 500 for reply in lately)

    def longest_without_success(self, since: float) -> float:
        """Return the longest time without a successful response since `since`, in seconds."""
        replies = [reply for reply in list(self.replies) if 0 < reply.status < 500]
        good = sorted(reply.answered for reply in replies if reply.answered > since)
        times = [since, *good, time.monotonic()]
        return max(after - before for before, after in pairwise(times))

    def refused(self, since: float = 0) -> list[Reply]:
        """Return requests that got a 503 or no response."""
        return [
            reply
            for reply in list(self.replies)
            if reply.answered > since and (reply.status == 503 or not reply.status)
        ]

    def end(self) -> None:
        """Let each rider complete the current step, and stop."""
        self._over.set()
        for thread in self._riders:
            thread.join(60)
        assert self.broken == []

    def lost(self, engine: Engine) -> list[str]:
        """Return a sentence for each acknowledged write that is not in the database."""
        with engine.connect() as connection:
            found = connection.execute(text("SELECT last_location FROM vehicles")).scalars()
            stand = Counter(found)
        missing = [f"Lost: vehicle at {place}." for _, place in self.places if not stand[place]]
        return [*database_check.missing_from_database(engine, self.notes), *missing]

    def duplicates(self, engine: Engine) -> list[str]:
        """Return a sentence for each unacknowledged ride and each duplicate vehicle."""
        told = {note.id for note in self.notes if note.event is Event.STARTED}
        with engine.connect() as connection:
            rides = connection.execute(text("SELECT id FROM rides")).scalars().all()
            added = text("SELECT last_location FROM vehicles WHERE last_location LIKE 'own %'")
            vehicles = Counter(connection.execute(added).scalars())
        ghosts = [f"Ride {id} was not acknowledged." for id in rides if str(id) not in told]
        return [
            *ghosts,
            *(f"{place} is there {n} times." for place, n in vehicles.items() if n > 1),
        ]

    def judge(self, engine: Engine) -> None:
        """Assert that nothing is lost or duplicated and that all invariants hold."""
        lost, twice = self.lost(engine), self.duplicates(engine)
        wrong = invariants.find_violations(engine)
        print(self.summary(), f"lost {len(lost)}, duplicates {len(twice)}, broken {len(wrong)}")
        assert [*lost, *twice, *wrong] == []

    def summary(self) -> str:
        statuses = Counter(reply.status or UNANSWERED for reply in self.replies)
        slowest = max((reply.seconds for reply in self.replies if reply.status == 503), default=0)
        return (
            f"writes acknowledged {len(self.notes) + len(self.places)}, faults {self.faults},"
            f" replies {dict(statuses)}, slowest 503 after {slowest:.2f} s,"
        )


class Rider:
    """Starts and ends rides, adds vehicles and opens pages."""

    def __init__(self, load: Load) -> None:
        """Register before the fault."""
        self._load = load
        self._client = httpx.Client(base_url=load.url, timeout=TIMEOUT)
        self._visitor = Visitor(self._client).register()
        self._id = str(self._visitor.id)
        self._token = self._visitor.token()
        self._steps = 0
        self._said: dict[str, str] = {}

    def ride_about(self) -> None:
        """Ride until the load ends, then complete the current step."""
        try:
            while self._load.goes_on:
                self._ride()
                self._add_vehicle()
        except Exception as error:  # noqa: BLE001 - reported by the test, in another thread
            self._load.broken.append(f"{type(error).__name__}: {error}")
        finally:
            self._client.close()

    def _ride(self) -> None:
        shown = RIDDEN.findall(self._settle("GET", "/vehicles").text)
        if not shown:
            return  # all are in use
        page = self._press(f"/rides/start/{random.choice(shown)}", city=CITY)
        if "success" not in page.alerts:
            return  # another rider was faster
        form = page.form("/rides/end/")
        self._note(Event.STARTED, form.id)
        place = self._new_place("bench")
        page = self._press(form.action, city=CITY, location=place, **POSITION)
        assert page.alerts.get("success", "").startswith("Your ride has ended"), page.alerts
        self._note(Event.ENDED, form.id, place)

    def _add_vehicle(self) -> None:
        place = self._new_place("own")
        offered = pages.read("/vehicles/add", self._settle("GET", "/vehicles/add").text)
        form = offered.form("/vehicles/add")  # with the key that makes a repetition harmless
        filled = form.filled({"type": "bike", "color": "red", "brand": "Kona", "location": place})
        page = self._press(form.action, **filled)
        assert "success" in page.alerts, page.alerts
        self._load.places.append((self._id, place))

    def _new_place(self, what: str) -> str:
        self._steps += 1
        return f"{what} {self._id} {self._steps}"

    def _note(self, event: Event, id: str, place: str = "") -> None:
        self._load.notes.append(Note(event=event, city=CITY, id=id, user_id=self._id, place=place))

    def _press(self, path: str, **fields: str) -> Page:
        """Send a form until it succeeds, and return the page that it redirects to."""
        reply = self._settle("POST", path, {**fields, "csrf_token": self._token})
        assert reply.status_code == 303, f"{path}: {reply.status_code}"
        self._said = {}
        location = reply.headers["Location"]
        page = pages.read(location, self._settle("GET", location).text)
        page.alerts.update(self._said)  # a 503 page also shows flashed messages
        return page

    def _settle(
        self, method: str, path: str, fields: dict[str, str] | None = None
    ) -> httpx.Response:
        while True:
            reply = self._ask(method, path, fields)
            time.sleep(PAUSE)
            if reply is not None and reply.status_code != 503:
                assert reply.status_code < 400, f"{method} {path}: {reply.status_code}"
                return reply

    def _ask(self, method: str, path: str, fields: dict[str, str] | None) -> httpx.Response | None:
        asked = time.monotonic()
        reply = None
        with suppress(httpx.TransportError):
            reply = self._client.request(method, path, data=fields)
        status = reply.status_code if reply is not None else 0
        seconds = time.monotonic() - asked
        self._load.replies.append(Reply(asked, seconds, f"{method} {path}", status))
        if status == 503:
            assert reply
            assert "Retry-After" in reply.headers
            assert '<p class="lead">' in reply.text
            self._said |= pages.read(path, reply.text).alerts
        return reply
