"""Scenarios: sample data sets for demos, development and tests.

A scenario is a module in this folder. The first line of its docstring is shown by `scenario list`.
It defines LOGINS, the accounts to log in with, and `fill`, which fills the empty, migrated database
of a ScenarioContext. If `fill` has the parameter `rows`, the scenario has no fixed size. Code that
scenarios share is in scenarios/shared/.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from scenarios.shared.context import Login, ScenarioContext


@dataclass(frozen=True)
class Scenario:
    """A scenario, which is a module of this folder."""

    name: str
    module: ModuleType

    @property
    def summary(self) -> str:
        """The first line of the module's docstring."""
        return (self.module.__doc__ or "").partition("\n")[0]

    @property
    def logins(self) -> tuple[Login, ...]:
        """The accounts to log in with."""
        logins: tuple[Login, ...] = self.module.LOGINS
        return logins

    @property
    def takes_rows(self) -> bool:
        """True if the scenario has no fixed size."""
        return "rows" in inspect.signature(self.module.fill).parameters

    def fill(self, context: ScenarioContext, rows: int | None = None) -> None:
        """Fill an empty, migrated database; `rows` is the size of a scenario that takes one."""
        self.module.fill(context, **({"rows": rows} if rows else {}))


def names() -> list[str]:
    """Return the names of all scenarios, sorted."""
    files = Path(__file__).parent.glob("*.py")
    return sorted(file.stem for file in files if file.stem != "__init__")


def find(name: str) -> Scenario:
    """Return the scenario of this name. Raises KeyError."""
    if name not in names():
        raise KeyError(name)
    return Scenario(name, import_module(f"scenarios.{name}"))
