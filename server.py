"""MovR's server: `app` for gunicorn and flask; `python server.py` serves while developing."""

import logging
import os
import sys

from dotenv import load_dotenv

from web.app import create_app
from web.config import SettingsError, read_settings

load_dotenv()
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")

if __name__ == "__main__":
    from web.development import serve

    sys.exit(serve())

try:
    app = create_app(read_settings(os.environ))
except SettingsError as error:
    sys.exit(str(error))
