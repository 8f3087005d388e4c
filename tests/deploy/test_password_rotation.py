"""The database's password is rotated as deploy/README.md says, again and again, on PostgreSQL."""

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from movr.database import admin, embedded, schema
from movr.database.engine import is_cockroachdb, make_engine, parse_uri
from movr.errors import DatabaseUnavailable
from movr.movr import MovR
from tests import databases
from tests.conftest import ROOT
from tests.movr.people import start_ride
from tests.visitor import registration

PART = (ROOT / "deploy" / "README.md").read_text().partition("**The database's password.**")[2]
CREATE, ROTATE, *_ = re.findall(r"^```sh\n(.*?)^```", PART, re.MULTILINE | re.DOTALL)
STAND_INS = """
SECRETS=$PWD
sql() {
    if [ $# = 0 ]; then set -- "$SERVER"; else set -- "$DATABASE"; fi
    "$PSQL" --quiet --set=ON_ERROR_STOP=1 "$1"
}
kubectl() { :; }
db_uri() { echo "$2" > role-in-use; }
"""


class Site:
    """MovR's database with its roles, as the guide sets them up."""

    def __init__(self, server: str, folder: Path) -> None:
        self.name = f"movr_test_{secrets.token_hex(4)}"  # of the database and of its first role
        self._folder = folder
        self._server = server
        admin.create_database(server, self.name)
        self.sql(f"CREATE USER {self.name} WITH PASSWORD 'first'")
        self.sql(f"ALTER DATABASE {self.name} OWNER TO {self.name}")

    def remove(self) -> None:
        admin.drop_database(self._server, self.name)
        self.sql(f"DROP ROLE IF EXISTS {self.name}2, {self.name}")

    def sql(self, statement: str) -> None:
        engine = make_engine(self._server, pool_size=1, application_name="tests", autocommit=True)
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def follow(self, commands: str) -> None:
        """Run commands of the guide with the roles and the database of this test."""
        script = re.sub(r"\bmovr(2?)\b", rf"{self.name}\1", commands)
        environment = {
            "PSQL": str(embedded.psql()),
            "SERVER": self._server,
            "DATABASE": admin.sibling_uri(self._server, self.name),
        }
        subprocess.run(
            ["bash", "-euc", STAND_INS + script.replace(". deploy/variables", "")],
            cwd=self._folder,
            env={**os.environ, **environment},
            check=True,
        )

    def rotate(self, old: str, new: str) -> str:
        """Follow the guide from one role to the other; return the URI of the new one."""
        self.follow(ROTATE.replace("old=movr new=movr2", f"old={old} new={new}"))
        password = (self._folder / "db-password").read_text().strip()
        return self.uri((self._folder / "role-in-use").read_text().strip(), password)

    def uri(self, role: str, password: str) -> str:
        url = parse_uri(self._server).set(username=role, password=password, database=self.name)
        return admin.uri_text(url)


@pytest.fixture
def site(server: str, tmp_path: Path) -> Iterator[Site]:
    if is_cockroachdb(parse_uri(server)):
        pytest.skip("psql is PostgreSQL's")
    site = Site(server, tmp_path)
    yield site
    site.remove()


def migrate(uri: str, revision: str) -> None:
    engine = databases.connect(uri)
    schema.upgrade(engine, revision)
    engine.dispose()


def ride(uri: str) -> None:
    """Use every table of MovR."""
    movr = MovR(uri)
    owner = movr.register(**{**registration(), "username": f"ada-{secrets.token_hex(4)}"})
    bike = movr.add_vehicle(owner, type="bike", color="red", brand="Kona", location="here")
    movr.end_ride(start_ride(movr, bike, owner), owner, location="there")
    movr.close()


def assert_cannot_log_in(uri: str) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        ride(uri)
    assert "log in" in refused.value.reason


def test_the_password_is_rotated_again_and_again_with_migrations_in_between(site: Site) -> None:
    first = site.uri(site.name, "first")
    migrate(first, "0007")
    site.follow(CREATE)

    second = site.rotate("movr", "movr2")
    migrate(second, "0008")  # creates a table
    third = site.rotate("movr2", "movr")
    migrate(third, "head")
    ride(third)
    fourth = site.rotate("movr", "movr2")
    ride(fourth)

    assert_cannot_log_in(third)


def test_a_role_that_is_not_in_use_cannot_log_in(site: Site) -> None:
    """From one role to the other there is a time when both can."""
    migrate(site.uri(site.name, "first"), "head")
    site.follow(CREATE)

    assert_cannot_log_in(site.uri(f"{site.name}2", "any"))
