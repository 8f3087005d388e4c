"""The city of a header, a position or a region."""

import pytest

from movr.cities import CITIES, EUROPE_WEST, REGIONS, US_EAST, US_WEST, City, Position
from web.geoutils import (
    city_of_name,
    city_of_region,
    nearest_city,
    parse_position_header,
    unserved_name,
)

PARIS_IN_TEXAS = "33.6609,-95.5555"


def found(name: str | None = None, coordinates: str | None = None) -> str | None:
    """Return the name of the city for these headers."""
    position = parse_position_header(coordinates)
    city = city_of_name(name, position) or (nearest_city(position) if position else None)
    return city.name if city else None


@pytest.mark.parametrize("city", CITIES, ids=lambda city: city.name)
def test_each_city_is_found_by_name_and_by_position(city: City) -> None:
    assert found(city.name) == city.name
    assert found(coordinates=f"{city.latitude},{city.longitude}") == city.name


@pytest.mark.parametrize(
    "name", ["New York", "NEW YORK", "new york", "  nEw yOrK ", "\tnew york\t"]
)
def test_letter_case_and_spaces_around_a_name_do_not_matter(name: str) -> None:
    assert found(name) == "new york"


@pytest.mark.parametrize(
    ("position", "city"),
    [
        ("40.7,-74.0", "new york"),
        ("51.5074,-0.1278", "paris"),  # London: 344 km, to Amsterdam 358
        ("50.8503,4.3517", "amsterdam"),  # Brussels
        ("41.8781,-87.6298", "washington dc"),  # Chicago
        ("19.4326,-99.1332", "los angeles"),  # Mexico City
        ("-33.9249,18.4241", "rome"),  # Cape Town
        ("21.3069,-157.8583", "san francisco"),  # Honolulu
    ],
)
def test_a_position_selects_the_nearest_city(position: str, city: str) -> None:
    assert found(coordinates=position) == city


@pytest.mark.parametrize(
    ("position", "city"),
    [
        ("35.6762,139.6503", "seattle"),  # Tokyo
        ("-33.8688,151.2093", "san francisco"),  # Sydney
        ("64.7337,177.4968", "seattle"),  # Anadyr
        ("-17.7134,178.0650", "san francisco"),  # Fiji
    ],
)
def test_distances_cross_the_antimeridian(position: str, city: str) -> None:
    """Without the antimeridian, Rome would be nearest to all of these."""
    assert found(coordinates=position) == city


def test_distances_account_for_latitude() -> None:
    reykjavik = Position(64.1466, -21.9426)

    assert nearest_city(reykjavik).name == "amsterdam"  # on a flat map: Paris


@pytest.mark.parametrize("position", ["90,0", "-90,0", "90,180", "0,-180", "0,180", "0,1e-6"])
def test_any_position_has_a_nearest_city(position: str) -> None:
    assert found(coordinates=position) is not None


@pytest.mark.parametrize("position", [" 40.7 , -74.0 ", "+40.7,-74", "4.07e1,-74.0"])
def test_a_position_may_be_written_in_several_ways(position: str) -> None:
    assert found(coordinates=position) == "new york"


@pytest.mark.parametrize(
    "name",
    ["", " ", "tokyo", "newyork", "new_york", "new york,paris", "paris\0", "paris%00", "п" * 99,
     "x" * 10_000],
)  # fmt: skip
def test_an_unknown_name_selects_no_city(name: str) -> None:
    assert found(name) is None


def test_a_too_long_header_selects_no_city() -> None:
    assert found("paris" + " " * 10_000) is None


@pytest.mark.parametrize(
    "position",
    [
        "",
        ",",
        "40.7",
        "40.7,",
        "40.7,-74.0,0",
        "40.7;-74.0",
        "forty,seventy",
        "nan,nan",
        "40.7,nan",
        "inf,0",
        "inf,-inf",
        "1e308,1e308",
        "90.1,0",
        "-90.1,0",
        "0,180.1",
        "0,-180.1",
        "0x28,0",
        "40.7,-74.0" + "0" * 1000,
        "0.000000,0.000000",  # what Google's load balancers send for unknown positions
        "0,0",
        "-0,0.0",
    ],
)
def test_an_invalid_position_selects_no_city(position: str) -> None:
    assert found(coordinates=position) is None


