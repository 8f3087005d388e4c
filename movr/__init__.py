"""MovR's rules and data. Knows SQLAlchemy; knows no Flask. Its only door is `movr.movr.MovR`."""

__version__ = "0.1.0"
