"""`flask db settle-restore`: what an older backup must not bring back."""

import logging
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, text

from cli import commands
from movr.database import embedded
from movr.database.engine import is_cockroachdb, parse_uri
from movr.database.invariants import INVARIANTS, find_violations
from movr.results import UserKey
from tests.conftest import ROOT, NewVisitor, app_with_commands, settings_for, visiting
from tests.databases import rows_of
from tests.movr.people import a_member, a_ride, a_vehicle
from tests.movr.test_retention import a_key
from tests.smtp import Postbox, deliver, receiving
from tests.visitor import PASSWORD, Visitor
from web.app import create_app
from web.operations.request_logging import formatter
from web.security import account_log

NEW = "a wholly other password"
RUNBOOK = re.findall(
    r"^flask --app server (.+)$",
    (ROOT / "docs" / "backups.md").read_text().partition("\n## Restore\n")[2].partition("\n## ")[0],
    re.MULTILINE,
)

Restore = Callable[[], None]
Settle = Callable[..., str]


def tool(name: str) -> str:
    """The path of a tool of PostgreSQL: of the embedded package, or of the system."""
    inside = embedded.psql().with_name(name)
    path = str(inside) if inside.exists() else shutil.which(name)
    if path is None:
        pytest.skip(f"neither the embedded PostgreSQL nor the system has {name}")
    return path


@pytest.fixture
def back_up(own_engine: Engine, own_database: str, tmp_path: Path) -> Callable[[], Restore]:
    """Make a backup and return the function that restores it, both as deploy/compose describes."""
    if is_cockroachdb(own_engine.url):
        pytest.skip("pg_dump does not read CockroachDB")
    dump, uri = tmp_path / "movr.dump", parse_uri(own_database).set(drivername="postgresql")
    where = f"--dbname={uri.render_as_string(hide_password=False)}"

    def restore() -> None:
        whole = ("--clean", "--if-exists", "--single-transaction")
        subprocess.run([tool("pg_restore"), where, *whole, dump], check=True)

    def back_up() -> Restore:
        subprocess.run([tool("pg_dump"), where, "--format=custom", f"--file={dump}"], check=True)
        return restore

    return back_up


@pytest.fixture
def restored_app(own_database: str) -> Iterator[Flask]:
    app = app_with_commands(own_database)
    yield app
    app.extensions["movr"].close()


@pytest.fixture
def new_member(restored_app: Flask) -> Iterator[NewVisitor]:
    with visiting(restored_app) as new:
        yield lambda: new().register()


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The file in which MovR's log is collected."""
    path = tmp_path / "movr.log"
    handler = logging.FileHandler(path)
    handler.setFormatter(formatter(request.param))
    account_log.logger.addHandler(handler)
    account_log.logger.setLevel(logging.INFO)
    yield path
    account_log.logger.removeHandler(handler)
    handler.close()


@pytest.fixture
def settle(restored_app: Flask, log: Path) -> Settle:
    """Run the command on the log and return what it says."""

    def settle(*others: Path) -> str:
        words = ["db", "settle-restore", str(log), *map(str, others)]
        return restored_app.test_cli_runner().invoke(args=words).output

    return settle


def same_browser(visitor: Visitor) -> Visitor:
    """Return a browser that kept the cookies as they are now."""
    client = httpx.Client(transport=visitor.client._transport, base_url=visitor.client.base_url)  # noqa: SLF001
    client.cookies.update(visitor.client.cookies)
    return Visitor(client)


def is_accepted(stolen: Visitor) -> bool:
    """Whether its session has not ended. A copy asks, because MovR clears the cookie if it has."""
    return same_browser(stolen).get("/rides").status_code == 200


def change_password(visitor: Visitor) -> None:
    visitor.post(f"/users/{visitor.id}/security", current=PASSWORD, new=NEW)


def personal_data(engine: Engine, username: str) -> int:
    with engine.connect() as connection:
        statement = text("SELECT count(*) FROM users WHERE username = :name")
        return int(connection.execute(statement, {"name": username}).scalar_one())


def test_a_restored_backup_revives_no_session_that_had_ended(
    back_up: Callable[[], Restore], new_member: NewVisitor, settle: Settle
) -> None:
    """Neither one from before the backup nor one of an epoch that the backup does not know."""
    member = new_member()
    stolen = [same_browser(member)]
    restore = back_up()
    for _ in range(3):
        member.post(f"/users/{member.id}/logout")
        member.log_in(member.username)
        stolen.append(same_browser(member))
    member.post(f"/users/{member.id}/logout")
    assert not any(map(is_accepted, stolen))

    restore()
    revived = list(map(is_accepted, stolen))
    settle()

    assert revived == [True, False, False, False]
    assert not any(map(is_accepted, stolen))
    assert member.log_in(member.username).status_code == 303
    assert not any(map(is_accepted, stolen))


def test_a_restored_backup_revives_no_old_password(
    back_up: Callable[[], Restore], new_member: NewVisitor, settle: Settle
) -> None:
    """Only of accounts whose password is not the newest one."""
    changed_before, changed_after, unchanged = new_member(), new_member(), new_member()
    change_password(changed_before)
    restore = back_up()
    change_password(changed_after)

    restore()
    settle()

    assert changed_after.log_in(changed_after.username, PASSWORD).status_code == 422
    assert changed_before.log_in(changed_before.username, NEW).status_code == 303
    assert unchanged.log_in(unchanged.username, PASSWORD).status_code == 303


