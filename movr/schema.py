"""The schema's history: Alembic, driven from here so that it needs no file of settings."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Run the migrations up to `revision`."""
    command.upgrade(_config(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo the migrations down to `revision`; `base` undoes them all."""
    command.downgrade(_config(engine), revision)


def migrate(engine: Engine, message: str) -> None:
    """Write a new migration: what the models have that the database lacks."""
    command.revision(_config(engine), message, autogenerate=True)


def current(engine: Engine) -> None:
    """Print the revision the database is at."""
    command.current(_config(engine), verbose=True)


def history(engine: Engine) -> None:
    """Print all revisions."""
    command.history(_config(engine), indicate_current=True)


def head() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def is_at_head(engine: Engine) -> bool:
    """True if the database has all migrations that this code knows."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head()


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["engine"] = engine
    return config
