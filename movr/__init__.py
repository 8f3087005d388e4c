"""MovR's rules and data: SQLAlchemy, and no Flask. Its only door is `movr.movr.MovR`.

movr.py calls transactions.py, which runs the statements of changes.py, or runs those of queries.py;
results.py has what comes back and errors.py what is refused. How the database is reached is in
movr/database, where rows live in movr/placement.
"""

__version__ = "0.1.0"
