"""The alerts in Prometheus: when they fire and clear, and when they do not."""

import time
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path

import httpx
import pytest
import yaml

from movr.cities import REGIONS, cities_in
from tests import plain_http
from tests.conftest import START_TIMEOUT, TEST_APP, free_port, gunicorn, plain_client
from tests.deploy import queries, troubles
from tests.deploy.prometheus import ALERTS, exporting, prometheus, promtool
from tests.deploy.troubles import EAST, EUROPE, FROM, LENGTHS, STEP, WEST, steps
from web.operations.journeys import Journey

NAMES = [rule["alert"] for rule in queries.ALERTS]
PER_STEP = 300  # requests of each journey between two samples: ten a second

Series = dict[str, str]
Expected = Mapping[tuple[str, ...], float]  # alerts by name, and by region if the query names it


def gauge(*phases: tuple[float | None, int]) -> str:
    """Return the values of a gauge, for so many steps each; None if there is no sample."""
    return " ".join(
        f"stale _x{number - 1}" if value is None else f"{value}+0x{number - 1}"
        for value, number in phases
    )


def counter(*phases: tuple[float, int]) -> str:
    """Return the values of a counter that grows by so much at each of so many steps.

    Sums of fractions would be inexact, and each step down the reset of a counter.
    """
    values, total = ["0"], 0.0
    for growth, number in phases:
        if number:
            values.append(f"{total + growth}+{growth}x{number - 1}")
        total += growth * number
    return " ".join(values)


def journey_series(
    region: str,
    journey: str,
    pod: str,
    failed: tuple[tuple[int, int], ...],
    result: str = "failed",
) -> Series:
    """Return the counters of one pod, of whose requests so many have this result."""
    good = tuple((PER_STEP - bad, number) for bad, number in failed)
    labels = f'instance="{pod}",region="{region}",journey="{journey}"'
    return {
        f'movr_journeys_total{{{labels},result="{result}"}}': counter(*failed),
        f'movr_journeys_total{{{labels},result="good"}}': counter(*good),
    }


def all_journeys(region: str, pod: str, *failed: tuple[int, int]) -> Series:
    parts = (journey_series(region, journey, pod, failed) for journey in Journey)
    return {name: values for part in parts for name, values in part.items()}


def pods(region: str, *phases: tuple[float | None, int]) -> Series:
    """Return what says that the region's pod is there."""
    return {f'movr_build_info{{instance="{region}",region="{region}"}}': gauge(*phases)}


def probes(region: str, *phases: tuple[float | None, int]) -> Series:
    """Return the probes of the region's cities from all regions."""
    return {
        f'probe_success{{job="movr-probe",city="{city.slug}",region="{region}",from="{origin}"}}': (
            gauge(*phases)
        )
        for city, origin in product(cities_in(region), FROM)
    }


def usual(region: str, number: int) -> Series:
    return {
        **all_journeys(region, region, (0, number)),
        **pods(region, (1, number)),
        **probes(region, (1, number)),
    }


def labels_of(alert: tuple[str, ...]) -> str:
    pairs = zip(("alertname", "region"), alert, strict=False)
    return "{" + ",".join(f'{name}="{value}"' for name, value in pairs) + "}"


def check(here: Path, series: Series, expected: Mapping[tuple[float, str], Expected]) -> None:
    """Assert what each query returns at its minute, by name and region of an alert."""
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": text} for name, text in series.items()],
        "promql_expr_test": [
            {
                "expr": query,
                "eval_time": f"{round(minute * 60)}s",
                "exp_samples": [
                    {"labels": labels_of(alert), "value": value} for alert, value in alerts.items()
                ],
            }
            for (minute, query), alerts in expected.items()
        ],
    }
    file = here / "test.yaml"
    settings = {"rule_files": [str(ALERTS)], "evaluation_interval": f"{STEP}s", "tests": [test]}
    file.write_text(yaml.safe_dump(settings))

    ended = promtool("test", "rules", str(file))

    assert ended.returncode == 0, ended.stdout + ended.stderr


