"""The start of gunicorn's workers."""

import os
import subprocess
import sys

from tests.conftest import ROOT

COMPILES_NOTHING = """
from types import SimpleNamespace
from server import app
from web import gunicorn

gunicorn.post_worker_init(SimpleNamespace(wsgi=app))
app.jinja_env.compile = None
print(app.test_client().get("/register").status)
"""


def test_a_worker_compiles_the_templates_before_its_first_request(database: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMPILES_NOTHING],
        cwd=ROOT,
        env={**os.environ, "DEBUG": "1", "DB_URI": database},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout == "200 OK\n"
