"""Metrics of the data in the database: read by /metrics, for the cities of the region."""

from dataclasses import replace

from sqlalchemy import Engine, text

from movr.cities import REGIONS
from movr.formats import MECHANIC
from movr.movr import MovR
from movr.outbox import Kind, NewLetter
from tests.conftest import AppOf, settings_for, visitors_of
from tests.movr.test_movr import a_member
from tests.web.operations.test_metrics import numbers, of
from web.config import MailServer

EAST, _, EUROPE = REGIONS
NAMES = (
    "movr_outbox_oldest_letter_seconds",
    "movr_ledger_unbalanced_entries",
    "movr_audit_missing_entries",
)


def test_the_data_of_the_cities_of_the_region_is_checked(
    app_of: AppOf, database: str, engine: Engine, movr: MovR
) -> None:
    member = a_member(movr, "paris")
    movr.outbox.put(NewLetter(member, Kind.EMAIL_CHANGED, {}))
    movr.staff.grant_role_as_operator("paris", member, MECHANIC, "A test")
    with engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET created_at = created_at - INTERVAL '1 hour'"))
        connection.execute(text("DELETE FROM audit_entries"))
    mail = replace(settings_for(database), mail_uri=MailServer("127.0.0.1", 1, is_tls=False))

    for region, expected in ((EUROPE, [True, 0, 1]), (EAST, [False, 0, 0])):
        with visitors_of(app_of(replace(mail, region=region))) as new:
            found = numbers(new().get("/metrics"))
        waits, *faults = (of(found, name, region=region) for name in NAMES)
        assert [3600 <= waits < 3700, *faults] == expected
        assert of(found, "movr_data_checked_timestamp_seconds", region=region) > 1.7e9
