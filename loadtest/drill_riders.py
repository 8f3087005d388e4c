"""The riders of `make drill`: each stays in one city and notes every answer with its region.

They send the city in the header Host, as visitors of `cluster/proxy.py` do.
"""

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from locust import events
from locust.contrib.fasthttp import FastResponse
from locust.env import Environment
from locust.exception import RescheduleTask

from loadtest import riders

# City names and the file of answers, from bench/drill.py.
CITIES: Final = cycle(json.loads(os.environ["DRILL_CITIES"]))
ANSWERS: Final = Path(os.environ["DRILL_ANSWERS"])


class CityRider(riders.Rider):
    """A rider who stays in one city, keeps the account, and goes on after errors."""

    def on_start(self) -> None:
        """Choose the city that has had the fewest riders."""
        self.city = next(CITIES)
        self.host_header = f"{self.city.replace(' ', '-')}.localhost"

    def choose_city(self, offered: Sequence[str]) -> str:
        """Return the rider's city."""
        return next(city for city in offered if city == self.city)

    def choose_steps(self) -> Iterator[Callable[[], None]]:
        """Yield steps without end."""
        while True:
            yield self.step

    def step(self) -> None:
        """Ride or look around; after an error, go on."""
        try:
            random.choice([self.ride, self.ride, self.look_around])()
        except RescheduleTask:
            # If the answer to a form was lost, the ride may have started or ended. If it goes on,
            # the next attempt to start one leads to its page.
            self.person.ride = ""

    def context(self) -> dict[str, str]:
        """Return what Locust passes on to `note_answer` with each request."""
        return {"city": self.city}


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust's
def note_answers(environment: Environment, **_: Any) -> None:
    """Write a line for each answer: the time, the city, the status and the region."""
    file = ANSWERS.open("a", buffering=1)

    def note_answer(response: FastResponse, context: dict[str, str], **_: Any) -> None:
        region = response.headers.get("X-Served-By-Region", "") if response.headers else ""
        answer = [time.time(), context["city"], response.status_code, region]
        file.write(json.dumps(answer) + "\n")

    environment.events.request.add_listener(note_answer)  # type: ignore[no-untyped-call]  # Locust's
