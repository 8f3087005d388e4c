"""The schema's history: Alembic, driven from here so that it needs no file of settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from movr.errors import DatabaseAway

MIGRATIONS: Final = Path(__file__).parent / "migrations"


class SchemaError(Exception):
    """What was asked of the schema's history can't be done; the message says why."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    with _plainly():
        command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo the migrations down to `revision`; `base` undoes them all."""
    with _plainly():
        command.downgrade(_config(engine), revision)


def migrate(engine: Engine, message: str) -> None:
    """Write a new migration: what the models have that the database lacks."""
    with _plainly():
        command.revision(_config(engine), message, autogenerate=True)


def current(engine: Engine) -> None:
    """Print the revision the database is at."""
    with _plainly():
        command.current(_config(engine), verbose=True)


def history(engine: Engine) -> None:
    """Print all revisions."""
    with _plainly():
        command.history(_config(engine), indicate_current=True)


def head() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def is_at_head(engine: Engine) -> bool:
    """True if the database has all migrations that this code knows."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head()


@contextmanager
def _plainly() -> Iterator[None]:
    """Turn Alembic's complaints, and a database that is away, into a sentence."""
    try:
        yield
    except CommandError as error:
        raise SchemaError(f"{error}.") from error
    except OperationalError as error:
        raise SchemaError(DatabaseAway.sentence) from error


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["engine"] = engine
    return config
