"""MovR's business rules and data, on SQLAlchemy and without Flask. The API is `movr.movr.MovR`.

movr.py calls transactions.py, which executes the statements of changes, or executes those of
queries.py itself. results.py has the return types and errors.py the refusals. movr/database has
the access to the database, movr/placement the placement of rows in regions.
"""

import os

__version__ = os.environ.get("MOVR_VERSION", "unknown")  # set in the image (Dockerfile)
