"""docs/tutorial.md: its commands run in their order, chapter by chapter, and print what it says."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from movr.database.engine import is_cockroachdb, parse_uri
from movr.models import Base
from tests.conftest import ROOT, START_TIMEOUT, free_port, wait_until_answering
from tests.deploy.proxy import NGINX, folder, running
from tests.guides import Block, Clone, blocks

PAGE = (ROOT / "docs" / "tutorial.md").read_text()
CHAPTERS = {
    title: blocks(text)
    for title, text in re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE)
}
# The fixture of the database that a chapter begins with.
BEGINS_WITH = {
    "CockroachDB's multi-region tutorial, on one machine": "demo_database",
    "The same tutorial, in production": "database",
    "From one region to three": "own_database",
    "Flask with a PostgreSQL on another machine": "empty_database",
    "Scenarios, and production with Docker Compose": "own_database",
    "Alembic and Cloud SQL's proxy": "demo_database",
}
# Why a block is not run, and what each such block calls.
REASONS = {
    "needs CockroachDB": "cockroach ",
    "needs CockroachDB, with its multi-region SQL": "placement apply multi-region",
    "needs Docker": "docker ",
    "needs Google Cloud": "cloud-sql-proxy ",
    "downloads packages, which the test has already": "pipenv install",
    "opens a shell, and the test has its own": "pipenv shell",
    "is the run of all tests": "make test",
}
ADDRESS = re.compile(r"(?:cockroachdb|postgresql)://[^'\"\s]+")
DEBIAN = """
daemon off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:8080; {} }}
}}
"""  # what is around a site's locations


class Reader:
    """A reader with a clone, a database, and the page's servers on other ports."""

    def __init__(self, here: Path, uri: str) -> None:
        self.clone = Clone(here, "movr", "scenarios", "deploy")
        self._uri = uri
        self._ports = {port: port for port in ("5000", "8000", "8080")}

    @property
    def _variables(self) -> dict[str, str]:
        ports = {"PORT": self._ports["8000"], "FLASK_RUN_PORT": self._ports["5000"]}
        return {**ports, "WORKERS": "1"}

    def here(self, text: str) -> str:
        """Return this text of the page with the addresses of this reader."""
        text = ADDRESS.sub(lambda _: self._uri, text)
        return re.sub(
            r"(localhost|127\.0\.0\.1):(5000|8000|8080)\b",
            lambda address: f"{address[1]}:{self._ports[address[2]]}",
            text,
        )

    def run(self, block: Block) -> str:
        return self.clone.follow(self.here(block.text), self._variables)

    def missing(self, block: Block, output: str) -> list[str]:
        """Return the lines of this block that are not in the output; … is any end of a line."""
        lines = self.here(block.text).splitlines()
        return [line for line in lines if line.removesuffix("…") not in output]

    @contextmanager
    def serving(self, block: Block) -> Iterator[None]:
        """Run the server of this block until the next one."""
        if block.language == "nginx":
            with self._proxying(block):
                yield
            return
        page_port = "5000" if "flask run" in block.text else "8000"
        self._ports[page_port] = port = str(free_port())
        process = subprocess.Popen(
            ["bash", "-c", f"exec env {self.here(block.text)}"],
            cwd=self.clone.folder,
            env=self.clone.environment(**self._variables),
            start_new_session=True,
        )
        try:
            wait_until_answering(f"http://127.0.0.1:{port}/healthz", process)
            yield
        finally:
            process.terminate()
            process.wait(START_TIMEOUT)

    @contextmanager
    def _proxying(self, block: Block) -> Iterator[None]:
        self._ports["8080"] = port = str(free_port())
        with folder() as here:
            (here / "site.conf").write_text(self.here(DEBIAN.format(block.text)))
            with running(here, "site.conf", f"http://127.0.0.1:{port}/healthz"):
                yield

    def stop_scenarios(self) -> None:
        for file in (self.clone.folder / ".movr" / "scenarios").glob("*.json"):
            self.clone.follow(f"flask scenario down {file.stem}", self._variables)


def is_possible(block: Block) -> bool:
    """Return True if this machine has what the block needs."""
    needs = "nginx" if block.language == "nginx" else block.words.partition("run with ")[2]
    return bool(NGINX) if needs == "nginx" else not needs or bool(shutil.which(needs))


@pytest.mark.skipif(not shutil.which("curl"), reason="NOT TRIED: there is no curl")
@pytest.mark.parametrize("chapter", BEGINS_WITH)
def test_the_commands_of_a_chapter_print_what_it_says(
    chapter: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    uri = request.getfixturevalue(BEGINS_WITH[chapter])
    if "postgres-partition" in str(CHAPTERS[chapter]) and is_cockroachdb(parse_uri(uri)):
        pytest.skip("a placement of PostgreSQL's")
    reader, output = Reader(tmp_path, uri), ""
    with ExitStack() as servers, ExitStack() as scenarios:
        scenarios.callback(reader.stop_scenarios)
        for block in filter(is_possible, CHAPTERS[chapter]):
            if block.words == "serve":
                if block.language == "sh":
                    servers.close()
                servers.enter_context(reader.serving(block))
            elif block.words.startswith("run"):
                output = reader.run(block)
            elif block.language == "text":
                assert reader.missing(block, output) == []


def test_each_block_is_run_or_says_why_not() -> None:
    for chapter, found in CHAPTERS.items():
        for block in found:
            if reason := block.words.partition("not run: ")[2]:
                assert REASONS[reason] in block.text
            else:
                assert block.language == "text" or re.fullmatch(
                    r"run( with \w+)?|serve", block.words
                )
                assert chapter in BEGINS_WITH


def test_the_number_of_tables_is_that_of_the_models() -> None:
    assert f"| {len(Base.metadata.tables) + 1} tables: also " in PAGE
