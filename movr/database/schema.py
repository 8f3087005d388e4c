"""The schema's history: Alembic, driven from here so that it needs no file of settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, ForeignKeyConstraint
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import SchemaItem

from movr.database.retries import driver_error, retrying

_PARTITIONS: Final = ("vehicles_", "rides_")
MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
_TOTALS: Final = "0009"  # the revision that counts them


class SchemaError(Exception):
    """What was asked of the schema's history can't be done; the message says why."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    with readable_errors():
        config = _config(engine)
        config.attributes["changes"] = revision != "head" or not is_at_head(engine)
        retrying(lambda: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Undo the migrations down to `revision`; `base` undoes them all."""
    with readable_errors():
        config = _config(engine)
        config.attributes["changes"] = True
        retrying(lambda: command.downgrade(config, revision))


def recount(engine: Engine) -> None:
    """Count anew what riders' rides add up to, as did the migration that brought these totals."""
    with readable_errors():
        script = ScriptDirectory(str(MIGRATIONS)).get_revision(_TOTALS)
        script.module.count(engine)


def migrate(engine: Engine, message: str) -> None:
    """Write a new migration: what the models have that the database lacks."""
    with readable_errors():
        command.revision(_config(engine), message, autogenerate=True)


def current(engine: Engine) -> None:
    """Print the revision the database is at."""
    with readable_errors():
        command.current(_config(engine), verbose=True)


def history(engine: Engine) -> None:
    """Print all revisions."""
    with readable_errors():
        command.history(_config(engine), indicate_current=True)


def head() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def is_at_head(engine: Engine) -> bool:
    """True if the database has all migrations that this code knows, and perhaps newer ones.

    While a deployment rolls, the database is migrated first, and old code goes on serving.
    """
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    history = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    older = {revision.revision for revision in history} - {head()}
    return current is not None and current not in older


def include_object_for(dialect: str) -> Callable[..., bool]:
    """Alembic's include_object: what is compared when a migration is written.

    On PostgreSQL not the partitions of placement (c) and the foreign keys that they copy; on
    CockroachDB not the indexes, whose order of NULLs it describes in its own way.
    """

    def include_object(
        item: SchemaItem,
        name: str | None,
        kind: str,
        reflected: bool,  # noqa: FBT001 - as Alembic calls it
        twin: SchemaItem | None,
    ) -> bool:
        if kind == "index" and dialect == "cockroachdb":
            return False
        if twin is not None or not reflected:
            return True
        if isinstance(item, ForeignKeyConstraint):
            return not item.elements[0].target_fullname.startswith(_PARTITIONS)
        return not (kind == "table" and str(name).startswith(_PARTITIONS))

    return include_object


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn Alembic's complaints, and whatever the database refuses, into a sentence."""
    try:
        yield
    except CommandError as error:
        raise SchemaError(f"{error}.") from error
    except (DBAPIError, psycopg2.Error) as error:
        first_line = str(driver_error(error)).strip().partition("\n")[0]
        raise SchemaError(f"The database refused: {first_line}.") from error


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(engine=engine, changes=False)
    return config
