"""Schema migrations with Alembic, configured here instead of in an alembic.ini."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, Final

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, ForeignKeyConstraint, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import SchemaItem

from movr.database.migration_lock import TABLE, migration_lock
from movr.database.retries import driver_error, retrying

_PARTITIONS: Final = ("vehicles_", "rides_")
MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
_TOTALS: Final = "0009"  # the revision that counts ride totals
_NUMBERS: Final = "0015"  # the revision that numbers vehicles
_TARIFFS: Final = "0017"  # the revision that adds tariffs
# NULL also if there is no such column: the first migration that needs it adds it.
_REQUIRED: Final = text(
    "SELECT to_jsonb(history.*) ->> 'required_revision' FROM alembic_version AS history"
)


Report = Callable[[str], object]  # called with a sentence for each step


def _no_report(_sentence: str) -> None:
    """Print nothing."""


class SchemaError(Exception):
    """A migration command failed; the message is a sentence with the reason."""


def upgrade(engine: Engine, revision: str = "head", *, report: Report = _no_report) -> None:
    """Run the migrations up to `revision`, after those that another process runs at this time."""
    with readable_errors():
        if revision == "head" and is_at_head(engine):
            command.upgrade(_config(engine), revision)  # refuses a revision that is not known
        else:
            _change(engine, command.upgrade, revision, report)
        if revision == "head":
            report(f"The schema is at its newest revision, {head()}.")


def downgrade(engine: Engine, revision: str, *, report: Report = _no_report) -> None:
    """Undo the migrations down to `revision`; `base` undoes them all."""
    with readable_errors():
        _change(engine, command.downgrade, revision, report)


def _change(
    engine: Engine, run: Callable[[Config, str], None], revision: str, report: Report
) -> None:
    config = _config(engine)
    with migration_lock(engine):
        # Another process may have brought it to head in the meantime.
        config.attributes["changes"] = revision != "head" or not is_at_head(engine)
        config.attributes["report"] = report
        retrying(lambda: run(config, revision))


def recount(engine: Engine) -> None:
    """Recount the ride totals of all riders, as migration 0009 did, without undone rides."""
    with readable_errors():
        _module(_TOTALS).count(engine, "end_time IS NOT NULL AND NOT undone")


def first_tariffs() -> list[dict[str, Any]]:
    """Return the rows that the migrations add to the table of tariffs."""
    rows: list[dict[str, Any]] = _module(_TARIFFS).ROWS
    return rows


def _module(revision: str) -> Any:  # noqa: ANN401 - a module
    return ScriptDirectory(str(MIGRATIONS)).get_revision(revision).module


def fill_numbers(engine: Engine) -> None:
    """Number the vehicles that have no number, as migration 0015 did."""
    with readable_errors():
        _module(_NUMBERS).fill(engine)


def migrate(engine: Engine, message: str) -> None:
    """Write a new migration with the differences between the models and the database."""
    with readable_errors():
        command.revision(_config(engine), message, autogenerate=True)


def current(engine: Engine) -> None:
    """Print the current revision of the database."""
    with readable_errors():
        command.current(_config(engine), verbose=True)


def history(engine: Engine) -> None:
    """Print all revisions."""
    with readable_errors():
        command.history(_config(engine), indicate_current=True)


def head() -> str | None:
    """Return the newest revision in movr/migrations."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def is_at_head(engine: Engine) -> bool:
    """Return True if the database has all migrations of this code, and possibly newer ones."""
    return compatibility(engine) is not Compatibility.SCHEMA_TOO_OLD


class Compatibility(Enum):
    """Whether this code may use a database's schema, and what an operator does if not."""

    COMPATIBLE = "this code may use it"
    SCHEMA_TOO_OLD = "run `flask --app server db upgrade`"
    CODE_TOO_OLD = "run a newer version of MovR"


def compatibility(engine: Engine) -> Compatibility:
    """Compare the database's schema with this code.

    The schema may be newer, because a rolling deployment migrates it first, and because older code
    comes back. A migration that ends the use by such code names the revision that code must know,
    in the column `required_revision` of Alembic's table (docs/migrations.md).
    """
    known = {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        if current == head():
            return Compatibility.COMPATIBLE
        if current is None or current in known:
            return Compatibility.SCHEMA_TOO_OLD
        required = connection.execute(_REQUIRED).scalar_one()
    is_known = required is None or required in known
    return Compatibility.COMPATIBLE if is_known else Compatibility.CODE_TOO_OLD


def describe(engine: Engine) -> str:
    """Return the revisions of the database and of this code, in a sentence for operators."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return f"The schema is at revision {current}, and this code at {head()}"


def include_object_for(dialect: str) -> Callable[..., bool]:
    """Return Alembic's `include_object` hook, which selects what autogenerate compares.

    It leaves out the table of the migration lock. On PostgreSQL it leaves out the partitions of
    placement `postgres-partition` and the foreign keys copied to them. On CockroachDB it leaves out
    indexes, whose NULL order is reflected differently.
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
        return not (kind == "table" and str(name).startswith((*_PARTITIONS, TABLE)))

    return include_object


@contextmanager
def readable_errors() -> Iterator[None]:
    """Convert errors of Alembic and of the database to SchemaError, whose message is a sentence."""
    try:
        yield
    except CommandError as error:
        raise SchemaError(f"{error}.") from error
    except (DBAPIError, psycopg2.Error) as error:
        first_line = str(driver_error(error)).strip().partition("\n")[0]
        raise SchemaError(f"The database refused: {first_line}.") from error


def _config(engine: Engine) -> Config:
    config = Config(stdout=sys.stdout)  # its default is the one of the time of the import
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes.update(engine=engine, changes=False, report=_no_report)
    return config
