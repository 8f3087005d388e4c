"""Times, distances and numbers, as people of each city write them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from movr.cities import CITIES
from web.rendering.template_filters import clock, day, distance, duration, local_time, month, number

EVENING = datetime(2026, 11, 20, 22, 32, 7, tzinfo=UTC)
NARROW = "\N{NARROW NO-BREAK SPACE}"


def words(element: str) -> str:
    """Return the text of a `<time>` element."""
    return element[element.index(">") + 1 : element.rindex("<")]


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("new york", f"Fri, Nov 20, 2026, 5:32{NARROW}PM"),
        ("boston", f"Fri, Nov 20, 2026, 5:32{NARROW}PM"),
        ("seattle", f"Fri, Nov 20, 2026, 2:32{NARROW}PM"),
        ("amsterdam", "Fri 20 Nov 2026, 23:32"),
        ("paris", "Fri 20 Nov 2026, 23:32"),
        ("rome", "Fri 20 Nov 2026, 23:32"),
    ],
)
def test_a_time_has_the_time_zone_and_the_format_of_its_city(city: str, expected: str) -> None:
    assert words(local_time(EVENING, city)) == expected


def test_the_datetime_attribute_is_in_utc() -> None:
    utc = '<time datetime="2026-11-20T22:32:07Z">'
    there = EVENING.astimezone(CITIES[0].timezone)

    assert local_time(there, "paris") == local_time(EVENING, "paris")
    assert local_time(there, "paris").startswith(utc)
    assert clock(there, "paris").startswith(utc)


def test_today_depends_on_the_city() -> None:
    after_midnight = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)

    assert words(local_time(after_midnight, "rome")) == "Sat 21 Nov 2026, 00:30"


@pytest.mark.parametrize(
    ("month_of_year", "expected"), [(1, f"5:32{NARROW}PM"), (7, f"6:32{NARROW}PM")]
)
def test_times_follow_daylight_saving_time(month_of_year: int, expected: str) -> None:
    assert words(clock(EVENING.replace(month=month_of_year), "new york")) == expected


@pytest.mark.parametrize(
    ("hour", "new_york", "paris"),
    [(0, f"12:05{NARROW}AM", "06:05"), (12, f"12:05{NARROW}PM", "18:05")],
)
def test_midnight_and_noon(hour: int, new_york: str, paris: str) -> None:
    moment = datetime(2026, 1, 5, hour, 5, tzinfo=CITIES[0].timezone)

    assert (words(clock(moment, "new york")), words(clock(moment, "paris"))) == (new_york, paris)


@pytest.mark.parametrize(
    ("metres", "new_york", "amsterdam", "paris", "rome"),
    [
        (0, "0 ft", "0 m", "0\u202fm", "0 m"),
        (4.4, "10 ft", "0 m", "0\u202fm", "0 m"),
        (434.4, "0.3 mi", "430 m", "430\u202fm", "430 m"),
        (300, "980 ft", "300 m", "300\u202fm", "300 m"),
        (303.2, "990 ft", "300 m", "300\u202fm", "300 m"),
        (304.8, "0.2 mi", "300 m", "300\u202fm", "300 m"),
        (994, "0.6 mi", "990 m", "990\u202fm", "990 m"),
        (996, "0.6 mi", "1,0 km", "1,0\u202fkm", "1,0 km"),
        (1609.3, "1.0 mi", "1,6 km", "1,6\u202fkm", "1,6 km"),
        (12_345, "7.7 mi", "12,3 km", "12,3\u202fkm", "12,3 km"),
        (1_234_567, "767.1 mi", "1.234,6 km", "1\u202f234,6\u202fkm", "1.234,6 km"),
    ],
)
def test_distances(metres: float, new_york: str, amsterdam: str, paris: str, rome: str) -> None:
    cities = ("new york", "amsterdam", "paris", "rome")

    assert [distance(metres, city) for city in cities] == [new_york, amsterdam, paris, rome]


@pytest.mark.parametrize(
    ("city", "expected"),
    [("seattle", "12,345"), ("amsterdam", "12.345"), ("paris", "12\u202f345"), ("rome", "12.345")],
)
def test_numbers_have_the_city_s_digit_grouping(city: str, expected: str) -> None:
    assert number(12_345, city) == expected


def test_days_and_months_in_english_words_in_the_city_s_order() -> None:
    monday = date(2026, 11, 16)

    assert [day(monday, city) for city in ("new york", "rome")] == ["Nov 16", "16 Nov"]
    assert {month(monday, city.name) for city in CITIES} == {"November 2026"}


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0.4, "under a minute"), (1, "1 min"), (59.4, "59 min"), (65, "1 h 05 min"), (1800, "30 h")],
)
def test_durations(minutes: float, expected: str) -> None:
    assert duration(timedelta(minutes=minutes)).removesuffix(" 00 min") == expected
