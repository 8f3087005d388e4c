"""Print a summary line of the inputs that test_hostile_input.py sent."""

import os
from collections import Counter

import pytest

STATUSES = "statuses of hostile inputs"
# Only in `make test-faults`, which CI runs; the short form takes a minute.
collect_ignore = [] if os.environ.get("FAULTS") else ["test_hostile_input.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sum the results of all tests, also of other processes."""
    statuses = Counter[int]()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, noted in getattr(report, "user_properties", ()):
                if name == STATUSES:
                    statuses.update(noted)
    if statuses:
        errors = sum(number for status, number in statuses.items() if status >= 500)
        terminalreporter.write_line(
            f"{statuses.total():,} hostile inputs, {errors} server errors;"
            f" by status: {dict(sorted(statuses.items()))}"
        )
