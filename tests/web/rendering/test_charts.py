"""The chart of rides per week: its bars, their heights and labels."""

from datetime import date, timedelta
from itertools import pairwise

from movr.results import RideTotal
from web.rendering.charts import HEIGHT, STEP, WIDTH, rides_a_week, widths

FRIDAY = date(2026, 11, 20)


def week(begin: date, rides: int) -> RideTotal:
    return RideTotal(begin, rides, timedelta(), 0)


def test_the_chart_has_a_bar_for_each_week_and_ends_with_this_week() -> None:
    bars = rides_a_week([week(date(2026, 11, 16), 1)], FRIDAY).bars

    assert (bars[0].week, bars[-1].week) == (date(2026, 5, 25), date(2026, 11, 16))
    assert {later.week - bar.week for bar, later in pairwise(bars)} == {timedelta(weeks=1)}
    assert [bar.x for bar in bars] == [STEP * place for place in range(26)]


def test_the_height_of_a_bar_is_proportional_to_rides() -> None:
    weeks = [
        week(date(2026, 11, 16), 3),
        week(date(2026, 11, 2), 12),
        week(date(2026, 5, 25), 6),
        week(date(2026, 5, 18), 99),  # too long ago for the chart
    ]

    chart = rides_a_week(weeks, FRIDAY)

    rides = [bar.rides for bar in chart.bars]
    assert (rides[0], rides[-3:], sum(rides)) == (6, [12, 0, 3], 21)
    assert [bar.height for bar in chart.bars[-3:]] == [HEIGHT, 0, HEIGHT / 4]
    assert (chart.most, chart.rides) == (12, 21)


def test_without_rides_all_bars_have_height_zero() -> None:
    chart = rides_a_week([], FRIDAY)

    assert {bar.height for bar in chart.bars} == {0}
    assert (chart.most, chart.rides) == (0, 0)


def test_the_first_week_of_each_month_has_its_name() -> None:
    bars = rides_a_week([], date(2027, 1, 4)).bars

    named = {bar.week: bar.month for bar in bars if bar.month}
    assert named == {
        date(2026, 8, 3): "Aug",
        date(2026, 9, 7): "Sep",
        date(2026, 10, 5): "Oct",
        date(2026, 11, 2): "Nov",
        date(2026, 12, 7): "Dec",
        date(2027, 1, 4): "Jan",
    }


def test_the_width_of_a_bar_is_proportional_to_its_number() -> None:
    assert widths({"east": 200, "west": 50, "europe": 0}) == {
        "east": WIDTH,
        "west": WIDTH / 4,
        "europe": 0,
    }
    assert widths({"east": 0, "west": 0}) == {"east": 0, "west": 0}
