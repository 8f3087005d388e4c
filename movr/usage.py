"""What the database cost since the request began: statements and seconds, for `Server-Timing`."""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event


@dataclass(slots=True)
class Usage:
    """Statements sent and seconds waited for their answers."""

    statements: int = 0
    seconds: float = 0.0


_usage: ContextVar[Usage] = ContextVar("usage")


def start() -> Usage:
    """Begin to count anew in this thread; what comes back grows as statements are sent."""
    usage = Usage()
    _usage.set(usage)
    return usage


def count_statements(engine: Engine) -> None:
    """Have every statement of this engine counted where it is sent from."""

    @event.listens_for(engine, "before_cursor_execute")
    def sent(*arguments: Any) -> None:  # SQLAlchemy passes six, the context fifth
        arguments[4].sent_at = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def answered(*arguments: Any) -> None:
        if usage := _usage.get(None):
            usage.statements += 1
            usage.seconds += time.perf_counter() - arguments[4].sent_at
