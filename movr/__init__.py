"""MovR's rules and data. Knows SQLAlchemy; knows no Flask. Its only door is `movr.movr.MovR`."""
