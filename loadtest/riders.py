"""The simulated users, run by Locust for loadtest/__main__.py.

They use MovR through its pages and its API only; on pages, each step follows a link or sends a form
of the current page.
"""

import os
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import gevent
from locust import FastHttpUser, between, events, task
from locust.env import Environment

from loadtest.app import CREATED, App
from loadtest.browser import SEE_OTHER, Browser
from loadtest.journal import JOURNAL_VARIABLE, Event, Journal, Note
from loadtest.pages import Page

Steps = dict[Callable[[], None], int]

THINK: Final = float(os.environ["THINK"])  # seconds, on average
STEPS: Final = (8, 25)  # minimum and maximum of a visit
REPORT_EVERY: Final = 5  # seconds
MISTYPED_LOGIN: Final = "mistyped"  # a wrong password, too short to be valid
HOSTILE: Final = " (hostile)"
BAD_REQUEST: Final = frozenset({HTTPStatus.BAD_REQUEST})
FORBIDDEN: Final = frozenset({HTTPStatus.FORBIDDEN})
NOT_FOUND: Final = frozenset({HTTPStatus.NOT_FOUND})
TAKEN: Final = frozenset({HTTPStatus.CONFLICT})
INVALID: Final = frozenset({HTTPStatus.UNPROCESSABLE_ENTITY})

journal: Final = Journal(Path(os.environ[JOURNAL_VARIABLE]))


class Broken(Exception):  # noqa: N818 - a finding about the site
    """A page contradicts the response to an earlier request."""


@dataclass(slots=True)
class Person:
    """A new user of the site."""

    name: str = field(default_factory=lambda: f"loadtest-{secrets.token_hex(6)}")
    password: str = field(default_factory=secrets.token_urlsafe)
    city: str = ""
    id: str = ""
    ride: str = ""  # id of the active ride


class Rider(FastHttpUser):
    """Registers, rides in several cities and leaves, then starts again with a new account."""

    weight = 5
    max_redirects = 0  # Browser follows them
    wait_time = between(THINK / 2, THINK * 3 / 2)
    person: Person
    browser: Browser
    host_header = ""  # of all requests; "": that of the URL

    @task
    def visit(self) -> None:
        """Register, take a random number of steps and leave."""
        address = ".".join(["10", *(str(random.randrange(256)) for _ in range(3))])
        self.person = Person()
        self.browser = Browser(self.client, address, self.host_header)
        self.browser.open("/")
        self.think()
        self.register()
        for step in self.choose_steps():
            self.think()
            step()
        self.end_ride()
        self.think()
        self.leave()

    def choose_steps(self) -> Iterator[Callable[[], None]]:
        """Yield the steps of a visit."""
        steps = self.steps()
        yield from random.choices([*steps], [*steps.values()], k=random.randint(*STEPS))

    def steps(self) -> Steps:
        """Return the steps of this kind of user, with their relative frequencies."""
        return {
            self.ride: 6,
            self.look_around: 3,
            self.travel: 2,
            self.log_out_and_in: 1,
        }

    def think(self) -> None:
        """Wait for the think time."""
        self.wait()  # type: ignore[no-untyped-call]  # Locust's

    @property
    def page(self) -> Page:
        """The current page."""
        return self.browser.page

    def register(self) -> None:
        """Open an account in a city; one in ten first enters too short a password."""
        self.browser.follow("/register")
        self.think()
        form = self.page.form("/register")
        self.person.city = self.choose_city(form.choices["city"])
        fields = {
            "city": self.person.city,
            "first_name": "Robin",
            "last_name": "Loadtest",
            "email": f"{self.person.name}@example.com",
            "username": self.person.name,
        }
        if one_in(10):
            self.browser.send(form, INVALID, **fields, password=MISTYPED_LOGIN)
        self.browser.send(form, **fields, password=self.person.password)
        self.expect_success("registering")
        self.person.id = self.page.link("/users/").rpartition("/")[2]
        self.note(Event.REGISTERED, self.person.city, self.person.id)

    def choose_city(self, offered: Sequence[str]) -> str:
        """Return the city of a new account."""
        return random.choice(offered)

    def ride(self) -> None:
        """End the active ride, or start one."""
        if self.person.ride:
            self.end_ride()
        else:
            self.start_ride()

    def start_ride(self) -> None:
        """Start a ride with a vehicle of the list, which another rider may have taken since."""
        self.browser.follow("/vehicles")
        self.think()
        if offered := self.page.forms_to("/rides/start/"):
            self.browser.send(random.choice(offered), SEE_OTHER)
            self.record_active_ride(expected="success" in self.page.alerts)

    def record_active_ride(self, *, expected: bool) -> None:
        """Record the active ride of the page. Raises Broken if one is expected and missing."""
        if ends := self.page.forms_to("/rides/end/"):
            self.person.ride = ends[0].id
            self.note(Event.STARTED, ends[0].fields["city"], ends[0].id)
        elif expected:
            raise Broken("A ride has started and the page does not show it.")

    def end_ride(self) -> None:
        """End the active ride, if any; one in ten first leaves the location blank."""
        if not self.person.ride:
            return
        self.browser.follow("/rides")
        self.think()
        # After the form of the button that needs the browser's position.
        form = self.page.forms_to("/rides/end/")[-1]
        if one_in(10):
            self.browser.send(form, INVALID, location=" ")
        place = f"Bench {secrets.token_hex(4)}"
        self.browser.send(form, location=place)
        self.expect_success("ending a ride")
        self.note(Event.ENDED, form.fields["city"], form.id, place)
        self.person.ride = ""

    def look_around(self) -> None:
        """Open a random page and sometimes the next page of its list."""
        self.browser.follow(random.choice(["/home", "/vehicles", "/rides", "/users/"]))
        more = [link for link in self.page.links if "?after=" in link]
        if more and one_in(2):
            self.think()
            self.browser.open(more[0])

    def travel(self) -> None:
        """Switch to a random city of the menu."""
        self.browser.send(random.choice(self.page.forms_to("/city/")))

    def log_out_and_in(self) -> None:
        """Log out and in; one in five first mistypes the password."""
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
        """Delete the account or log out; deleting is refused during a ride."""
        if one_in(2):
            self.browser.send(self.page.form("/logout"))
            return
        self.browser.follow("/users/")
        self.browser.follow("/users/remove/")
        self.think()
        form = self.page.form("/users/remove/")
        self.browser.send(form, password=self.person.password, confirm="1")
        if not self.page.forms_to("/logout"):
            self.note(Event.LEFT, self.person.city, self.person.id)
        elif "warning" not in self.page.alerts:
            raise Broken("The account was not deleted, and the page gives no reason.")

    def expect_success(self, what: str) -> None:
        """Raise Broken unless the page has a success message."""
        if "success" not in self.page.alerts:
            raise Broken(f"After {what} the page says {self.page.alerts or 'nothing'}.")

    def note(self, event: Event, city: str, id: str, place: str = "") -> None:
        """Add an acknowledged write to the journal."""
        journal.add(Note(event=event, city=city, id=id, user_id=self.person.id, place=place))


