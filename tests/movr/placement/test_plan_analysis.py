"""Analysis of recorded CockroachDB plans: cities that are proven and those that are not.

Recorded on v22.1, apart from `by_region`, `range` and `unknown`, which are written by hand.
"""

from pathlib import Path

import pytest

from movr.placement import explain, locality, plan_analysis

PLANS = Path(__file__).parent / "plans"

NAMELESS = "is reached by keys of which the plan names no city"
MIXED = "has the entries of all cities together"


def plan(name: str) -> str:
    return (PLANS / f"{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "cities"),
    [
        ("list", {"new york"}),
        ("start", {"new york"}),
        ("end", {"new york"}),
        ("history", {"new york"}),
        ("money", {"new york"}),
        ("add_vehicle", {"new york"}),
        ("add_vehicle_fast", {"paris"}),
        ("owner", {"paris"}),
        ("by_region", {"boston", "new york"}),
        ("many", {"boston", "new york", "paris", "rome", "seattle", "washington dc"}),
    ],
)
def test_a_plan_whose_keys_all_name_cities_accesses_those(name: str, cities: set[str]) -> None:
    assert plan_analysis.read(plan(name)) == (frozenset(cities), ())


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        # The city of a ride is its vehicle's, not its rider's.
        ("traveller", (f"vehicles@vehicles_pkey {NAMELESS}", f"rides@rides_pkey {NAMELESS}")),
        # A username is unique over all cities, so its index is read and written globally.
        ("register", (f"users@users_username_key {MIXED}",)),
        ("erase", (f"users@users_username_key {MIXED}",)),
        # The range from Amsterdam to Paris includes Boston and Los Angeles.
        ("range", (f"users@users_pkey {NAMELESS}",)),
        ("limited", (f"users@users_username_key {MIXED}",)),
        ("unknown", ("a step that is not known: zigzag join",)),
    ],
)
def test_unproven_parts_of_a_plan_are_reported(name: str, reasons: tuple[str, ...]) -> None:
    assert plan_analysis.read(plan(name))[1] == reasons
    assert not locality.regions_in_cockroachdb_plan(plan(name)).is_within("gcp-us-east1")


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        ("(city,id)", "(id)"),
        ("users@users_pkey", "users@elsewhere"),
        ("users@users_pkey", "users@users_username_key"),
        ("columns: (city, id, type, owner_id)", "columns: (id, type, owner_id)"),
        ('spans: /"paris"', "spans: FULL SCAN"),
        ('spans: /"paris"', "spans: LIMITED SCAN"),
        ("/0\n", '/0 /"paris"/"x"/0 -/5\n'),
        ("lookup join (inner)", "zigzag join"),
    ],
)
def test_a_plan_that_is_changed_a_little_is_not_proven(was: str, is_now: str) -> None:
    changed = plan("owner").replace(was, is_now)

    assert changed != plan("owner")
    assert plan_analysis.read(changed)[1]


def test_no_plan_proves_nothing() -> None:
    assert plan_analysis.read("distribution: local\n") == (
        frozenset(),
        ("the server gave no plan",),
    )


def test_two_cities_of_a_region_are_home_and_two_regions_are_not() -> None:
    spans = 'spans: /"new york"-/"new york"/PrefixEnd /"{}"-/"{}"/PrefixEnd'
    scan = f"• scan\n  columns: (city)\n  table: rides@rides_pkey\n  {spans}"

    near = locality.regions_in_cockroachdb_plan(scan.format("boston", "boston"))
    far = locality.regions_in_cockroachdb_plan(scan.format("paris", "paris"))

    assert near.is_within("gcp-us-east1")
    assert far.regions == {"gcp-us-east1", "gcp-europe-west1"}
    assert not far.is_within("gcp-us-east1")


@pytest.mark.parametrize(
    ("spans", "cities"),
    [
        ('/"new york"/"\\x00-/\\"a b"/0', {"new york"}),
        ('/"new york"/2026-05-01T12:00:00Z-/"new york"/PrefixEnd', {"new york"}),
        ('/"\\x80"/"seattle"/-1.5-/"\\x80"/"seattle"/2', {"seattle"}),
        ('/"new york"-', set()),
        ('-/"new york"', set()),
        ('/NULL/"new york"', set()),
        ('/"ada"/"new york"/0', set()),
        ('/"new york"/0 /"atlantis"/0', set()),
    ],
)
def test_spans_are_read_key_by_key(spans: str, cities: set[str]) -> None:
    assert explain.cities_of_spans(spans) == cities


