"""The types that scenarios exchange with their callers: the context and the logins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Engine

PASSWORD: Final = "ride with movr"  # noqa: S105 - a public password


class Login(NamedTuple):
    """The credentials of an account; `who` describes it in a few words."""

    who: str
    username: str
    password: str = PASSWORD

    def __str__(self) -> str:
        return f"Log in as {self.who}: {self.username}, password: {self.password}"


def _ignore(_share: float) -> None:
    """Ignore the progress."""


@dataclass(frozen=True)
class ScenarioContext:
    """An empty, migrated database, and the current time (UTC) of the generated data.

    `report_progress` is called with the share that is done, from 0 to 1. An exception that it
    raises stops the scenario.
    """

    engine: Engine
    now: datetime
    report_progress: Callable[[float], None] = _ignore
