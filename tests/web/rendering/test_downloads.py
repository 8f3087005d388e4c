"""Files that are written while they are read."""

from collections.abc import Iterator

import pytest

from movr.database import deadline
from web.rendering.downloads import attachment


def test_each_part_of_a_file_has_the_time_of_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the file is; the time does not go on while the client receives a part."""
    monkeypatch.setattr(deadline, "REQUEST_DEADLINE", 60)

    def parts() -> Iterator[str]:
        for _ in range(3):
            with deadline.waiting():
                left = deadline.seconds_left()
            yield f"{left > 59} "

    seen = []
    for part in attachment(parts(), "movr.csv", "text/csv").response:
        with deadline.waiting():
            seen.append((part, deadline.seconds_left() < 60))

    assert seen == [("True ", False)] * 3
