"""docs/backups.md: the statements for CockroachDB; on PostgreSQL a moment is restored."""

import os
import pwd
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import text

from movr.cities import REGIONS
from movr.database.engine import is_cockroachdb, parse_uri
from tests import databases
from tests.conftest import ROOT
from tests.faults.postgresql import Server, programs, running

PAGE = (ROOT / "docs" / "backups.md").read_text()
SCHEDULE = (ROOT / "deploy" / "backup" / "cockroachdb.sql").read_text()
OWN_SERVER = PAGE.partition("On a server of your own")[2].partition("\n## ")[0]
ARCHIVE, BACK_UP, RESTORE = re.findall(r"^```sh\n(.*?)^```", OWN_SERVER, re.MULTILINE | re.DOTALL)


def statements(sql: str) -> list[str]:
    return [each.strip() for each in re.sub(r"--.*", "", sql).split(";") if each.strip()]


def buckets(statement: str) -> dict[str, str]:
    """Return the locality of each bucket."""
    return dict(
        re.findall(r"'gs://([\w-]+)\?AUTH=implicit&COCKROACH_LOCALITY=([\w%-]+)'", statement)
    )


def test_each_region_s_rows_are_backed_up_in_that_region_with_their_history() -> None:
    (schedule,) = statements(SCHEDULE)

    assert "FOR BACKUP DATABASE movr" in schedule
    assert "WITH revision_history" in schedule
    first, *others = REGIONS
    assert buckets(schedule) == {
        f"movr-backup-{region.removeprefix('gcp-')}": locality
        for region, locality in [(first, "default"), *((o, f"region%3D{o}") for o in others)]
    }


def test_backups_are_restored_from_the_buckets_of_the_schedule() -> None:
    (block,) = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    show, restore, *_ = statements(block)

    assert buckets(restore) == buckets(SCHEDULE)
    assert buckets(show).items() <= buckets(SCHEDULE).items()
    made = re.findall(r"buckets create gs://([\w-]+) --location=([\w-]+)", PAGE)
    assert {name for name, _ in made} == set(buckets(SCHEDULE))
    assert all(name.endswith(location) for name, location in made)


def test_cockroachdb_knows_the_grammar(server: str) -> None:
    if not is_cockroachdb(parse_uri(server)):
        pytest.skip("SHOW SYNTAX is CockroachDB's")
    (block,) = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    with databases.autocommit(server) as connection:
        for statement in statements(SCHEDULE) + statements(block):
            said = connection.execute(text("SHOW SYNTAX :sql"), {"sql": statement}).first()
            assert said
            assert said[0] == "sql", statement


# PostgreSQL


def follow(commands: str, server: Server, backups: Path, **variables: str) -> None:
    """Run commands of the page as the user of the server."""
    at = psycopg2.extensions.parse_dsn(server.uri)
    subprocess.run(
        ["bash", "-euc", commands],
        cwd="/",
        env={
            "PATH": f"{programs()}:{os.environ['PATH']}",
            "PGHOST": at["host"],
            "PGPORT": at["port"],
            "PGUSER": at["user"],
            "PGDATA": str(server.data),
            "BACKUPS": str(backups),
            **variables,
        },
        user=server.owner,
        check=True,
    )


def ask(server: Server, statement: str) -> str:
    connection = psycopg2.connect(server.uri)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    connection.close()
    return str(row[0]) if row else ""


def add(server: Server, word: str) -> None:
    ask(server, f"INSERT INTO words VALUES ('{word}')")


def archive(server: Server) -> None:
    """Finish the present file of the WAL, and wait until it is in the archive."""
    wanted = ask(server, "SELECT pg_walfile_name(pg_switch_wal())")
    deadline = time.monotonic() + 30
    while ask(server, "SELECT last_archived_wal FROM pg_stat_archiver") < wanted:
        assert time.monotonic() < deadline


def test_a_moment_before_a_mistake_is_restored_from_a_base_backup_and_the_wal(
    tmp_path: Path,
) -> None:
    backups = tmp_path / "backups"
    with running(tmp_path) as server:
        backups.mkdir()
        if server.owner:
            os.chown(backups, pwd.getpwnam(server.owner).pw_uid, -1)
        follow(ARCHIVE, server, backups)
        server.stop()
        server.start()
        ask(server, "CREATE TABLE words (word TEXT)")
        add(server, "before the backup")
        follow(BACK_UP, server, backups)
        add(server, "after it")
        moment = datetime.now(UTC)
        add(server, "a mistake")
        archive(server)
        server.kill()
        for path in server.data.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

        follow(RESTORE, server, backups, until=moment.isoformat())
        server.start()

        found = ask(server, "SELECT string_agg(word, ', ' ORDER BY word) FROM words")
        assert found == "after it, before the backup"
