"""The alerts in Prometheus: when they fire and clear, and when they do not."""

import time
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from movr.cities import REGIONS, cities_in
from tests.conftest import START_TIMEOUT, plain_client, serving
from tests.deploy import queries
from tests.deploy.prometheus import ALERTS, prometheus, promtool
from web.operations.journeys import Journey

NAMES = [rule["alert"] for rule in queries.ALERTS]
EAST, WEST, EUROPE = REGIONS
FROM = ("us-east", "us-west", "europe-west")
STEP = 30  # seconds between two samples, as in scrape.yaml
PER_STEP = 30  # requests of each journey between two samples: one a second
DAY = 24 * 3600

Series = dict[str, str]
Expected = Mapping[tuple[str, ...], float]  # alerts by name, and by region if the query names it


def steps(minutes: float) -> int:
    return round(minutes * 60 / STEP)


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


BEFORE, AWAY, AFTER = steps(60), steps(90), steps(90)
NIGHT = BEFORE + 10 + AFTER
END = (BEFORE + AWAY + AFTER) * STEP / 60
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
    failed = ((0, BEFORE), (PER_STEP * 8 // STEP, 1), (0, AFTER))
    number = BEFORE + 1 + AFTER
    series = usual(WEST, number) | usual(EAST, number) | usual(EUROPE, number)

    check(
        tmp_path,
        {
            **series,
            **all_journeys(EUROPE, EUROPE, *failed),
            **probes(EUROPE, (1, BEFORE), (0, 1), (1, AFTER)),
        },
        {(120, PAGED): NONE},
    )


def test_a_few_failures_at_night_page_nobody(tmp_path: Path) -> None:
    """Five failed logins of thirty in an hour are many per cent, and may be one rider's."""
    logins = f'movr_journeys_total{{region="{EAST}",journey="log_in",result="%s"}}'
    up = {name: text for region in REGIONS for name, text in pods(region, (1, NIGHT)).items()}

    check(
        tmp_path,
        {
            logins % "failed": counter((0, BEFORE), (0.5, 10), (0, AFTER)),
            logins % "good": counter((0.25, BEFORE), (0, 10), (0.25, AFTER)),
            **up,
        },
        {(120, PAGED): NONE},
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
            (59, PAGES_NOW): NONE,
            (70, PAGES_NOW): {(alert, EUROPE): 1},
            (149, PAGES_NOW): {(alert, EUROPE): 1},
            (END, PAGES_NOW): NONE,
            (END, PAGED): {(alert, EUROPE): 1},
        },
    )


def lasting(name: str, normal: float, trouble: float) -> Series:
    return {name: gauge((normal, BEFORE), (trouble, AWAY), (normal, AFTER))}


def growing(name: str, trouble: float) -> Series:
    return {name: counter((0, BEFORE), (trouble, AWAY), (0, AFTER))}


def burning_slowly() -> Series:
    """Return requests of which every thirtieth is slow, three times too many, at first."""
    slow = ((1, steps(40)), (0, steps(140)))
    return from_then_on(BEFORE, journey_series("", "look", "local", slow, "slow"))


def failing_probes(region: str) -> Series:
    """Return probes of which all fail, and which nobody sends afterwards."""
    return probes(region, (1, BEFORE), (0, steps(30)), (None, steps(30)), (1, steps(120)))


def until_trouble(name: str) -> Series:
    """Return the time of an event that happens all the time, but not in the trouble."""
    stands = f"{BEFORE * STEP}+0x{AWAY - 1}"
    goes_on = f"{(BEFORE + AWAY) * STEP}+{STEP}x{AFTER - 1}"
    return {name: f"0+{STEP}x{BEFORE - 1} {stands} {goes_on}"}


POD = f'instance="{EAST}"'
# The series that make each alert fire, and let it clear.
TROUBLES: dict[str, Series] = {
    "MovrRidersFail": failing_probes(WEST),
    "MovrRegionDown": pods(EUROPE, (1, BEFORE), (None, AWAY), (1, AFTER)),
    "MovrBudgetBurns": burning_slowly(),
    "MovrProbeFails": failing_probes(WEST),
    "MovrProbesMissing": failing_probes(WEST),
    "MovrCertificateExpires": lasting(
        'probe_ssl_earliest_cert_expiry{job="movr-probe"}', 90 * DAY, 13 * DAY
    ),
    "MovrOutboxLag": lasting(f'movr_outbox_oldest_letter_seconds{{region="{EAST}"}}', 60, 3600),
    "MovrLedgerUnbalanced": lasting(f'movr_ledger_unbalanced_entries{{region="{EAST}"}}', 0, 1),
    "MovrAuditGap": lasting(f'movr_audit_missing_entries{{region="{EAST}"}}', 0, 1),
    "MovrDataUnchecked": until_trouble(f'movr_data_checked_timestamp_seconds{{region="{EAST}"}}'),
    "MovrDatabaseLatency": {
        f'movr_database_round_trips_total{{{POD},route="/"}}': counter((60, NIGHT + AWAY)),
        **growing(f'movr_database_seconds_total{{{POD},route="/"}}', 10),
    },
    "MovrPoolFull": {
        f'movr_database_pool_size{{{POD},pool="read"}}': gauge((4, BEFORE + AWAY + AFTER)),
        **lasting(f'movr_database_connections_in_use{{{POD},pool="read"}}', 1, 4),
    },
    "MovrRateLimited": growing(
        f'movr_refusals_total{{{POD},route="/login",reason="TooManyAttempts"}}', 60
    ),
    "MovrJobFailed": lasting('kube_job_failed{job_name="movr-migration",condition="true"}', 0, 1),
    "MovrAutoscalerAtMaximum": {
        'kube_horizontalpodautoscaler_spec_max_replicas{horizontalpodautoscaler="movr"}': gauge(
            (12, BEFORE + AWAY + AFTER)
        ),
        **lasting(
            'kube_horizontalpodautoscaler_status_desired_replicas{horizontalpodautoscaler="movr"}',
            3,
            12,
        ),
    },
    "CockroachRangesUnavailable": lasting('ranges_unavailable{instance="n1"}', 0, 3),
    "CockroachRangesUnderReplicated": lasting('ranges_underreplicated{instance="n1"}', 0, 3),
    "CockroachCertificateExpires": {
        **lasting('security_certificate_expiration_node{instance="n1"}', 90 * DAY, 13 * DAY),
        'security_certificate_expiration_node{instance="without"}': gauge((0, NIGHT)),
    },
    "CockroachBackupOld": {
        **until_trouble('schedules_BACKUP_last_completed_time{instance="n1"}'),
        'schedules_BACKUP_last_completed_time{instance="n2"}': gauge((0, NIGHT)),
    },
    "CockroachDiskFull": {
        'capacity{instance="n1"}': gauge((100, BEFORE + AWAY + AFTER)),
        **lasting('capacity_available{instance="n1"}', 50, 10),
    },
}


def test_every_alert_fires_while_its_trouble_lasts_and_clears_after_it(tmp_path: Path) -> None:
    series = {name: text for trouble in TROUBLES.values() for name, text in trouble.items()}
    number = BEFORE + AWAY + AFTER

    check(
        tmp_path,
        series | pods(EAST, (1, number)) | pods(WEST, (1, number)),
        {
            (59, FIRED): NONE,
            (END, FIRED): {(name,): 1 for name in NAMES},
            (END, FIRING_NOW): NONE,
        },
    )


def test_each_alert_has_its_trouble_and_is_defined_once() -> None:
    assert sorted(TROUBLES) == sorted(NAMES)


def test_a_real_prometheus_evaluates_every_rule_on_the_metrics_of_movr(
    database: str, tmp_path: Path
) -> None:
    """Labels that match more than one series are an error only where the rule is evaluated."""
    with serving(DB_URI=database, DEBUG="1", REGION=WEST) as url, plain_client(url) as visitor:
        scraped = {
            "job_name": "movr",
            "scrape_interval": "1s",
            "static_configs": [{"targets": [url.removeprefix("http://")]}],
        }
        with prometheus(tmp_path, scraped) as api, plain_client(f"{api}/api/v1") as client:
            rules = evaluated(client, visitor)
            names = set(client.get("/label/__name__/values").json()["data"])

    assert {rule["name"]: rule["health"] for rule in rules} == {
        rule.get("alert") or rule["record"]: "ok" for rule in queries.RULES
    }
    down = [rule for rule in rules if rule["name"] == "MovrRegionDown"]
    assert {alert["labels"]["region"] for rule in down for alert in rule["alerts"]} == {
        EAST,
        EUROPE,
    }
    used = {name for name in queries.series_of(queries.RULES) if name.startswith("movr_")}
    assert used - names == set()


def evaluated(client: httpx.Client, visitor: httpx.Client) -> list[dict[str, Any]]:
    """Look at vehicles until Prometheus has evaluated the rules with that; return the rules."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        visitor.get("/vehicles")
        found = client.get("/query", params={"query": "movr:burn:rate6h"}).json()["data"]["result"]
        groups = client.get("/rules").json()["data"]["groups"]
        rules: list[dict[str, Any]] = [rule for group in groups for rule in group["rules"]]
        if found and all(rule["health"] != "unknown" for rule in rules):
            return rules
        assert time.monotonic() < deadline, rules
        time.sleep(0.2)
