"""Coverage of gunicorn in processes of their own."""

import pytest


@pytest.fixture(scope="module", autouse=True)
def _measured(measured_subprocesses: None) -> None:
    """Measure the processes of these tests."""
