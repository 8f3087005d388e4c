"""The crowd, as Locust runs it for loadtest/__main__.py.

Riders know MovR by its pages alone. What they do next is what the page in front of them offers.
"""

import os
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import gevent
from locust import FastHttpUser, between, events, task
from locust.env import Environment

from loadtest.browser import SEE_OTHER, Browser
from loadtest.journal import JOURNAL_VARIABLE, Event, Journal, Note
from loadtest.pages import Form, Page

Steps = dict[Callable[[], None], int]

THINK: Final = float(os.environ["THINK"])  # seconds, on average
STEPS: Final = (8, 25)  # of a visit
REPORT_EVERY: Final = 5  # seconds
MISTYPED_LOGIN: Final = "mistyped"  # nobody's password, and too short for one
HOSTILE: Final = " (hostile)"
BAD_REQUEST: Final = frozenset({HTTPStatus.BAD_REQUEST})
FORBIDDEN: Final = frozenset({HTTPStatus.FORBIDDEN})
NOT_FOUND: Final = frozenset({HTTPStatus.NOT_FOUND})
INVALID: Final = frozenset({HTTPStatus.UNPROCESSABLE_ENTITY})

journal: Final = Journal(Path(os.environ[JOURNAL_VARIABLE]))


class Broken(Exception):  # noqa: N818 - what the site did
    """The site said one thing and did another."""


@dataclass(slots=True)
class Person:
    """Somebody who comes to the site for the first time."""

    name: str = field(default_factory=lambda: f"crowd-{secrets.token_hex(6)}")
    password: str = field(default_factory=secrets.token_urlsafe)
    city: str = ""
    id: str = ""
    ride: str = ""  # under way


