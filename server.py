"""The WSGI application `app`, for gunicorn and flask; `python server.py` runs MovR locally."""

import os
import sys

from dotenv import load_dotenv

from cli import commands
from web.app import create_app
from web.config import SettingsError, read_settings
from web.operations import request_logging

load_dotenv()

if __name__ == "__main__":
    from cli.serve import serve

    sys.exit(serve())

try:
    settings = read_settings(os.environ)
    request_logging.configure(settings.log_format)
    app = create_app(settings)
    commands.init_app(app)
except SettingsError as error:
    sys.exit(str(error))
