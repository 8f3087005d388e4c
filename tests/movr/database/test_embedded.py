"""The embedded PostgreSQL: its data folder and its list of processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from movr.database import embedded
from movr.database.engine import parse_uri


def test_data_is_in_the_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded, "ROOT", Path("/srv/movr"))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert embedded.folder() == Path("/srv/movr/.movr")


@pytest.mark.parametrize("clone", ["/srv/my projects/movr", f"/srv/{'deep/' * 20}movr"])
def test_data_is_in_the_home_folder_if_postgresql_cannot_start_in_the_clone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clone: str
) -> None:
    monkeypatch.setattr(embedded, "ROOT", Path(clone))
    monkeypatch.setenv("HOME", str(tmp_path))

    first = embedded.folder()
    monkeypatch.setattr(embedded, "ROOT", Path(f"{clone} 2"))

    assert first.parent == tmp_path / ".movr"
    assert embedded.folder() != first


def test_a_process_that_was_killed_does_not_keep_the_server_running(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    data = tmp_path_factory.mktemp("server") / "postgresql"
    data.mkdir()
    users = data / ".handle_pids.json"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    embedded.start("one", data)
    users.write_text(json.dumps([dead.pid, 1, os.getpid()]))

    uri = embedded.start("another", data)

    assert "/another?" in uri
    assert json.loads(users.read_text()) == [1, os.getpid()]
    users.write_text(json.dumps([os.getpid()]))  # the server stops with this process


def test_two_processes_that_start_it_first_at_once_both_get_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """As gunicorn's two workers do."""
    data = tmp_path_factory.mktemp("server") / "postgresql"
    imports = "from pathlib import Path; from movr.database import embedded"
    program = f"{imports}; embedded.start('movr', Path({str(data)!r}))"
    both = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]


def test_a_temporary_server_is_gone_afterwards(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path_factory.mktemp("t")
    monkeypatch.setattr(tempfile, "tempdir", str(place))

    with embedded.temporary() as uri:
        engine = create_engine(parse_uri(uri))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT current_database()")).scalar() == "movr"
        engine.dispose()

    assert [*place.glob("*/")] == []
    with pytest.raises(OperationalError):
        engine.connect()


def test_a_temporary_server_that_stops_and_starts_keeps_its_data_and_its_address() -> None:
    with embedded.temporary_server() as server:
        engine = create_engine(parse_uri(server.uri), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE kept ()"))

        server.stop()
        with pytest.raises(OperationalError):
            engine.connect()
        server.start()

        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM kept")).scalar_one() == 0


def test_ctrl_c_while_a_temporary_server_stops_waits_until_it_can_start_again() -> None:
    with embedded.temporary_server() as server:
        engine = create_engine(parse_uri(server.uri), poolclass=NullPool)
        data = Path(str(parse_uri(server.uri).query["host"]))
        with engine.connect() as connection:
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            ending = threading.Thread(target=interrupt_the_stop, args=[data, backend])
            ending.start()

            with pytest.raises(KeyboardInterrupt):
                server.stop()
            connection.invalidate()
        server.start()
        ending.join()

        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def interrupt_the_stop(data: Path, backend: int) -> None:
    """Send SIGINT to this process while its server stops, which this backend delays."""
    os.kill(backend, signal.SIGSTOP)
    while "stopping" not in (data / "postmaster.pid").read_text():
        pass
    os.kill(os.getpid(), signal.SIGINT)
    threading.Timer(0.5, os.kill, [backend, signal.SIGCONT]).start()
