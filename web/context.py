"""Access to the current app's MovR object and settings."""

from flask import current_app

from movr.movr import MovR
from web.config import Settings


def movr() -> MovR:
    """Return the MovR object of the current app."""
    instance: MovR = current_app.extensions["movr"]
    return instance


def settings() -> Settings:
    """Return the settings of the current app."""
    current: Settings = current_app.extensions["settings"]
    return current
