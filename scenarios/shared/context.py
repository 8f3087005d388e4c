"""What a scenario is given, and what it tells."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Engine

PASSWORD: Final = "ride with movr"  # noqa: S105 - printed for everybody to use


class Login(NamedTuple):
    """An account to log in with: who that is, in a few words, and the credentials."""

    who: str
    username: str
    password: str = PASSWORD

    def __str__(self) -> str:
        return f"Log in as {self.who}: {self.username}, password: {self.password}"


def _ignore(_share: float) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class ScenarioContext:
    """An empty, migrated database, and the moment at which the scenario plays.

    `report_progress` is called with the share that is done, from 0 to 1; what it raises ends the
    filling.
    """

    engine: Engine
    now: datetime
    report_progress: Callable[[float], None] = _ignore