def test_a_restored_backup_revives_no_deleted_account(
    back_up: Callable[[], Restore], new_member: NewVisitor, settle: Settle, own_engine: Engine
) -> None:
    """Not even that of a rider whose ride had not ended yet when the backup was made."""
    owner, rider = new_member(), new_member()
    rider.start(owner.add_vehicle())
    restore = back_up()
    rider.end(rider.active_ride())
    names = [owner.username, rider.username]
    for member in (owner, rider, new_member()):
        member.delete_account()

    restore()
    revived = [personal_data(own_engine, name) for name in names]
    said = settle()

    assert revived == [1, 1]
    assert [personal_data(own_engine, name) for name in names] == [0, 0]
    assert "2 accounts deleted again." in said


def test_an_owner_whose_vehicle_is_in_use_is_deleted_and_the_vehicle_after_its_ride(
    back_up: Callable[[], Restore], new_member: NewVisitor, settle: Settle, own_engine: Engine
) -> None:
    owner, rider = new_member(), new_member()
    rider.start(owner.add_vehicle())
    restore = back_up()
    rider.end(rider.active_ride())
    owner.delete_account()

    restore()
    said = settle()
    rider.log_in(rider.username)
    rider.end(rider.active_ride())

    assert "1 account deleted again." in said
    assert personal_data(own_engine, owner.username) == 0
    assert find_violations(own_engine) == []


def test_running_the_command_again_changes_no_password(
    back_up: Callable[[], Restore], new_member: NewVisitor, settle: Settle
) -> None:
    """Such as one that a member has chosen since."""
    member = new_member()
    restore = back_up()
    change_password(member)
    restore()
    settle()
    settle()
    unchanged = new_member()
    change_password(unchanged)

    settle()

    assert unchanged.log_in(unchanged.username, NEW).status_code == 303


def test_a_line_that_movr_has_not_written_deletes_nobody(
    new_member: NewVisitor, settle: Settle, tmp_path: Path, own_engine: Engine
) -> None:
    """Other lines of a log may have text that visitors chose."""
    member = new_member()
    forged = account_log.serializer(["another key than MovR's"])
    token = forged.dumps(["deleted", "new york", member.id.hex, 0])
    other = tmp_path / "nginx.log"
    other.write_bytes(f"GET /{account_log.MARK} {token} 404\n".encode() + b"\xff\xfe\n")

    said = settle(other)

    assert "1 line ignored" in said
    assert personal_data(own_engine, member.username) == 1


def test_the_log_of_accounts_names_nobody(
    new_member: NewVisitor, log: Path, restored_app: Flask
) -> None:
    member = new_member()
    key = UserKey("new york", member.id)
    member.delete_account()

    with restored_app.app_context():
        events = account_log.read(log.read_text().splitlines())
    assert [(event.what, event.city, event.id) for event in events.events] == [("deleted", *key)]
    assert member.username not in log.read_text()
    assert "@" not in log.read_text()


# The runbook


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with receiving() as server:
        yield server


@pytest.fixture
def mailing_app(own_database: str, postbox: Postbox) -> Iterator[Flask]:
    settings = replace(
        settings_for(own_database),
        mail_uri=postbox.settings,
        mail_from="movr@example.com",
        site_url="https://movr.test",
    )
    app = create_app(settings)
    commands.init_app(app)
    yield app
    app.extensions["movr"].close()


def run(app: Flask, command: str) -> str:
    ended = app.test_cli_runner().invoke(args=shlex.split(command))
    assert ended.exit_code == 0, ended.output
    return ended.stdout


@pytest.mark.parametrize("log", ["text"], indirect=True)
def test_after_the_runbook_the_data_is_whole_and_nothing_comes_back_or_is_sent_twice(
    back_up: Callable[[], Restore],
    mailing_app: Flask,
    postbox: Postbox,
    log: Path,
    own_engine: Engine,
) -> None:
    with visiting(mailing_app) as new:
        leaving, staying, _ = (
            new().register(email=f"{name}@home.example") for name in ("leaving", "staying", "away")
        )
        with own_engine.begin() as connection:
            a_ride(connection, a_vehicle(connection, a_member(connection)), a_member(connection))
            a_key(connection, datetime.now(UTC) - timedelta(days=2))
        restore = back_up()
        stolen = same_browser(staying)
        staying.post(f"/users/{staying.id}/logout")
        postbox.refused = "away@home.example"
        deliver(mailing_app)
        leaving.delete_account()
        run(mailing_app, "retention run")

        restore()
        said = [run(mailing_app, command) for command in following_the_runbook(log)]
        assert len(postbox.rest()) == 2
        postbox.refused = "nobody@home.example"
        run(mailing_app, "outbox run --once")

        assert said[1].splitlines()[1:] == ["1 account deleted again.", "1 letter not sent again."]
        assert said[-1] == f"All {len(INVARIANTS)} invariants hold.\n"
        assert not is_accepted(stolen)
        assert personal_data(own_engine, leaving.username) == 0
        assert rows_of(own_engine, "idempotency_keys") == []
        assert [email.recipients for email in postbox.rest()] == [["away@home.example"]]


def following_the_runbook(log: Path) -> list[str]:
    """Return the commands of docs/backups.md, on this log."""
    found = [command.replace("movr.log", str(log)) for command in RUNBOOK]
    assert [command.split()[0] for command in found] == ["db", "db", "retention", "invariants"]
    return found
