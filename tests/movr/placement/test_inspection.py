"""Parsing of recorded answers of CockroachDB about its placement."""

import pytest

from movr.placement.cockroachdb import city_indexes, region_expression
from movr.placement.definitions import TABLES, region_of_city
from movr.placement.inspection import cities_of_expression, cities_of_partitions

PARTITIONS = {
    "us_east": ("('new york'), ('boston'), ('washington dc')", "gcp-us-east1"),
    "us_west": ("('seattle'), ('san francisco'), ('los angeles')", "gcp-us-west1"),
    "europe_west": ("('amsterdam'), ('paris'), ('rome')", "gcp-europe-west1"),
}


def partitions(zone: str = "constraints = '[+region={}]'") -> list[tuple[str, str, str, str]]:
    """Return rows of SHOW PARTITIONS for all indexes."""
    keys = []
    for table in TABLES:
        names = [f"{table.name}_pkey", *(str(index.name) for index in city_indexes(table))]
        keys += [f"{table.name}@{name}" for name in names]
    return [
        (key, name, values, zone.format(region))
        for key in keys
        for name, (values, region) in PARTITIONS.items()
    ]


def test_a_computed_region_shows_the_region_of_each_city() -> None:
    assert cities_of_expression(region_expression()) == region_of_city()


def test_a_computed_region_is_read_as_the_server_writes_it() -> None:
    written = (
        "CASE WHEN city IN ('new york':::STRING, 'boston':::STRING) THEN"
        " 'gcp-us-east1':::public.crdb_internal_region"
        " WHEN city = 'rome':::STRING THEN 'gcp-europe-west1':::public.crdb_internal_region END"
    )

    assert cities_of_expression(written) == {
        "new york": "gcp-us-east1",
        "boston": "gcp-us-east1",
        "rome": "gcp-europe-west1",
    }


def test_partitions_show_the_region_of_each_city() -> None:
    assert cities_of_partitions(partitions()) == region_of_city()


@pytest.mark.parametrize("rows", [partitions()[:-3], partitions(zone="")])
def test_a_key_without_partitions_or_zones_is_not_placed(
    rows: list[tuple[str, str, str, str]],
) -> None:
    assert cities_of_partitions(rows) == {}
