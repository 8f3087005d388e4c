"""Times, distances and numbers, as people of each city write them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from movr.cities import CITIES, Position
from web.languages import in_language
from web.rendering.template_filters import (
    clock,
    day,
    distance,
    duration,
    local_time,
    money,
    month,
    number,
    place_name,
)

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
    ("city", "minutes_of_utc", "expected"),
    [
        ("new york", (5 * 60 + 30, 6 * 60 + 15), [f"1:30{NARROW}AM EDT", f"1:15{NARROW}AM EST"]),
        ("new york", (4 * 60 + 59, 7 * 60), [f"12:59{NARROW}AM", f"2:00{NARROW}AM"]),
        ("paris", (5 * 60, 6 * 60), ["06:00", "07:00"]),
    ],
)
def test_the_repeated_hour_at_the_end_of_daylight_saving_time_has_its_zone(
    city: str, minutes_of_utc: tuple[int, int], expected: list[str]
) -> None:
    midnight = datetime(2026, 11, 1, tzinfo=UTC)
    moments = [midnight + timedelta(minutes=minutes) for minutes in minutes_of_utc]

    assert [words(clock(moment, city)) for moment in moments] == expected
    for moment, time in zip(moments, expected, strict=True):
        assert words(local_time(moment, city)).endswith(f", {time}")


def test_the_hour_that_daylight_saving_time_skips_needs_no_zone() -> None:
    before = datetime(2026, 3, 8, 6, 59, tzinfo=UTC)

    times = [words(clock(before + timedelta(minutes=n), "new york")) for n in (0, 1)]

    assert times == [f"1:59{NARROW}AM", f"3:00{NARROW}AM"]


@pytest.mark.parametrize(
    ("north", "east", "expected"),
    [
        (0.01, 0, "0.7 mi north of the centre of New York"),
        (0.0072, 0.006, "0.6 mi northeast of the centre of New York"),
        (0, 0.01, "0.5 mi east of the centre of New York"),
        (-0.01, 0.012, "0.9 mi southeast of the centre of New York"),
        (-0.001, 0, "360 ft south of the centre of New York"),
        (-0.01, -0.012, "0.9 mi southwest of the centre of New York"),
        (0, -0.01, "0.5 mi west of the centre of New York"),
        (0.01, -0.012, "0.9 mi northwest of the centre of New York"),
        (0.00001, 0, "the centre of New York"),
    ],
)
def test_a_position_without_words_is_named_by_its_way_from_the_centre(
    north: float, east: float, expected: str
) -> None:
    city = CITIES[0]
    there = Position(city.latitude + north, city.longitude + east)

    assert place_name(there, city).replace("\xa0", " ") == expected


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
    [
        (0.4, "under a minute"),
        (1, "1 min"),
        (59.4, "59 min"),
        (65, "1 h 05 min"),
        (1800, "30 h"),
        (47 * 60 + 59, "47 h 59 min"),
        (48 * 60, "2 d 0 h"),
        (50 * 60 + 59, "2 d 3 h"),
        (122_400, "85 d 0 h"),
    ],
)
def test_durations(minutes: float, expected: str) -> None:
    assert duration(timedelta(minutes=minutes)).removesuffix(" 00 min") == expected


@pytest.mark.parametrize(
    ("language", "city", "expected"),
    [
        ("en", "paris", "Fri 20 Nov 2026, 23:32 | 1,6 km | 12 345,60 €"),
        ("fr", "paris", "ven. 20 nov. 2026, 23:32 | 1,6 km | 12 345,60 €"),
        ("fr", "new york", "ven. 20 nov. 2026, 17:32 | 1,0 mi | 12 345,60 $US"),
        ("es", "new york", "vie, 20 de nov de 2026, 5:32 p.m. | 1.0 mi | $12,345.60"),
        ("es", "rome", "vie, 20 nov 2026, 23:32 | 1,6 km | 12.345,60 €"),
        ("it", "amsterdam", "ven 20 nov 2026, 23:32 | 1,6 km | 12.345,60 €"),
        ("nl", "boston", "vr 20 nov 2026, 17:32 | 1,0 mi | US$ 12.345,60"),
    ],
)
def test_the_language_orders_and_separates_and_the_city_has_the_clock_the_units_and_the_currency(
    app: Flask, language: str, city: str, expected: str
) -> None:
    with app.test_request_context(), in_language(language):
        written = (words(local_time(EVENING, city)), distance(1609, city), money(1_234_560, city))

    assert " | ".join(written).replace(NARROW, " ").replace("\xa0", " ") == expected
