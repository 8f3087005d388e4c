"""gunicorn's default configuration, so that `gunicorn server:app` is configured without `-c`."""

from web.gunicorn import *  # noqa: F403 - all settings and hooks
