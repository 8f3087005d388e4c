"""What every view works with: the door to the data, and the settings."""

from flask import current_app

from movr.movr import MovR
from web.config import Settings


def movr() -> MovR:
    """The door to the data."""
    door: MovR = current_app.extensions["movr"]
    return door


def settings() -> Settings:
    """What this deployment decided."""
    found: Settings = current_app.extensions["settings"]
    return found