class AppRider(Rider):
    """A rider with an app, which uses the API; accounts are opened and deleted on pages."""

    weight = 2
    app: App
    home: str  # the city in the API's paths

    def steps(self) -> Steps:
        """Return what riders do with the app."""
        return {self.ride: 6, self.look_around: 3, self.refresh: 1}

    def register(self) -> None:
        """Open an account on pages, and log in with the app."""
        super().register()
        self.app = App(self.client, self.browser.address)
        self.app.log_in(self.person.name, self.person.password)
        self.home = self.app.call("GET", "/me")["city"]

    def start_ride(self) -> None:
        """Start a ride with a vehicle of the list, which another rider may have taken since."""
        offered = self.app.call("GET", f"/cities/{self.home}/vehicles")["items"]
        self.think()
        if not offered:
            return
        wanted = {"city": self.home, "vehicle_id": random.choice(offered)["id"]}
        ride = self.app.call("POST", "/rides", CREATED | TAKEN, **wanted)
        if "id" in ride:
            self.person.ride = ride["id"]
            self.note(Event.STARTED, self.person.city, ride["id"])

    def end_ride(self) -> None:
        """End the active ride, if any. Raises Broken if the receipt names another place."""
        if not (ride := self.person.ride):
            return
        place = f"Bench {secrets.token_hex(4)}"
        self.app.call("POST", f"/cities/{self.home}/rides/{ride}/end", place=place)
        receipt = self.app.call("GET", f"/me/rides/{ride}")
        if receipt["end_place"] != place:
            raise Broken("A ride has ended elsewhere than its rider says.")
        self.note(Event.ENDED, self.person.city, ride, place)
        self.person.ride = ""

    def look_around(self) -> None:
        """Read something."""
        self.app.call("GET", random.choice(["/cities", "/me", "/me/rides", "/me/vehicles"]))

    def refresh(self) -> None:
        """Exchange the tokens for new ones."""
        self.app.refresh()


OWN: Final = "/vehicles/own/"


