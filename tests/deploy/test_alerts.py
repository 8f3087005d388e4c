"""The alerts in Prometheus: when they fire, and when they do not."""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from movr.cities import REGIONS
from tests.conftest import START_TIMEOUT, plain_client, serving
from tests.deploy.prometheus import ALERTS, prometheus, promtool

(GROUP,) = yaml.safe_load(ALERTS.read_text())["groups"]
NAMES = [rule["alert"] for rule in GROUP["rules"]]
NONE: frozenset[str] = frozenset()
OF_PODS_WITHOUT_TRAFFIC = {"MovrDown", "MovrPoolFull"}
TROUBLED, *_ = REGIONS
STEP = 30  # seconds between two samples, as in scrape.yaml
BEGINS, MINUTES = 20, 60  # the minute in which trouble begins, and the length of the test
PER_STEP = 60  # requests between two samples
ALWAYS = MINUTES * 60 // STEP
USUAL = (
    'movr_requests_total{%s,route="/",method="GET",status="200"}',
    'movr_database_round_trips_total{%s,route="/"}',
    *(f'movr_request_seconds_bucket{{%s,route="/",le="{le}"}}' for le in ("0.5", "2.5", "+Inf")),
)
TROUBLE = (
    'movr_requests_total{%s,route="/rides",method="POST",status="503"}',
    *(
        f'movr_refusals_total{{%s,route="/rides",reason="{reason}"}}'
        for reason in ("DatabaseUnavailable", "DatabaseBusy", "TooManyAttempts")
    ),
    'movr_database_retries_total{%s,route="/rides"}',
    'movr_database_seconds_total{%s,route="/rides"}',
    *(f'movr_request_seconds_bucket{{%s,route="/rides",le="{le}"}}' for le in ("2.5", "+Inf")),
)


def series(trouble_steps: int) -> dict[str, str]:
    """Return the metrics of three pods, one of which is in trouble for so many steps."""
    before, after = BEGINS * 60 // STEP, ALWAYS - BEGINS * 60 // STEP - trouble_steps
    grows = f"{PER_STEP}+{PER_STEP}x{trouble_steps - 1} {PER_STEP * trouble_steps}+0x{after}"
    pods = [f'instance="{region}"' for region in REGIONS]
    return {
        **{f"movr_build_info{{{pod},region={pod[9:]}}}": f"1+0x{ALWAYS}" for pod in pods},
        **{name % pod: f"0+{PER_STEP}x{ALWAYS}" for name in USUAL for pod in pods},
        **{name % pods[0]: f"0+0x{before} {grows}" for name in TROUBLE},
    }


def check(
    here: Path, values: dict[str, str], firing: Mapping[float, Iterable[str]], region: str = ".*"
) -> None:
    """Assert that these alerts fire in these minutes, and no others."""
    query = f'count by (alertname) (ALERTS{{alertstate="firing",region=~"{region}"}})'
    expected: list[dict[str, Any]] = [
        {
            "expr": query,
            "eval_time": f"{round(minute * 60)}s",
            "exp_samples": [
                {"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(names)
            ],
        }
        for minute, names in firing.items()
    ]
    test = {
        "interval": f"{STEP}s",
        "input_series": [{"series": name, "values": text} for name, text in values.items()],
        "promql_expr_test": expected,
    }
    file = here / "test.yaml"
    settings = {"rule_files": [str(ALERTS)], "evaluation_interval": f"{STEP}s", "tests": [test]}
    file.write_text(yaml.safe_dump(settings))

    ended = promtool("test", "rules", str(file))

    assert ended.returncode == 0, ended.stdout + ended.stderr


def half_minutes(first: float, last: float) -> list[float]:
    return [n / 2 for n in range(round(first * 2), round(last * 2) + 1)]


def test_prometheus_finds_nothing_to_complain_about() -> None:
    ended = promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_each_alert_is_defined_once() -> None:
    assert sorted(set(NAMES)) == sorted(NAMES)


@pytest.mark.parametrize("seconds", [30, 60])
def test_no_alert_fires_for_a_blip_that_is_over(tmp_path: Path, seconds: int) -> None:
    check(tmp_path, series(seconds // STEP), dict.fromkeys(half_minutes(0, MINUTES), NONE))


def test_every_alert_fires_while_the_trouble_lasts_and_ends_with_it(tmp_path: Path) -> None:
    lasting = set(NAMES) - OF_PODS_WITHOUT_TRAFFIC
    pages = {rule["alert"] for rule in GROUP["rules"] if rule["labels"]["severity"] == "page"}
    steps = 25 * 60 // STEP

    check(
        tmp_path,
        series(steps),
        {
            **dict.fromkeys(half_minutes(0, BEGINS), NONE),
            BEGINS + 3: {"MovrDatabaseUnavailable"},
            BEGINS + 6: (pages & lasting) | {"MovrDatabaseBusy"},
            **dict.fromkeys(half_minutes(BEGINS + 20, BEGINS + 25), lasting),
            BEGINS + 28: {"MovrDatabaseLatency", "MovrRetries", "MovrSlow"},
            **dict.fromkeys(half_minutes(BEGINS + 32, MINUTES), NONE),
        },
    )


def test_a_region_without_pods_is_reported_by_its_name(tmp_path: Path) -> None:
    values = series(1)
    pod = f'movr_build_info{{instance="{TROUBLED}",region="{TROUBLED}"}}'
    values[pod] = f"1+0x{BEGINS * 60 // STEP}"
    fires: dict[float, Iterable[str]] = {
        BEGINS + 9: NONE,
        BEGINS + 11: {"MovrDown"},
        MINUTES: {"MovrDown"},
    }

    check(tmp_path, values, fires)
    check(tmp_path, values, fires, region=TROUBLED)


def test_a_real_prometheus_evaluates_every_rule_on_the_metrics_of_movr(
    database: str, tmp_path: Path
) -> None:
    """Labels that match more than one series are an error only where the rule is evaluated."""
    with serving(DB_URI=database, DEBUG="1", REGION=TROUBLED) as url:
        scraped = {
            "job_name": "movr",
            "scrape_interval": "1s",
            "static_configs": [{"targets": [url.removeprefix("http://")]}],
        }
        with prometheus(tmp_path, scraped) as api, plain_client(f"{api}/api/v1") as client:
            rules = evaluated(client)

    assert {rule["name"]: rule["health"] for rule in rules} == dict.fromkeys(NAMES, "ok")
    pending = {alert["labels"].get("region") for rule in rules for alert in rule["alerts"]}
    assert pending == {*REGIONS} - {TROUBLED}


def evaluated(client: Any) -> list[dict[str, Any]]:
    """Return the rules as soon as Prometheus has evaluated them with the metrics of MovR."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        found = client.get("/query?query=movr_build_info").json()["data"]["result"]
        rules: list[dict[str, Any]] = client.get("/rules").json()["data"]["groups"][0]["rules"]
        (down,) = [rule for rule in rules if rule["name"] == "MovrDown"]
        if found and len(down["alerts"]) == len(REGIONS) - 1:
            return rules
        assert time.monotonic() < deadline, rules
        time.sleep(0.2)