def test_columns_of_one_name_are_known_only_if_all_are() -> None:
    """The rider's city and the ride's are both called `city`."""
    joined = """
• lookup join (inner)
│ columns: (city, city, type)
│ table: vehicles@vehicles_pkey
│ equality: (city, vehicle_id) = (city,id)
│
└── • lookup join (inner)
    │ columns: (city, id, city, vehicle_id)
    │ table: rides@rides_rider_city_rider_id_start_time_id_idx
    │ equality: (city, id) = (rider_city,rider_id)
    │
    └── • scan
          columns: (city, id)
          table: users@users_pkey
          spans: /"new york"/"x"/0
"""

    assert plan_analysis.read(joined)[1] == (f"vehicles@vehicles_pkey {NAMELESS}",)


SCAN_OF_FARES = """
    └── • scan
          columns: (city, type, cents)
          table: fares@fares_pkey
          spans: FULL SCAN
"""


@pytest.mark.usefixtures("fares")
@pytest.mark.parametrize(
    "plan",
    [
        f"• limit\n    │ columns: (cents)\n    │{SCAN_OF_FARES}",
        """
• lookup join (inner)
│ columns: (city, type, cents)
│ table: fares@fares_city_cents_idx
│ equality: (type) = (city)
│
└── • scan
      columns: (city, type)
      table: vehicles@vehicles_pkey
      spans: /"paris"/"x"/0
""",
    ],
)
def test_a_read_of_a_global_table_stays_in_every_region(plan: str) -> None:
    cities, unproven = plan_analysis.read(plan)

    assert cities <= {"paris"}
    assert unproven == ()


@pytest.mark.usefixtures("fares")
@pytest.mark.parametrize(
    "plan",
    [
        "• insert\n  columns: ()\n  into: fares(city, type, cents)\n  row 0, expr 0: 'paris'\n",
        f"• update\n│ columns: ()\n│ table: fares\n│ set: cents\n│{SCAN_OF_FARES}",
    ],
)
def test_a_write_to_a_global_table_leaves_its_region(plan: str) -> None:
    assert plan_analysis.read(plan)[1] == ("fares is written in every region",)


SCAN_OF_RIDES_UNDER_WAY = """
    └── • scan
          columns: (city, id, start_time)
          table: rides@rides_city_start_time_idx (partial index)
          spans: /"new york"/0001-01-01T00:00:00Z-/"new york"/PrefixEnd
"""
RIDES_UNDER_WAY = """
• index join
│ columns: (city, id, vehicle_id, start_time, end_time)
│ table: rides@rides_pkey
│ key columns: city, id
│"""


def test_a_partial_index_is_read_by_its_cities_like_others() -> None:
    plan = RIDES_UNDER_WAY + SCAN_OF_RIDES_UNDER_WAY

    assert plan_analysis.read(plan) == (frozenset({"new york"}), ())
    assert plan_analysis.read(plan.replace("rides_city_start", "rides_start"))[1]


def test_any_update_may_add_a_row_to_a_partial_index_or_remove_it() -> None:
    update = "• update\n│ columns: ()\n│ table: rides\n│ set: end_time\n│"
    without_city = SCAN_OF_RIDES_UNDER_WAY.replace("(city, id, start_time)", "(id, end_time)")

    assert plan_analysis.read(update + without_city)[1] == (
        f"rides@rides_pkey {NAMELESS}",
        f"rides@rides_city_start_time_idx {NAMELESS}",
    )


INSERT_OF_LETTERS = """
• insert
│ columns: (city, id)
│ into: outbox(city, id, user_id)
│
└── • project
    │ columns: (city_cast, anon_15, anon_16)
    │
    └── • {source}
          columns: (city_cast, anon_15, anon_16)
"""


def test_an_insert_of_no_rows_writes_nothing() -> None:
    """CockroachDB plans `norows` where a parameter makes a condition false."""
    assert plan_analysis.read(INSERT_OF_LETTERS.format(source="norows")) == (frozenset(), ())
    assert plan_analysis.read(INSERT_OF_LETTERS.format(source="emptyrow"))[1]