@pytest.mark.parametrize(
    ("name", "position", "city"),
    [
        ("paris", PARIS_IN_TEXAS, "washington dc"),
        ("rome", "43.2128,-75.4557", "new york"),  # Rome, New York
        ("boston", "52.9789,-0.0266", "amsterdam"),  # Boston, Lincolnshire
        ("washington", "54.9000,-1.5200", "amsterdam"),  # Washington, Tyne and Wear
        ("paris", "40.7,-74.0", "new york"),
    ],
)
def test_a_name_that_contradicts_its_coordinates_loses(name: str, position: str, city: str) -> None:
    assert found(name, position) == city


@pytest.mark.parametrize(
    ("name", "position"),
    [
        ("los angeles", "34.2572,-118.6012"),  # Chatsworth, 40 km from the centre
        ("new york", "40.5083,-74.2354"),  # Staten Island
        ("paris", "0.000000,0.000000"),
        ("paris", ""),
    ],
)
def test_a_name_that_its_coordinates_do_not_contradict_wins(name: str, position: str) -> None:
    assert found(name, position) == name


@pytest.mark.parametrize(
    ("alias", "city"),
    [
        *((alias, "new york") for alias in ("New York City", "NYC", "N.Y.C.", "Manhattan")),
        *((alias, "new york") for alias in ("Brooklyn", "Queens", "The Bronx", "Staten Island")),
        ("New-York", "new york"),
        *((alias, "washington dc") for alias in ("Washington", "Washington D.C.", "washington dc")),
        *((alias, "washington dc") for alias in ("Washington, D.C.", "WASHINGTON, DC", "DC")),
        *((alias, "los angeles") for alias in ("LA", "L.A.")),
        *((alias, "san francisco") for alias in ("SF", "S.F.")),
        ("Roma", "rome"),
        ("Los Ángeles", "los angeles"),
        ("new  york", "new york"),
    ],
)
def test_an_alias_selects_its_city(alias: str, city: str) -> None:
    assert found(alias) == city


@pytest.mark.parametrize(
    "name", ["Los Ángeles", "Los A\u0301ngeles", "Los \xc3\x81ngeles", "Los%20%C3%81ngeles"]
)
def test_diacritics_are_folded_in_any_encoding(name: str) -> None:
    """WSGI decodes headers as Latin-1; balancers send UTF-8, Latin-1 or percent-encoded UTF-8."""
    assert found(name) == "los angeles"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Chicago", "Chicago"),
        ("  St. John's ", "St. John's"),
        ("S\xc3\xa3o Paulo", "São Paulo"),
        ("S\xe3o Paulo", "São Paulo"),
        ("S%C3%A3o%20Paulo", "São Paulo"),
        ("6th of October City", "6th of October City"),
    ],
)
def test_the_name_of_an_unserved_place_is_readable(header: str, name: str) -> None:
    assert unserved_name(header) == name


@pytest.mark.parametrize(
    "header",
    [None, "", " ", "-", "?", "Unknown", "null", "{client_city}", "$geoip_city", "<b>Chicago</b>",
     "Chicago,Berlin", "Chicago%0A", "Chicago\u202e", "123", "x" * 101, "Paris", "NYC"],
)  # fmt: skip
def test_a_header_that_names_no_unserved_place_has_no_name(header: str | None) -> None:
    assert unserved_name(header) is None


def test_a_position_is_used_if_the_name_is_unknown() -> None:
    assert found("atlantis", "40.7,-74.0") == "new york"


def test_no_header_selects_no_city() -> None:
    assert found() is None


@pytest.mark.parametrize(
    ("region", "name"), [(US_EAST, "new york"), (US_WEST, "seattle"), (EUROPE_WEST, "amsterdam")]
)
def test_a_region_selects_its_first_city(region: str, name: str) -> None:
    city = city_of_region(region)

    assert city is not None
    assert (city.name, city.region) == (name, region)


def test_every_region_has_a_city() -> None:
    assert all(city_of_region(region) for region in REGIONS)


@pytest.mark.parametrize("region", ["", "gcp-moon-north1"])
def test_no_region_selects_no_city(region: str) -> None:
    assert city_of_region(region) is None
