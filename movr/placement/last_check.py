"""What `placement check` last said of a database.

It is kept as the comment of the table alembic_version, because it is a statement about this schema
and not data: it needs no table, and no migration. Only the owner of the table can write it.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

# psycopg2 inserts the parameter as a literal, which COMMENT requires.
_WRITE: Final = text("COMMENT ON TABLE alembic_version IS :said")
_READ: Final = text(
    "SELECT description FROM pg_description"
    " WHERE objoid = CAST('alembic_version' AS regclass)"
    " AND classoid = CAST('pg_class' AS regclass) AND objsubid = 0"
)


def write(engine: Engine, said: str, *, now: datetime) -> bool:
    """Replace what was said; return False if the role does not own the table."""
    try:
        with engine.begin() as connection:
            connection.execute(_WRITE, {"said": f"{now:%Y-%m-%d %H:%M} UTC: {said}"})
    except ProgrammingError:
        return False
    return True


def read(engine: Engine) -> str | None:
    """Return what was said, beginning with its time; None if nothing was."""
    with engine.connect() as connection:
        said: str | None = connection.scalar(_READ)
    return said