BEFORE = AWAY = AFTER = steps(30)
HOUR = steps(60)
NIGHT = BEFORE + 10 + AFTER
END = 90  # minutes
TROUBLE = ((0, BEFORE), (PER_STEP, AWAY), (0, AFTER))
FIRING = 'ALERTS{alertstate="firing"}'
# How often each alert has begun to fire: that is how often somebody was told.
TOLD = (
    f"sum by (alertname, region) (count_over_time(({FIRING} unless {FIRING} offset 30s)[12h:30s]))"
)
PAGED = TOLD.replace('"firing"', '"firing",severity="page"')
FIRED = f"group by (alertname) (last_over_time({FIRING}[12h]))"
FIRING_NOW = f"group by (alertname) ({FIRING})"
PAGES_NOW = 'count by (alertname, region) (ALERTS{alertstate="firing",severity="page"})'
NONE: Expected = {}


def from_then_on(number: int, series: Series) -> Series:
    """Return series that begin after so many steps."""
    return {name: f"_x{number} {values}" for name, values in series.items()}


def test_prometheus_finds_nothing_to_complain_about() -> None:
    ended = promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_blip_of_eight_seconds_in_which_every_request_fails_pages_nobody(tmp_path: Path) -> None:
    """As when a node of the database dies (docs/reliability.md)."""
    failed = ((0, HOUR), (PER_STEP * 8 // STEP, 1), (0, HOUR))
    number = HOUR + 1 + HOUR
    series = usual(WEST, number) | usual(EAST, number) | usual(EUROPE, number)

    check(
        tmp_path,
        {
            **series,
            **all_journeys(EUROPE, EUROPE, *failed),
            **probes(EUROPE, (1, HOUR), (0, 1), (1, HOUR)),
        },
        {(120, PAGED): NONE},
    )


def test_a_few_failures_at_night_page_nobody(tmp_path: Path) -> None:
    """Five failed logins of thirty are many per cent, and may be one rider's."""
    logins = f'movr_journeys_total{{region="{EAST}",journey="log_in",result="%s"}}'
    up = {name: text for region in REGIONS for name, text in pods(region, (1, NIGHT)).items()}

    check(
        tmp_path,
        {
            logins % "failed": counter((0, BEFORE), (0.5, 10), (0, AFTER)),
            logins % "good": counter((0.25, BEFORE), (0, 10), (0.25, AFTER)),
            **up,
        },
        {(60, PAGED): NONE},
    )


def test_slow_answers_and_many_failures_over_hours_page_too(tmp_path: Path) -> None:
    """In one region all answers are slow for half an hour; in the other one in a hundred fails."""
    number = BEFORE + AWAY
    slow = journey_series(WEST, "start", WEST, ((0, BEFORE), (PER_STEP, AWAY)), "slow")
    look = f'movr_journeys_total{{region="{EAST}",journey="look",result="%s"}}'
    leaking = {look % "failed": counter((1, number)), look % "good": counter((99, number))}
    up = {name: text for region in REGIONS for name, text in pods(region, (1, number)).items()}

    check(
        tmp_path,
        slow | leaking | up,
        {(59, PAGED): {("MovrRidersFail", region): 1 for region in (EAST, WEST)}},
    )


def the_app() -> Series:
    """Return the series while a region has no pods, and us-east answers its riders."""
    return {
        **all_journeys(EUROPE, EUROPE, (0, BEFORE)),
        **from_then_on(BEFORE, all_journeys(EUROPE, EAST, (0, AWAY))),
        **probes(EUROPE, (1, BEFORE + AWAY + AFTER)),
        **pods(EUROPE, (1, BEFORE), (None, AWAY), (1, AFTER)),
    }


def the_database() -> Series:
    """Return the series while the rows of a region cannot be read."""
    return {
        **all_journeys(EUROPE, EUROPE, *TROUBLE),
        **probes(EUROPE, (1, BEFORE), (0, AWAY), (1, AFTER)),
        **pods(EUROPE, (1, BEFORE + AWAY + AFTER)),
    }


def all_of_it() -> Series:
    """Return the series while both are away: us-east answers, with errors."""
    return {
        **all_journeys(EUROPE, EUROPE, (0, BEFORE)),
        **from_then_on(BEFORE, all_journeys(EUROPE, EAST, (PER_STEP, AWAY), (0, AFTER))),
        **probes(EUROPE, (1, BEFORE), (0, AWAY), (1, AFTER)),
        **pods(EUROPE, (1, BEFORE), (None, AWAY), (1, AFTER)),
    }


@pytest.mark.parametrize(
    ("lost", "alert"),
    [
        (the_app, "MovrRegionDown"),
        (the_database, "MovrRidersFail"),
        (all_of_it, "MovrRidersFail"),
    ],
)
def test_a_region_that_is_away_pages_once_and_in_its_own_region(
    tmp_path: Path, lost: Callable[[], Series], alert: str
) -> None:
    others = usual(EAST, BEFORE + AWAY + AFTER) | usual(WEST, BEFORE + AWAY + AFTER)

    check(
        tmp_path,
        others | lost(),
        {
            (29, PAGES_NOW): NONE,
            (40, PAGES_NOW): {(alert, EUROPE): 1},
            (59, PAGES_NOW): {(alert, EUROPE): 1},
            (END, PAGES_NOW): NONE,
            (END, PAGED): {(alert, EUROPE): 1},
        },
    )


def test_every_alert_fires_while_its_trouble_lasts_and_clears_after_it(tmp_path: Path) -> None:
    series = {name: trouble.values() for name, trouble in troubles.ALL.items()}

    check(
        tmp_path,
        series | pods(WEST, (1, sum(LENGTHS))),
        {
            (59, FIRED): NONE,
            (240, FIRED): {(name,): 1 for name in NAMES},
            (240, FIRING_NOW): NONE,
        },
    )


def test_each_alert_has_its_trouble() -> None:
    assert sorted(troubles.TROUBLES) == sorted(NAMES)


def test_every_alert_fires_and_clears_in_a_real_prometheus_that_reads_movr(
    database: str, tmp_path: Path
) -> None:
    """Its rules look back for seconds. Labels that match two series are an error only there."""
    exporter, port, of_movr = troubles.Exporter(), free_port(), {"DB_URI": database, "DEBUG": "1"}
    with (
        exporting(exporter.text) as address,
        prometheus(tmp_path, movr=f"127.0.0.1:{port}", others=address) as api,
        plain_client(f"{api}/api/v1") as client,
    ):
        wait_for(client, FIRED, {"MovrProbesMissing", "MovrRegionDown"})
        exporter.phase = troubles.IN_TROUBLE
        with gunicorn(port, of_movr | {"REGION": WEST}, app=TEST_APP) as (url, _):
            plain_http.get(f"{url}/vehicles")
            wait_for(client, FIRED, {*NAMES})
            exporter.phase = troubles.OVER
            wait_for(client, FIRING_NOW, set())
            groups = client.get("/rules").json()["data"]["groups"]
            of_app = client.get("/label/__name__/values", params={"match[]": '{job="movr"}'})

    rules = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert rules == {rule.get("alert") or rule["record"]: "ok" for rule in queries.RULES}
    used = {name for name in queries.series_of(queries.RULES) if name.startswith("movr_")}
    assert used - {*of_app.json()["data"]} == set()


def wait_for(client: httpx.Client, query: str, alerts: set[str]) -> None:
    """Wait until the query returns at least these alerts; exactly none if they are none."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        found = client.get("/query", params={"query": query}).json()["data"]["result"]
        names = {each["metric"]["alertname"] for each in found}
        if names >= alerts and bool(names) == bool(alerts):
            return
        assert time.monotonic() < deadline, names ^ alerts
        time.sleep(0.2)
