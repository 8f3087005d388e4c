"""What a page costs by distance: a line, whose slope is its number of round trips."""

import statistics
from dataclasses import dataclass
from typing import Final

TOLERANCE: Final = 0.3  # round trips


@dataclass(frozen=True, slots=True)
class Slope:
    """A page: the round trips counted on the wire, and (distance, time) in milliseconds."""

    page: str
    counted: int
    points: tuple[tuple[float, float], ...]

    @property
    def fitted(self) -> float:
        """The round trips that the times speak of: the slope of the least squares."""
        return self._line().slope

    @property
    def added(self) -> tuple[tuple[float, float], ...]:
        """(distance, time) in milliseconds, less what the page takes without any distance."""
        without = self._line().intercept
        return tuple((distance, time - without) for distance, time in self.points)

    def _line(self) -> statistics.LinearRegression:
        distances, times = zip(*self.points, strict=True)
        return statistics.linear_regression(distances, times)

    @property
    def deviation(self) -> float:
        """How far what is fitted is from what was counted."""
        return abs(self.fitted - self.counted)

    @property
    def agrees(self) -> bool:
        """True if both say the same."""
        return self.deviation <= TOLERANCE