class Rider(FastHttpUser):
    """Comes, registers, rides here and elsewhere, and leaves; then comes as somebody else."""

    weight = 7
    max_redirects = 0  # our browser follows them
    wait_time = between(THINK / 2, THINK * 3 / 2)
    person: Person
    browser: Browser

    @task
    def visit(self) -> None:
        """A life with MovR."""
        address = ".".join(["10", *(str(random.randrange(256)) for _ in range(3))])
        self.person, self.browser = Person(), Browser(self.client, address)
        self.browser.open("/")
        self.think()
        self.register()
        steps = self.steps()
        for step in random.choices([*steps], [*steps.values()], k=random.randint(*STEPS)):
            self.think()
            step()
        self.end_ride()
        self.think()
        self.leave()

    def steps(self) -> Steps:
        """What this kind of person does, and how often."""
        return {
            self.ride: 6,
            self.look_around: 3,
            self.travel: 2,
            self.log_out_and_in: 1,
        }

    def think(self) -> None:
        """Look at the page for a while."""
        self.wait()  # type: ignore[no-untyped-call]  # Locust's

    @property
    def page(self) -> Page:
        """The page in front of the rider."""
        return self.browser.page

    def register(self) -> None:
        """Open an account in one of the cities that the form offers; some mistype at first."""
        self.browser.follow("/register")
        self.think()
        form = self.page.form("/register")
        self.person.city = random.choice(form.choices["city"])
        words = {
            "city": self.person.city,
            "first_name": "Robin",
            "last_name": "Crowd",
            "email": f"{self.person.name}@example.com",
            "username": self.person.name,
        }
        if one_in(10):
            self.browser.send(form, INVALID, **words, password=MISTYPED_LOGIN)
        self.browser.send(form, **words, password=self.person.password)
        self.expect_success("registering")
        self.person.id = self.page.link("/users/").rpartition("/")[2]
        self.note(Event.REGISTERED, self.person.city, self.person.id)

    def ride(self) -> None:
        """End the ride under way, or start one."""
        if self.person.ride:
            self.end_ride()
        else:
            self.start_ride()

    def start_ride(self) -> None:
        """Start a ride with a vehicle that the page offers; somebody may have been faster."""
        self.browser.follow("/vehicles")
        self.think()
        if offered := self.page.forms_to("/rides/start/"):
            self.browser.send(random.choice(offered), SEE_OTHER | NOT_FOUND)
            self.note_ride(said="success" in self.page.alerts)

    def note_ride(self, *, said: bool) -> None:
        """Note the ride that the page shows; it must, if the site said that there is one."""
        if ends := self.page.forms_to("/rides/end/"):
            self.person.ride = ends[0].id
            self.note(Event.STARTED, ends[0].fields["city"], ends[0].id)
        elif said:
            raise Broken("A ride has started and the page does not show it.")

    def end_ride(self) -> None:
        """End the ride under way, if there is one; some forget to say where."""
        if not self.person.ride:
            return
        self.browser.follow("/rides")
        self.think()
        form = self.page.form("/rides/end/")
        if one_in(10):
            self.browser.send(form, INVALID, location=" ")
        place = f"Bench {secrets.token_hex(4)}"
        self.browser.send(form, location=place)
        self.expect_success("ending a ride")
        self.note(Event.ENDED, form.fields["city"], form.id, place)
        self.person.ride = ""

    def look_around(self) -> None:
        """See some page, and perhaps more of its list."""
        self.browser.follow(random.choice(["/home", "/vehicles", "/rides", "/users", "/users/"]))
        more = [link for link in self.page.links if "?after=" in link]
        if more and one_in(2):
            self.think()
            self.browser.open(more[0])

    def travel(self) -> None:
        """Look at another of the cities in the menu."""
        self.browser.send(random.choice(self.page.forms_to("/city/")))

    def log_out_and_in(self) -> None:
        """Leave, and come back; some mistype their password at first."""
        self.browser.send(self.page.form("/logout"))
        self.think()
        self.browser.follow("/login")
        self.think()
        form = self.page.form("/login")
        if one_in(5):
            self.browser.send(form, INVALID, username=self.person.name, password=MISTYPED_LOGIN)
        self.browser.send(form, username=self.person.name, password=self.person.password)
        self.expect_success("logging in")

    def leave(self) -> None:
        """Delete the account, or just log out; an owner's rider may be in the way."""
        if one_in(2):
            self.browser.send(self.page.form("/logout"))
            return
        self.browser.follow("/users/")
        self.think()
        self.browser.send(self.page.form("/users/remove/"))
        if not self.page.forms_to("/logout"):
            self.note(Event.LEFT, self.person.city, self.person.id)
        elif "warning" not in self.page.alerts:
            raise Broken("The account is not deleted, and nobody says why.")

    def expect_success(self, what: str) -> None:
        """Raise Broken unless the page says that it went well."""
        if "success" not in self.page.alerts:
            raise Broken(f"After {what} the page says {self.page.alerts or 'nothing'}.")

    def note(self, event: Event, city: str, id: str, place: str = "") -> None:
        """Remember what the site has acknowledged."""
        journal.add(Note(event=event, city=city, id=id, user_id=self.person.id, place=place))


class Owner(Rider):
    """A rider who also puts vehicles on the street, and takes them off."""

    weight = 2

    def steps(self) -> Steps:
        """A rider's, and the care for vehicles."""
        return super().steps() | {self.add_vehicle: 4, self.remove_vehicle: 2}

    def add_vehicle(self) -> None:
        """Put a vehicle on the street."""
        self.browser.follow("/users/")
        self.browser.follow("/vehicles/add")
        self.think()
        form, brand = self.page.form("/vehicles/add"), f"Crowd {secrets.token_hex(4)}"
        type_ = random.choice(form.choices["type"])
        self.browser.send(form, type=type_, color="red", brand=brand, location="1 Crowd Street")
        self.expect_success("adding a vehicle")
        # Without a form to remove it somebody rides it already, and its id is theirs to know.
        for form in self.removable():
            if brand in form.label:
                self.note(Event.ADDED, self.person.city, form.id)

    def remove_vehicle(self) -> None:
        """Take a vehicle off the street, unless somebody has just taken it."""
        self.browser.follow("/users/")
        self.think()
        if offered := self.removable():
            form = random.choice(offered)
            self.browser.send(form)
            if "success" in self.page.alerts:
                self.note(Event.REMOVED, self.person.city, form.id)

    def removable(self) -> list[Form]:
        """The forms that take an own vehicle off the street."""
        return self.page.forms_to("/vehicles/remove/")


