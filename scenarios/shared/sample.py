"""The sample rows of dbinit.sql, which are the same each time."""

from datetime import UTC, datetime
from typing import Final

from scenarios.demo import OWNER, RIDER
from scenarios.shared import world
from scenarios.shared.context import PASSWORD, Login
from scenarios.shared.world import Size, World

NOW: Final = datetime(2019, 11, 12, 12, tzinfo=UTC)
SIZE: Final = Size(owners=1, riders=2, vehicles=4, rides=6, under_way=0)
LOGINS: Final[tuple[Login, ...]] = (RIDER, OWNER)
# PASSWORD hashed with a constant salt; a random one would change the file each time.
PASSWORD_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4"  # noqa: S105 - of a public password
    "$bW92ciBzYW1wbGUgcm93cw$ZxCdI6xQATu7UvJNzMUgPIE3XGGmGHyKbQLKkh2X1iw"
)


def make() -> World:
    """Return the rows by table. All members have the same password."""
    made = world.make(NOW, SIZE, password_hash=PASSWORD_HASH)
    made.free_rider()["username"] = RIDER.username
    made.owner()["username"] = OWNER.username
    return made


def logins() -> str:
    """Return a line with the logins and their password."""
    names = " and ".join(f"{login.username} ({login.who})" for login in LOGINS)
    return f"Log in as {names}, password: {PASSWORD}"
