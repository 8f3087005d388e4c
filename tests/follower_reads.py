"""CockroachDB's follower reads, which see rows and tables of some seconds ago."""

from sqlalchemy import Engine, text

from movr.database.engine import is_cockroachdb
from tests.cli.test_serve import wait_until


def wait_for_follower_reads(engine: Engine) -> None:
    """Wait until follower reads see all that was written. PostgreSQL has none."""
    if not is_cockroachdb(engine.url):
        return
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        now = connection.scalar(text("SELECT clock_timestamp()"))
        later = text("SELECT follower_read_timestamp() > :now")
        wait_until(lambda: bool(connection.scalar(later, {"now": now})), "follower reads")
