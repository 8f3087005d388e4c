"""When a ride can be undone: soon after its start, and near it."""

from datetime import timedelta
from typing import Final

UNDO_WITHIN: Final = timedelta(minutes=3)
UNDO_RADIUS: Final = 100  # metres
