"""How statements are run: made once, compiled once, filled in each time.

SQLAlchemy finds what it has compiled by comparing statements in all their parts. Of a long one that
takes longer than to send it; ours are constants, so that it is enough to see that it is the same.

That a connection takes what is compiled is old, and its authors may end it: all tests would say so.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Compiled, Connection, CursorResult, Dialect, Executable
from sqlalchemy.sql.compiler import WARN_LINTING

REMEMBERED: Final = 500  # compiled statements; we have some forty


def run(connection: Connection, statement: Executable, **parameters: object) -> CursorResult[Any]:
    """What this statement, which is a constant, says with these parameters."""
    compiled: Any = _compiled(statement, connection.dialect, tuple(parameters))
    result: CursorResult[Any] = connection.execute(compiled, parameters)
    return result


@lru_cache(REMEMBERED)
def _compiled(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> Compiled:  # noqa: ANN401
    linting = dialect.compiler_linting | WARN_LINTING  # of tables that nothing joins, as ever
    compiled: Compiled = statement.compile(
        dialect=dialect, column_keys=list(names), linting=linting
    )
    return compiled
