"""`flask --app server outbox run`: letters arrive, whatever happens to processes and servers."""

import logging
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from movr.database.admin import uri_text
from movr.database.engine import parse_uri
from movr.movr import MovR
from movr.outbox import LEASE, Kind, NewLetter
from movr.results import UserKey
from tests.cli.test_serve import FLASK, TIMEOUT, run, wait_until, with_settings
from tests.conftest import ROOT, settings_for
from tests.database_proxy import FailingProxy
from tests.smtp import LOOPBACK, Postbox, receiving
from tests.visitor import registration
from web.app import create_app
from web.services import delivery

SITE = "http://movr.test"
SENDER = "MovR <letters@movr.example>"
NEW_YORK = ["new york"]


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with receiving() as server:
        yield server


@pytest.fixture
def movr(database: str, engine: Engine) -> Iterator[MovR]:  # noqa: ARG001 - emptied
    movr = MovR(database)
    yield movr
    movr.close()


@pytest.fixture
def member(movr: MovR) -> UserKey:
    return movr.register(**registration())


def put(movr: MovR, to: UserKey, number: int = 1) -> None:
    movr.outbox.put(*[NewLetter(to, Kind.VERIFY_EMAIL, {})] * number)


def settings_of(uri: str, postbox: Postbox) -> dict[str, str]:
    mail_uri = f"smtp://{LOOPBACK}:{postbox.server_address[1]}"
    return {"DB_URI": uri, "MAIL_URI": mail_uri, "MAIL_FROM": SENDER, "DEBUG": "1"}


@contextmanager
def runner(uri: str, postbox: Postbox) -> Iterator[subprocess.Popen[str]]:
    """Run the command until the end of the block."""
    process = subprocess.Popen(
        [*FLASK, "outbox", "run", "--city", "New York"],
        cwd=ROOT,
        env=with_settings(**settings_of(uri, postbox), SITE_URL=SITE),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def unsent(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(
                text("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
            ).scalar_one()
        )


def forward(engine: Engine) -> None:
    """Let all leases have ended, and all retries be due."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET due_at = now() WHERE sent_at IS NULL"))


def test_a_process_that_is_killed_before_it_notes_what_it_has_sent_sends_the_letter_again(
    database: str, engine: Engine, movr: MovR, member: UserKey, postbox: Postbox
) -> None:
    """Its Message-ID, by which mail programs know a copy, is the same."""
    put(movr, member)
    postbox.answers_quit.clear()
    with runner(database, postbox) as killed:
        wait_until(lambda: b"QUIT\r\n" in [line.upper() for line in postbox.heard], "a letter")
        killed.kill()
        assert killed.wait(TIMEOUT) == -signal.SIGKILL
    assert unsent(engine) == 1
    postbox.answers_quit.set()

    forward(engine)
    assert run(*FLASK, "outbox", "run", "--once", **settings_of(database, postbox)).returncode == 0

    assert unsent(engine) == 0
    first, second = postbox.rest()
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.message["Message-ID"].endswith("@movr.example>")


def test_two_processes_at_once_send_each_letter_once_and_end_on_sigterm(
    database: str, engine: Engine, movr: MovR, postbox: Postbox
) -> None:
    members = [movr.register(**registration() | {"email": f"a{n}@example.com"}) for n in range(20)]
    with runner(database, postbox) as one, runner(database, postbox) as other:
        for member in members:
            put(movr, member, 2)
        wait_until(lambda: unsent(engine) == 0, "the letters")
        for process in (one, other):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(LEASE.seconds) for process in (one, other)] == [0, 0]

    ids = [email.message["Message-ID"] for email in postbox.rest()]
    assert len(ids) == len(set(ids)) == 40


@contextmanager
def delivering(uri: str, postbox: Postbox, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Deliver in a thread, which looks for letters often."""
    patch.setattr(delivery, "IDLE", 0.01)
    patch.setattr(delivery, "TROUBLE", 0.05)
    settings = replace(
        settings_for(uri), mail_uri=postbox.settings, mail_from="letters@movr.example"
    )
    app, stop = create_app(settings), threading.Event()
    thread = threading.Thread(target=delivery.run, args=(app, SITE, NEW_YORK, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(TIMEOUT)
        app.extensions["movr"].close()
        assert not thread.is_alive()


def is_received(postbox: Postbox) -> Callable[[], bool]:
    return lambda: not postbox.emails.empty()


def test_while_the_mail_server_does_not_answer_letters_wait(
    database: str,
    engine: Engine,
    movr: MovR,
    member: UserKey,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(movr, member)
    with Postbox() as postbox:
        pass  # closed: it refuses connections
    with delivering(database, postbox, monkeypatch):
        wait_until(lambda: "Not sent at attempt 1: verify_email: Conn" in caplog.text, "attempt")
    assert unsent(engine) == 1
    forward(engine)

    with receiving() as answering, delivering(database, answering, monkeypatch):
        wait_until(is_received(answering), "the letter")


def test_while_the_database_does_not_answer_the_process_waits(
    database: str,
    movr: MovR,
    member: UserKey,
    postbox: Postbox,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        FailingProxy(parse_uri(database)) as proxy,
        delivering(uri_text(proxy.url), postbox, monkeypatch),
    ):
        proxy.is_failing.set()
        wait_until(lambda: "does not answer: DatabaseUnavailable" in caplog.text, "a failure")
        put(movr, member)
        proxy.is_failing.clear()
        wait_until(is_received(postbox), "the letter")


def test_a_refused_letter_stops_no_other_and_its_address_is_not_logged(
    database: str,
    engine: Engine,
    movr: MovR,
    postbox: Postbox,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO, "movr")
    for name in ("ada", "grace"):
        put(movr, movr.register(**registration() | {"email": f"{name}@example.com"}))
    postbox.refused = "ada@example.com"

    with delivering(database, postbox, monkeypatch):
        wait_until(lambda: unsent(engine) == 1, "the other letter")
        wait_until(lambda: "Sent: verify_email, " in caplog.text, "the log")

    assert [email.recipients for email in postbox.rest()] == [["grace@example.com"]]
    assert "Not sent at attempt 1: verify_email: SMTPRecipientsRefused" in caplog.text
    assert "ada" not in caplog.text


def test_a_letter_that_killed_its_processes_is_given_up(
    database: str,
    engine: Engine,
    movr: MovR,
    member: UserKey,
    postbox: Postbox,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(movr, member)
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET attempts = 10"))

    with delivering(database, postbox, monkeypatch):
        wait_until(lambda: "Given up after 11 attempts: verify_email" in caplog.text, "the end")

    assert postbox.rest() == []


@pytest.mark.parametrize(
    ("options", "settings", "reason"),
    [
        (["--city", "Atlantis"], {"DEBUG": "1"}, "MovR has new york, boston"),
        (["--once"], {"SECRET_KEY": "eleven dogs sing under the pier"}, "MAIL_URI is empty"),
    ],
)
def test_what_cannot_be_run_is_refused(
    database: str, options: list[str], settings: dict[str, str], reason: str
) -> None:
    ended = run(*FLASK, "outbox", "run", *options, DB_URI=database, **settings)

    assert ended.returncode != 0
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr
