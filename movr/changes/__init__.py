"""The data-modifying statements. Each names its city and states its conditions in WHERE.

They are built once, at import; a transaction only supplies the named parameters. `RETURNING` shows
whether a row was changed. Key parameters are called `user_city`, `user_id` and so on, because
SQLAlchemy takes a parameter of an UPDATE that has a column's name as the column's new value.
"""

from movr.changes import accounts, money, operators, reservations, rides, vehicles

__all__ = ["accounts", "money", "operators", "reservations", "rides", "vehicles"]
