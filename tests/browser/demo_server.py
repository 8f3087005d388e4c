"""A separate MovR with the demo data, for tests and tools that use it over HTTP."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import BinaryIO

from playwright.sync_api import Page

from scenarios import demo
from scenarios.shared.context import Login, ScenarioContext
from tests import databases
from tests.conftest import free_port, gunicorn


@contextmanager
def demo_world(server: str, log: BinaryIO | None = None, **environment: str) -> Iterator[str]:
    """Serve the demo data with production settings and this environment; yield the URL."""
    with databases.fresh_database(server) as uri:
        databases.bring_to_head(uri)
        engine = databases.connect(uri)
        demo.fill(ScenarioContext(engine, datetime.now(UTC)))
        engine.dispose()
        ours = {"DB_URI": uri, "DEBUG": "0", "SECRET_KEY": secrets.token_hex()}
        with gunicorn(free_port(), {**ours, **environment}, log) as (url, _):
            yield url


def log_in(page: Page, login: Login) -> None:
    """Log in as a member of the demo data and open the home page."""
    page.goto("/login")
    page.get_by_label("Username").fill(login.username)
    page.get_by_label("Password").fill(login.password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url("**/home")