class Owner(Rider):
    """A rider who also adds and removes vehicles."""

    weight = 2

    def steps(self) -> Steps:
        """Return a rider's steps, and those for vehicles."""
        return super().steps() | {self.add_vehicle: 4, self.remove_vehicle: 2}

    def add_vehicle(self) -> None:
        """Add a vehicle."""
        self.browser.follow("/users/")
        known = self.owned()
        self.browser.follow("/vehicles/add")
        self.think()
        form, brand = self.page.form("/vehicles/add"), f"Loadtest {secrets.token_hex(4)}"
        type_ = random.choice(form.choices["type"])
        self.browser.send(form, type=type_, color="red", brand=brand, location="1 Loadtest Street")
        self.expect_success("adding a vehicle")
        for id_ in self.owned() - known:
            self.note(Event.ADDED, self.person.city, id_)

    def remove_vehicle(self) -> None:
        """Remove a vehicle; one in use leaves the street after its ride."""
        self.browser.follow("/users/")
        self.think()
        if not (offered := sorted(self.owned())):
            return
        self.browser.follow(f"{OWN}{random.choice(offered)}")
        if any(link.startswith("/vehicles/remove/") for link in self.page.links):
            self.browser.follow("/vehicles/remove/")
            form = self.page.form("/vehicles/remove/")
            self.browser.send(form)
            if "success" in self.page.alerts:
                self.note(Event.REMOVED, self.person.city, form.id)

    def owned(self) -> set[str]:
        """Return the ids of the owner's vehicles on this page."""
        return {link.removeprefix(OWN) for link in self.page.links if link.startswith(OWN)}


class MisbehavingUser(Rider):
    """A rider who also sends forbidden requests, each of which must get a specific refusal."""

    weight = 1

    def steps(self) -> Steps:
        """Return a rider's steps, and forbidden ones."""
        return super().steps() | {
            self.start_two_rides: 4,
            self.attack_other_users: 4,
            self.send_unknown_ids: 2,
            self.send_forms_without_token: 2,
        }

    def start_two_rides(self) -> None:
        """Send two requests to start a ride concurrently; at most one may succeed."""
        self.end_ride()
        self.browser.follow("/vehicles")
        self.think()
        offered = self.page.forms_to("/rides/start/")
        replies = [
            gevent.spawn(self.browser.post, form.action, form.fields, SEE_OTHER, kind=HOSTILE)
            for form in random.sample(offered, min(2, len(offered)))
        ]
        gevent.joinall(replies, raise_error=True)
        self.browser.follow("/rides")
        if len({form.id for form in self.page.forms_to("/rides/end/")}) > 1:
            raise Broken("One rider is on two rides.")
        self.record_active_ride(expected=False)

    def attack_other_users(self) -> None:
        """Try to end a ride, remove a vehicle, or see and delete an account of another user."""
        event = random.choice([Event.REGISTERED, Event.STARTED, Event.ADDED])
        if not (notes := journal.of_others(event, self.person.id)):
            return
        note = random.choice(notes)
        refusal = FORBIDDEN | NOT_FOUND
        if event is Event.STARTED:
            self.post_forbidden(
                f"/rides/end/{note.id}", refusal, city=note.city, location="Nowhere"
            )
        elif event is Event.ADDED:
            self.post_forbidden(f"/vehicles/remove/{note.id}", refusal)
        else:
            self.browser.peek(f"/users/{note.id}", FORBIDDEN, kind=HOSTILE)
            self.post_forbidden(f"/users/remove/{note.id}", FORBIDDEN)

    def send_unknown_ids(self) -> None:
        """Send ids that do not exist or are malformed."""
        self.post_forbidden(f"/rides/end/{uuid4()}", NOT_FOUND, location="Nowhere")
        self.post_forbidden(f"/vehicles/remove/{uuid4()}", NOT_FOUND)
        self.post_forbidden("/rides/start/first", NOT_FOUND)

    def send_forms_without_token(self) -> None:
        """Send forms without a CSRF token."""
        for form in random.sample(self.page.forms, 2):
            fields = {name: text for name, text in form.fields.items() if name != "csrf_token"}
            self.browser.post(form.action, fields, BAD_REQUEST, kind=HOSTILE)

    def post_forbidden(self, url: str, expected: frozenset[HTTPStatus], **fields: str) -> None:
        """Send a form that is not on the current page, with the page's CSRF token."""
        token = {"csrf_token": self.browser.token()}
        self.browser.post(url, token | fields, expected, kind=HOSTILE)


def one_in(number: int) -> bool:
    """Return True with a probability of 1/number."""
    return random.randrange(number) == 0


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust's
def report_progress(environment: Environment, **_: Any) -> None:
    """In headless mode, print a progress line every REPORT_EVERY seconds."""
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
