"""Small worlds: what a database holds when somebody wants to look at MovR or work on it.

A scenario is a file in this folder. It has a docstring, whose first line `scenario list` shows,
LOGINS (who to log in as), and `fill`, which fills the empty, migrated database of a
ScenarioContext. One whose `fill` takes `rows` comes in any size. What scenarios share is in
scenarios/shared/.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from scenarios.shared.context import Login, ScenarioContext


@dataclass(frozen=True)
class Scenario:
    """A file of this folder."""

    name: str
    module: ModuleType

    @property
    def summary(self) -> str:
        """What it is, in a line."""
        return (self.module.__doc__ or "").partition("\n")[0]

    @property
    def logins(self) -> tuple[Login, ...]:
        """Who to log in as."""
        logins: tuple[Login, ...] = self.module.LOGINS
        return logins

    @property
    def takes_rows(self) -> bool:
        """True if it comes in any size."""
        return "rows" in inspect.signature(self.module.fill).parameters

    def fill(self, context: ScenarioContext, rows: int | None = None) -> None:
        """Fill an empty, migrated database, in this size if it is one that comes in any."""
        self.module.fill(context, **({"rows": rows} if rows else {}))


def names() -> list[str]:
    """The names of all scenarios."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if file.stem != "__init__")


def find(name: str) -> Scenario:
    """The scenario of this name. Raises KeyError."""
    if name not in names():
        raise KeyError(name)
    return Scenario(name, import_module(f"scenarios.{name}"))
