"""MovR's business rules and data, on SQLAlchemy and without Flask. The API is `movr.movr.MovR`.

movr.py calls transactions.py, which executes the statements of changes, or executes those of
queries.py itself. results.py has the return types and errors.py the refusals. movr/database has
the access to the database, movr/placement the placement of rows in regions.
"""

import os
import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))
__version__: str = _PROJECT["project"]["version"]
__revision__ = os.environ.get("MOVR_REVISION", "unknown")  # set in the image (Dockerfile)
