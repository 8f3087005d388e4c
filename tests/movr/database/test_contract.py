"""Which code may use which schema: the worked example of docs/migrations.md as migrations."""

import ast
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from movr.database import schema
from movr.database.schema import Compatibility
from tests.conftest import ROOT

EXAMPLE = (ROOT / "docs" / "migrations.md").read_text().partition("\n## The worked example")[2]
EXPAND, MIGRATE, CONTRACT = re.findall(r"^```python\n(.*?)^```", EXAMPLE, re.MULTILINE | re.DOTALL)
HEADER = (
    "import sqlalchemy as sa\nfrom alembic import op\n\nrevision, down_revision = {!r}, {!r}\n\n"
)
LAST_BEFORE = "0029"  # older migrations than the column `required_revision`
REMOVING = {"drop_column", "drop_table", "rename_table"}


def move_to_the_future(engine: Engine, required: str | None = None) -> None:
    """Make the schema one of newer code, which requires that code knows this revision."""
    with engine.begin() as connection:
        column = "ADD COLUMN IF NOT EXISTS required_revision VARCHAR(32)"
        connection.execute(text(f"ALTER TABLE alembic_version {column}"))
    with engine.begin() as connection:
        changed = "version_num = 'of the future', required_revision = :required"
        connection.execute(text(f"UPDATE alembic_version SET {changed}"), {"required": required})


class Code:
    """MovR's code of a version: its migrations."""

    def __init__(self, folder: Path, *steps: str) -> None:
        shutil.copytree(schema.MIGRATIONS, folder)
        self.folder = folder
        revisions = [schema.head(), *(f"010{number}" for number in range(1, len(steps) + 1))]
        for before, revision, step in zip(revisions, revisions[1:], steps, strict=False):
            header = HEADER.format(revision, before)
            (folder / "versions" / f"{revision}.py").write_text(header + step)


def test_code_older_than_the_first_step_may_use_the_schema_until_the_contract_and_after_its_undoing(
    own_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Code(tmp_path / "first")
    second = Code(tmp_path / "second", EXPAND)
    third = Code(tmp_path / "third", EXPAND, MIGRATE, CONTRACT)

    def usable_by(*versions: Code) -> list[Compatibility]:
        """Return the answer of each version; the last one runs afterwards."""
        answers = []
        for code in versions:
            monkeypatch.setattr(schema, "MIGRATIONS", code.folder)
            answers.append(schema.compatibility(own_engine))
        return answers

    before = usable_by(first, second)
    schema.upgrade(own_engine)
    expanded = usable_by(first, second, third)
    schema.upgrade(own_engine)
    contracted = usable_by(first, second, third)
    schema.downgrade(own_engine, "-1")
    undone = usable_by(first, second)

    fine = Compatibility.COMPATIBLE
    assert before == [fine, Compatibility.SCHEMA_TOO_OLD]
    assert expanded == [fine, fine, Compatibility.SCHEMA_TOO_OLD]
    assert contracted == [Compatibility.CODE_TOO_OLD, fine, fine]
    assert undone == [fine, fine]


def contracts(source: str) -> bool:
    """Whether an upgrade takes from older code what it uses."""
    (upgrade,) = (
        each
        for each in ast.parse(source).body
        if isinstance(each, ast.FunctionDef) and each.name == "upgrade"
    )
    called = "\n".join(
        ast.unparse(each) for each in ast.walk(upgrade) if isinstance(each, ast.Call)
    )
    removes = rf"\b({'|'.join(REMOVING)})\(|alter_column\(.*(nullable=False|new_column_name)"
    by_hand = r"(?i:DROP (COLUMN|TABLE)|RENAME|SET NOT NULL)"
    return bool(re.search(f"{removes}|{by_hand}", called))


def test_a_migration_that_takes_something_from_older_code_says_which_code_it_requires() -> None:
    migrations = sorted((schema.MIGRATIONS / "versions").glob("*.py"))
    sources = [path.read_text() for path in migrations if path.name[:4] > LAST_BEFORE]

    assert [contracts(step) for step in (EXPAND, MIGRATE, CONTRACT)] == [
        False,
        False,
        True,
    ]
    for source in sources:
        assert not contracts(source) or "SET required_revision" in source
