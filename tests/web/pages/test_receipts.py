"""Receipts by email: asked for or chosen, once a ride, to verified addresses only."""

import pytest
from sqlalchemy import Engine, text

from tests.conftest import NewVisitor
from tests.smtp import Postbox
from tests.visitor import Visitor
from tests.web.pages.test_email_verification import EMAIL
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    link_of,
    mailing,
    new_mailing_visitor,
    postbox,
    verify,
)
from tests.web.pages.test_prices import (  # noqa: F401 - fixtures
    charging,
    longer,
    new_rider,
    words,
)
from tests.web.pages.test_rides import ended


@pytest.fixture
def rider(new_mailing_visitor: NewVisitor, postbox: Postbox) -> Visitor:  # noqa: F811
    """A member in Paris whose address is verified."""
    member = new_mailing_visitor().register("paris", email=EMAIL)
    verify(member, link_of(postbox))
    return member


def choose(rider: Visitor, by_mail: str) -> str:
    return rider.follow(rider.post(f"/users/{rider.id}/receipts", by_mail=by_mail))


def sent(postbox: Postbox) -> list[str]:  # noqa: F811
    """Return the texts of the emails that are sent."""
    emails = postbox.rest()
    assert {tuple(email.recipients) for email in emails} <= {(EMAIL,)}
    return [email.message.get_content() for email in emails]


@pytest.mark.parametrize(
    ("city", "price", "tax"),
    [
        ("amsterdam", "Price € 1,45", "Includes € 0,25 VAT (21%)."),
        ("paris", "Price 1,45 €", "Includes 0,24 € VAT (20%)."),
        ("rome", "Price 1,45 €", "Includes 0,26 € VAT (22%)."),
        ("boston", "Price $1.60", "Taxes included."),
    ],
)
def test_a_receipt_has_the_price_its_tariff_and_the_tax_as_the_city_shows_it(
    new_rider: NewVisitor,  # noqa: F811
    engine: Engine,
    city: str,
    price: str,
    tax: str,
) -> None:
    rider = new_rider().register(city)
    vehicle = rider.add_vehicle()
    number = rider.permanent_id(vehicle)
    rider.start(vehicle, city)
    longer(engine, 2)
    receipt = rider.end(rider.active_ride(), city=city).headers["Location"]

    said = words(rider.get(receipt).text).replace("\N{NARROW NO-BREAK SPACE}", " ")

    assert price in said
    assert f"3 minutes. {tax}" in said
    rider.start(rider.public_id(number), city)
    undone = rider.post(f"/rides/undo/{rider.active_ride()}", city=city).headers["Location"]
    assert "It costs nothing." in words(rider.get(undone).text)


def test_a_member_who_chose_it_gets_each_receipt_once(
    rider: Visitor,
    postbox: Postbox,  # noqa: F811
) -> None:
    vehicle = rider.permanent_id(rider.add_vehicle("Rue de Sèvres"))
    ended(rider, rider.public_id(vehicle), "paris")
    assert "will email you" in choose(rider, "1")
    receipt = ended(rider, rider.public_id(vehicle), "paris", location="Pont Neuf")
    ride = receipt.headers["Location"].rpartition("/")[2]
    assert rider.end(ride).status_code == 303  # type: ignore[arg-type]  # the form sent again
    assert "will not email you" in choose(rider, "0")
    ended(rider, rider.public_id(vehicle), "paris")

    (email,) = sent(postbox)

    assert "Your ride in Paris" in email
    assert "From: 2 Broadway, " in email
    assert "To: Pont Neuf, " in email
    assert f"/rides/{ride}" in email
    assert "<" not in email


def test_a_member_asks_for_one_receipt_at_most_twenty_times_an_hour(
    rider: Visitor,
    postbox: Postbox,  # noqa: F811
) -> None:
    receipt = ended(rider, rider.add_vehicle("Rue de Sèvres"), "paris").headers["Location"]
    assert "Email me this receipt" in rider.get(receipt).text
    path = receipt.replace("/rides/", "/rides/mail/")

    statuses = [rider.post(path).status_code for _ in range(21)]

    assert statuses == [303] * 20 + [429]
    emails = sent(postbox)
    assert len(emails) == 20
    assert "From: Rue de Sèvres" in emails[0]


def test_an_address_that_is_not_verified_gets_no_receipt(
    rider: Visitor,
    postbox: Postbox,  # noqa: F811
    engine: Engine,
) -> None:
    choose(rider, "1")
    vehicle = rider.add_vehicle()
    rider.start(vehicle, "paris")
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET email_verified_at = NULL"))
    receipt = rider.end(rider.active_ride(), city="paris").headers["Location"]

    asked = rider.post(receipt.replace("/rides/", "/rides/mail/"))

    assert "confirm your email address" in rider.follow(asked)
    assert "Email me this receipt" not in rider.get(receipt).text
    assert sent(postbox) == []


def test_without_mail_no_page_offers_it(visitor: Visitor) -> None:
    receipt = ended(visitor.register(), visitor.add_vehicle()).headers["Location"]

    assert "Email me this receipt" not in visitor.get(receipt).text
    assert "Email me each receipt" not in visitor.get(f"/users/{visitor.id}").text
    assert visitor.post(receipt.replace("/rides/", "/rides/mail/")).status_code == 404
