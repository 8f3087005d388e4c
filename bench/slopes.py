"""The time of a page by latency: a line whose slope is its number of round trips."""

import statistics
from dataclasses import dataclass
from typing import Final

TOLERANCE: Final = 0.3  # round trips


@dataclass(frozen=True, slots=True)
class Slope:
    """A page's counted round trips, and its points (distance, time) in milliseconds."""

    page: str
    counted: int
    points: tuple[tuple[float, float], ...]

    @property
    def fitted(self) -> float:
        """The number of round trips by linear regression: the slope of the times."""
        return self._line().slope

    @property
    def added(self) -> tuple[tuple[float, float], ...]:
        """The points (distance, time) in milliseconds, less the time at distance 0."""
        without = self._line().intercept
        return tuple((distance, time - without) for distance, time in self.points)

    def _line(self) -> statistics.LinearRegression:
        distances, times = zip(*self.points, strict=True)
        return statistics.linear_regression(distances, times)

    @property
    def deviation(self) -> float:
        """The absolute difference of fitted and counted round trips."""
        return abs(self.fitted - self.counted)

    @property
    def agrees(self) -> bool:
        """True if the difference is within TOLERANCE."""
        return self.deviation <= TOLERANCE
