"""The WSGI application `app`, for gunicorn and flask; `python server.py` runs MovR locally."""

import atexit
import gc
import os
import sys
from typing import Final

from dotenv import load_dotenv

from cli import commands
from web.app import create_app
from web.config import SettingsError, read_settings
from web.operations import request_logging

load_dotenv()
# Spares each command and worker Python's last garbage collection, a quarter of a short command.
atexit.register(gc.freeze)

# The exit status with which a worker tells gunicorn to stop instead of starting it again.
APP_LOAD_ERROR: Final = 4

if __name__ == "__main__":
    from cli.serve import serve

    sys.exit(serve())

try:
    settings = read_settings(os.environ)
    request_logging.configure(settings.log_format)
    app = create_app(settings)
    commands.init_app(app)
except SettingsError as error:
    print(error, file=sys.stderr)  # noqa: T201 - before there is a log
    sys.exit(APP_LOAD_ERROR)