class MisbehavingUser(Rider):
    """A rider who also tries what no page offers. Each must be refused in the way of its kind."""

    weight = 1

    def steps(self) -> Steps:
        """A rider's, and what is not allowed."""
        return super().steps() | {
            self.start_two_at_once: 4,
            self.meddle_with_others: 4,
            self.make_up_ids: 2,
            self.forget_the_token: 2,
        }

    def start_two_at_once(self) -> None:
        """Press two buttons at the same moment: one ride at most."""
        self.end_ride()
        self.browser.follow("/vehicles")
        self.think()
        offered = self.page.forms_to("/rides/start/")
        replies = [
            gevent.spawn(
                self.browser.post, form.action, form.fields, SEE_OTHER | NOT_FOUND, kind=HOSTILE
            )
            for form in random.sample(offered, min(2, len(offered)))
        ]
        gevent.joinall(replies, raise_error=True)
        self.browser.follow("/rides")
        if len(self.page.forms_to("/rides/end/")) > 1:
            raise Broken("One rider is on two rides.")
        self.note_ride(said=False)

    def meddle_with_others(self) -> None:
        """End others' rides, remove their vehicles, see their profiles, delete their accounts."""
        event = random.choice([Event.REGISTERED, Event.STARTED, Event.ADDED])
        if not (notes := journal.of_others(event, self.person.id)):
            return
        note = random.choice(notes)
        refusal = FORBIDDEN | NOT_FOUND
        if event is Event.STARTED:
            self.forge(f"/rides/end/{note.id}", refusal, city=note.city, location="Nowhere")
        elif event is Event.ADDED:
            self.forge(f"/vehicles/remove/{note.id}", refusal)
        else:
            self.browser.peek(f"/users/{note.id}", FORBIDDEN, kind=HOSTILE)
            self.forge(f"/users/remove/{note.id}", FORBIDDEN)

    def make_up_ids(self) -> None:
        """Send ids that nobody has, or that are none."""
        self.forge(f"/rides/end/{uuid4()}", NOT_FOUND, location="Nowhere")
        self.forge(f"/vehicles/remove/{uuid4()}", NOT_FOUND)
        self.forge("/rides/start/first", NOT_FOUND)

    def forget_the_token(self) -> None:
        """Send forms as another site would have them sent."""
        for form in random.sample(self.page.forms, 2):
            fields = {name: text for name, text in form.fields.items() if name != "csrf_token"}
            self.browser.post(form.action, fields, BAD_REQUEST, kind=HOSTILE)

    def forge(self, url: str, expected: frozenset[HTTPStatus], **fields: str) -> None:
        """Send a form that no page has offered, with a token that one has."""
        token = {"csrf_token": self.browser.token()}
        self.browser.post(url, token | fields, expected, kind=HOSTILE)


def one_in(number: int) -> bool:
    """True once in so many times."""
    return random.randrange(number) == 0


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust's
def report_progress(environment: Environment, **_: Any) -> None:
    """Without a web view, say every few seconds how it goes."""
    options, runner = environment.parsed_options, environment.runner
    if options is None or runner is None or not options.headless:
        return

    def report() -> None:
        seconds = 0
        while True:
            gevent.sleep(REPORT_EVERY)
            seconds += REPORT_EVERY
            total = runner.stats.total
            print(
                f"{seconds:>5} s {runner.user_count:>5} riders {total.num_requests:>7} requests"
                f" {total.num_failures:>4} failures {journal.count:>6} acknowledged writes",
                flush=True,
            )

    gevent.spawn(report)
