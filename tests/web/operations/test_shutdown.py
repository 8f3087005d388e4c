"""The end of gunicorn by SIGTERM loses no request."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.cli.test_serve import is_open, wait_until
from tests.conftest import ROOT, running

SHARED = Path("/dev/shm")

BODY = b"username=ada&password=lovelace"
HEAD = (
    b"POST /login HTTP/1.1\r\nHost: movr.test\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)


def test_a_stopping_gunicorn_refuses_connections_and_finishes_running_requests(
    database: str,
) -> None:
    with running(DB_URI=database, DEBUG="1") as (url, process), socket.socket() as client:
        port = urlsplit(url).port or 0
        client.connect(("127.0.0.1", port))
        client.sendall(HEAD + BODY[:10])  # so that the request runs until the lock is released

        process.terminate()

        wait_until(lambda: not is_open(port), "a refused connection")
        client.sendall(BODY[10:])
        assert (
            client.makefile("rb").readline().startswith(b"HTTP/1.1 400 ")
        )  # the form has no token


def folders(process: int) -> set[Path]:
    """Return the shared folders of the gunicorn with this process id."""
    return set(SHARED.glob(f"movr-{process}-*"))


def test_the_shared_folder_of_a_killed_gunicorn_is_removed_at_the_next_start(database: str) -> None:
    """In a pod, /dev/shm survives a restart of the container and counts towards its limit."""
    with running(DB_URI=database, DEBUG="1", WORKERS="1") as (_, killed):
        assert folders(killed.pid)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        assert folders(killed.pid)

    with running(DB_URI=database, DEBUG="1", WORKERS="1") as (_, living):
        assert not folders(killed.pid)
        with running(DB_URI=database, DEBUG="1", WORKERS="1"):
            assert folders(living.pid)

    assert not folders(living.pid)


def test_the_shared_folder_of_an_earlier_process_with_the_same_id_is_removed() -> None:
    """In a container, the id is always 1."""
    clear = "from web import gunicorn; gunicorn.remove_stale_folders()"
    make = f"import os, pathlib; old = pathlib.Path(f'{SHARED}/movr-{{os.getpid()}}-'); old.mkdir()"

    done = subprocess.run(
        [sys.executable, "-c", f"{make}; {clear}; print(old.exists())"],
        cwd=ROOT,
        env={**os.environ, "DEBUG": "1"},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout == "False\n"
