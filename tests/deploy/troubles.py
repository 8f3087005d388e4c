"""What makes each alert fire and clear: as values for promtool, and as an exporter's metrics."""

import time
from collections import Counter
from enum import Enum, auto
from itertools import product
from typing import Final, NamedTuple

from movr.cities import REGIONS, cities_in

EAST, WEST, EUROPE = REGIONS
FROM: Final = ("us-east", "us-west", "europe-west")
STEP: Final = 30  # seconds between two samples, as in scrape.yaml
DAY: Final = 24 * 3600  # seconds


def steps(minutes: float) -> int:
    return round(minutes * 60 / STEP)


# The phases before, in, late in and after a trouble, in steps.
LENGTHS: Final = (steps(60), steps(40), steps(50), steps(90))
IN_TROUBLE, LATE, OVER = 1, 2, 3


class Kind(Enum):
    """What a number means: a value, what a counter grows by in a step, or seconds from now."""

    VALUE = auto()
    GROWTH = auto()
    FROM_NOW = auto()


class Trouble(NamedTuple):
    """A series and a number for each phase; None if there is no sample."""

    series: str
    phases: tuple[float | None, ...]
    kind: Kind = Kind.VALUE

    def values(self) -> str:
        """Return the values of all phases in the notation of promtool."""
        parts, total, now = [], 0.0, 0
        for number, length in zip(self.phases, LENGTHS, strict=True):
            if number is None:
                parts.append(f"stale _x{length - 1}")
            else:
                first, growth = {
                    Kind.VALUE: (number, 0.0),
                    Kind.GROWTH: (total + number, number),
                    Kind.FROM_NOW: (now + number, float(STEP)),
                }[self.kind]
                parts.append(f"{first}+{growth}x{length - 1}")
                total += number * length
            now += length * STEP
        return " ".join(parts)


def lasting(series: str, normal: float, trouble: float, kind: Kind = Kind.VALUE) -> Trouble:
    return Trouble(series, (normal, trouble, trouble, normal), kind)


def growing(series: str, trouble: float) -> Trouble:
    return lasting(series, 0, trouble, Kind.GROWTH)


def steady(series: str, number: float, kind: Kind = Kind.VALUE) -> Trouble:
    return lasting(series, number, number, kind)


def of_pod(name: str, labels: str) -> str:
    return f'{name}{{instance="{EAST}",{labels}}}'


def of_region(name: str) -> str:
    return f'{name}{{region="{EAST}"}}'


def of_autoscaler(name: str) -> str:
    return f'kube_horizontalpodautoscaler_{name}_replicas{{horizontalpodautoscaler="movr"}}'


def build_info(region: str) -> str:
    return f'movr_build_info{{instance="{region}",region="{region}"}}'


# Late in the trouble, no probe is sent any more.
PROBES: Final = [
    Trouble(
        f'probe_success{{job="movr-probe",city="{city.slug}",region="{WEST}",from="{origin}"}}',
        (1, 0, None, 1),
    )
    for city, origin in product(cities_in(WEST), FROM)
]
# One request in thirty is slow, three times too many, and later none: the budget of days recovers.
SLOW: Final = [
    Trouble('movr_journeys_total{journey="look",result="slow"}', (None, 1, 0, 0), Kind.GROWTH),
    Trouble('movr_journeys_total{journey="look",result="good"}', (None, 29, 30, 30), Kind.GROWTH),
]
TROUBLES: Final[dict[str, list[Trouble]]] = {
    "MovrRidersFail": PROBES,
    "MovrRegionDown": [
        Trouble(build_info(EUROPE), (1, None, None, 1)),
        steady(build_info(EAST), 1),
    ],
    "MovrBudgetBurns": SLOW,
    "MovrProbeFails": PROBES,
    "MovrProbesMissing": PROBES,
    "MovrCertificateExpires": [
        lasting(
            'probe_ssl_earliest_cert_expiry{job="movr-probe"}', 90 * DAY, 13 * DAY, Kind.FROM_NOW
        )
    ],
    "MovrOutboxLag": [lasting(of_region("movr_outbox_oldest_letter_seconds"), 60, 3600)],
    "MovrLedgerUnbalanced": [lasting(of_region("movr_ledger_unbalanced_entries"), 0, 1)],
    "MovrAuditGap": [lasting(of_region("movr_audit_missing_entries"), 0, 1)],
    "MovrDataUnchecked": [
        lasting(of_region("movr_data_checked_timestamp_seconds"), 0, -1000, Kind.FROM_NOW)
    ],
    "MovrDatabaseLatency": [
        steady(of_pod("movr_database_round_trips_total", 'route="/"'), 60, Kind.GROWTH),
        growing(of_pod("movr_database_seconds_total", 'route="/"'), 10),
    ],
    "MovrPoolFull": [
        steady(of_pod("movr_database_pool_size", 'pool="read"'), 4),
        lasting(of_pod("movr_database_connections_in_use", 'pool="read"'), 1, 4),
    ],
    "MovrRateLimited": [
        growing(of_pod("movr_refusals_total", 'route="/login",reason="TooManyAttempts"'), 60)
    ],
    "MovrJobFailed": [lasting('kube_job_failed{job_name="movr-migration",condition="true"}', 0, 1)],
    "MovrAutoscalerAtMaximum": [
        steady(of_autoscaler("spec_max"), 12),
        lasting(of_autoscaler("status_desired"), 3, 12),
    ],
    "CockroachRangesUnavailable": [lasting('ranges_unavailable{store="1"}', 0, 3)],
    "CockroachRangesUnderReplicated": [lasting('ranges_underreplicated{store="1"}', 0, 3)],
    "CockroachCertificateExpires": [
        lasting(
            'security_certificate_expiration_node{instance="n1"}',
            90 * DAY,
            13 * DAY,
            Kind.FROM_NOW,
        ),
        steady('security_certificate_expiration_node{instance="without"}', 0),
        steady('security_certificate_expiration_ca{instance="n1"}', 400 * DAY, Kind.FROM_NOW),
    ],
    "CockroachBackupOld": [
        lasting('schedules_BACKUP_last_completed_time{instance="n1"}', 0, -7200, Kind.FROM_NOW),
        steady('schedules_BACKUP_last_completed_time{instance="n2"}', 0),
    ],
    "CockroachDiskFull": [
        steady('capacity{instance="n1"}', 100),
        lasting('capacity_available{instance="n1"}', 50, 10),
    ],
}
ALL: Final = {trouble.series: trouble for of_alert in TROUBLES.values() for trouble in of_alert}


class Exporter:
    """Exports all series in the present phase; each reading is a step."""

    def __init__(self) -> None:
        self.phase = LATE
        self._totals = Counter[str]()

    def text(self) -> str:
        return "".join(
            f"{trouble.series} {self._value(trouble, number)}\n"
            for trouble in ALL.values()
            if (number := trouble.phases[self.phase]) is not None
        )

    def _value(self, trouble: Trouble, number: float) -> float:
        if trouble.kind is Kind.GROWTH:
            self._totals[trouble.series] += round(number)
            return self._totals[trouble.series]
        return time.time() + number if trouble.kind is Kind.FROM_NOW else number
