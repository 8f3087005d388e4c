"""The letters: what each kind says, and which are out of date when they are sent."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from movr.movr import MovR
from movr.outbox import Kind, Letter, NewLetter
from movr.results import UserKey
from tests.conftest import NewVisitor
from tests.smtp import Postbox
from tests.visitor import Visitor
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    SITE,
    link_of,
    mailing,
    new_mailing_visitor,
    postbox,
    verify,
)
from tests.web.pages.test_rides import ended
from web.services import letters


@pytest.fixture
def rider(new_mailing_visitor: NewVisitor, postbox: Postbox) -> Visitor:  # noqa: F811
    """A member in Paris whose address is verified."""
    member = new_mailing_visitor().register("paris", email="ada@home.example")
    verify(member, link_of(postbox))
    return member


@pytest.fixture
def movr(mailing: Flask) -> MovR:  # noqa: F811
    found: MovR = mailing.extensions["movr"]
    return found


def put(movr: MovR, member: Visitor, kind: Kind, data: dict[str, Any] | None = None) -> None:
    movr.outbox.put(NewLetter(UserKey("paris", member.id), kind, data or {}))


def received(postbox: Postbox) -> list[tuple[str, str]]:  # noqa: F811
    """Return the subject and text of each email."""
    found = [email.message for email in postbox.rest()]
    return [(str(email["Subject"]), email.get_content()) for email in found]


def test_every_kind_of_letter_has_a_text() -> None:
    assert set(letters._FACTS) == set(Kind)  # noqa: SLF001 - the table


def test_what_staff_do_is_told_in_plain_words(
    rider: Visitor,
    movr: MovR,
    postbox: Postbox,  # noqa: F811
) -> None:
    receipt = ended(rider, rider.add_vehicle(), "paris").headers["Location"]
    ride = {"ride_id": receipt.rpartition("/")[2]}
    put(movr, rider, Kind.RIDE_ENDED_BY_STAFF, ride)
    for outcome in ("mended", "no_fault"):
        put(movr, rider, Kind.REPORT_CLOSED, {"vehicle": "red Kona bike", "outcome": outcome})
    put(movr, rider, Kind.ACCOUNT_SUSPENDED)
    put(movr, rider, Kind.ACCOUNT_RESTORED)

    said = received(postbox)

    assert [subject for subject, _ in said] == [
        "We have ended your ride",
        "Thank you for telling us about a problem",
        "Thank you for telling us about a problem",
        "Your MovR account is suspended",
        "Your MovR account is yours to use again",
    ]
    texts = [text for _, text in said]
    assert "Your ride in Paris had not been ended" in texts[0]
    assert f"{SITE}{receipt}" in texts[0]
    assert "(red Kona bike)" in texts[1]
    assert "It has been mended" in texts[1]
    assert "found nothing wrong" in texts[2]
    assert f"{SITE}/contact" in texts[3]
    assert not any("\n\n\n" in text or "{" in text for text in texts)


def long_ride(engine: Engine, rider: Visitor) -> None:
    """Let the rider's ride have begun two hours ago."""
    rider.start(rider.add_vehicle(), "paris")
    began = datetime.now(UTC) - timedelta(hours=2)
    with engine.begin() as connection:
        connection.execute(text("UPDATE rides SET start_time = :began"), {"began": began})


def test_a_rider_is_asked_whether_they_are_still_riding_once(
    rider: Visitor,
    movr: MovR,
    engine: Engine,
    postbox: Postbox,  # noqa: F811
) -> None:
    long_ride(engine, rider)
    movr.outbox.remind_riders("paris")

    ((subject, said),) = received(postbox)

    assert subject == "Are you still riding?"
    assert "Your ride in Paris has been under way for more than two hours." in said
    assert f"{SITE}/rides" in said
    movr.outbox.remind_riders("paris")
    assert received(postbox) == []


@pytest.mark.usefixtures("guillemets")
def test_a_letter_is_in_its_recipient_s_language_and_in_english_without_one(
    rider: Visitor,
    movr: MovR,
    postbox: Postbox,  # noqa: F811
    engine: Engine,
) -> None:
    for language in ("fr", None):
        with engine.begin() as connection:
            connection.execute(text("UPDATE users SET language = :is"), {"is": language})
        put(movr, rider, Kind.ACCOUNT_RESTORED)

        ((subject, said),) = received(postbox)

        expected = "Your MovR account is yours to use again"
        assert subject == (f"«{expected}»" if language else expected)
        assert ("«" in said) == bool(language)


def test_a_letter_names_the_vehicle_in_its_recipient_s_language(
    rider: Visitor,
    movr: MovR,
    postbox: Postbox,  # noqa: F811
) -> None:
    """Letters of earlier releases have the English words only."""
    vehicle = {"color": "red", "brand": "Kona", "type": "bike"}
    rider.post("/language", language="fr")
    for about in ({"vehicle": "red Kona bike"} | vehicle, {"vehicle": "red Kona bike"}):
        put(movr, rider, Kind.REPORT_CLOSED, about | {"outcome": "mended"})

    new, earlier = (said for _, said in received(postbox))

    assert "(vélo Kona · rouge)" in new
    assert "(red Kona bike)" in earlier
    assert "\n\n\n" not in new


def test_a_rider_whose_ride_has_ended_is_not_asked(
    rider: Visitor,
    movr: MovR,
    engine: Engine,
    postbox: Postbox,  # noqa: F811
) -> None:
    long_ride(engine, rider)
    movr.outbox.remind_riders("paris")
    rider.end(rider.active_ride(), city="paris")
    rider.start(rider.add_vehicle(), "paris")

    assert received(postbox) == []


def test_an_address_that_is_not_verified_gets_only_the_link_that_verifies_it(
    rider: Visitor,
    movr: MovR,
    engine: Engine,
    postbox: Postbox,  # noqa: F811
) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET email_verified_at = NULL"))
    for kind in (Kind.ACCOUNT_SUSPENDED, Kind.VERIFY_EMAIL, Kind.ACCOUNT_RESTORED):
        put(movr, rider, kind)

    ((subject, _),) = received(postbox)

    assert subject == "Please confirm your email address for MovR"


def test_a_letter_to_an_account_that_is_gone_is_out_of_date(
    mailing: Flask,  # noqa: F811
) -> None:
    unknown = Letter("paris", uuid4(), uuid4(), "receipt", {}, None, 1, timedelta())
    by_name = unknown._replace(user_id=None, kind="password_reset", data={"username": "none"})

    with mailing.app_context():
        assert letters.compose(unknown) is None
        assert letters.compose(by_name) is None
        assert letters.compose(by_name._replace(data={})) is None


def test_a_kind_of_newer_code_is_left_to_it(mailing: Flask) -> None:  # noqa: F811
    newer = Letter("paris", uuid4(), uuid4(), "birthday", {}, None, 1, timedelta())

    with mailing.app_context(), pytest.raises(ValueError, match="birthday"):
        letters.compose(newer)
