"""A clock that tests set."""


class Clock:
    """A clock in seconds that stands still until it is set."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
