"""Lines of CSV files (RFC 4180), which spreadsheets open."""

import csv
from collections.abc import Iterable
from io import StringIO

from movr.formats import FORMULA


def lines(rows: Iterable[tuple[object, ...]]) -> str:
    """Return the lines of these rows."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def cell(entered: str) -> str:
    """Return the text, after an apostrophe if spreadsheets would take it as a formula."""
    return f"'{entered}" if entered.startswith(FORMULA) else entered
