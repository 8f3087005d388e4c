"""Adding a city as in docs/multi-region.md: edit cities.py, migrate, place."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from movr.models import Base
from movr.placement import change, inspection
from movr.placement.definitions import Placement
from tests.conftest import PARTS, ROOT

LISBON = """\
    City("rome", gettext_noop("Rome"), EUROPE_WEST, 41.9028, 12.4964, *_ROME),
    City("lisbon", "Lisbon", EUROPE_WEST, 38.72, -9.14, ZoneInfo("Europe/Lisbon"), "pt_PT", "EUR"),
"""
MIGRATION = '''"""Serve Lisbon."""

from alembic import op

revision = "lisbon"
down_revision = "{head}"
branch_labels = None
depends_on = None

TABLES = {tables}
CITIES = (
    "city IN ('new york', 'boston', 'washington dc', 'seattle', 'san francisco',"
    " 'los angeles', 'amsterdam', 'paris', 'rome', 'lisbon')"
)


def upgrade() -> None:
    for table in TABLES:
        name = op.f(f"{{table}}_city_check")
        op.drop_constraint(name, table)
        op.create_check_constraint(name, table, CITIES)
'''
MEMBER = text(
    "INSERT INTO users (city, id, first_name, last_name, email, username, password_hash, is_owner,"
    " cities_ridden) VALUES ('lisbon', '6a0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1', 'Ana', 'Sousa',"
    " 'ana@example.com', 'ana.sousa', 'none', true, '{}')"
)
VEHICLE = text(
    "INSERT INTO vehicles (city, id, type, owner_id, date_added, status, last_location, color,"
    " brand, latitude, longitude) VALUES"
    " ('lisbon', '7b0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1', 'bike',"
    " '6a0f4cfe-6d3c-4d5c-9c53-64f3f0f5a7f1', now(), 'available', 'Rua Augusta 1', 'red', 'Fuji',"
    " 38.71, -9.14)"
)


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A copy of MovR that also serves Lisbon."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("server.py", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    cities = tmp_path / "movr" / "cities.py"
    rome, _, _ = LISBON.partition("\n")
    listed = cities.read_text()
    assert rome in listed
    cities.write_text(listed.replace(f"{rome}\n", LISBON))
    versions = tmp_path / "movr" / "migrations" / "versions"
    head = max(path.name for path in versions.glob("*.py")).partition("_")[0]
    (versions / "lisbon.py").write_text(
        MIGRATION.format(head=head, tables=tuple(Base.metadata.tables))
    )
    return tmp_path


def flask(copy: Path, database: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "server", *words],
        cwd=copy,
        env={**os.environ, "DEBUG": "1", "DB_URI": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_city_is_added_to_a_placed_database(
    edited: Path, postgres: Engine, own_database: str
) -> None:
    steps = change.plan(inspection.current_placement(postgres), Placement.POSTGRES_PARTITION)
    list(change.run_steps(postgres, steps, at_once=True))
    with pytest.raises(IntegrityError), postgres.begin() as connection:
        connection.execute(MEMBER)

    flask(edited, own_database, "db", "upgrade")
    before = flask(edited, own_database, "placement", "show")
    flask(edited, own_database, "placement", "apply", "postgres-partition")
    after = flask(edited, own_database, "placement", "show")
    with postgres.begin() as connection:
        connection.execute(MEMBER)
        connection.execute(VEHICLE)
        partition = connection.execute(
            text("SELECT tableoid::regclass::text FROM vehicles WHERE city = 'lisbon'")
        ).scalar_one()

    assert "run `placement apply postgres-partition`" in before
    assert "lisbon          gcp-europe-west1" in after
    assert partition == "vehicles_europe_west"
