"""The sample rows of dbinit.sql: a little of everything, always the same, nobody to log in as."""

from datetime import UTC, datetime
from typing import Final

from scenarios.shared import world
from scenarios.shared.world import Size, World

NOW: Final = datetime(2019, 11, 12, 12, tzinfo=UTC)
SIZE: Final = Size(owners=1, riders=2, vehicles=4, rides=6, under_way=0)
NO_PASSWORD: Final = "none"  # noqa: S105 - no password hashes to this


def make() -> World:
    """The rows by table."""
    return world.make(NOW, SIZE, password_hash=NO_PASSWORD)
