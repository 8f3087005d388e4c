"""How statements are run: made once, compiled once, filled in each time.

SQLAlchemy finds what it has compiled by comparing statements in all their parts. Of a long one that
takes longer than to run it; ours are constants, which one can tell by what they are.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Compiled, Connection, CursorResult, Dialect
from sqlalchemy.sql.base import Executable

REMEMBERED: Final = 500  # compiled statements; we have some forty, for each of two engines


def run(connection: Connection, statement: Executable, **parameters: object) -> CursorResult[Any]:
    """What this statement, which is a constant, says with these parameters."""
    compiled: Any = _compiled(statement, connection.dialect, tuple(parameters))
    result: CursorResult[Any] = connection.execute(compiled, parameters)
    return result


@lru_cache(REMEMBERED)
def _compiled(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> Compiled:  # noqa: ANN401
    compiled: Compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return compiled
