"""MovR's pages: Flask, WTForms, Jinja. Knows MovR; never SQLAlchemy."""
