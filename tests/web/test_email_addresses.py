"""Email addresses: which are refused at forms and in settings, and how others are written."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.conftest import NewVisitor
from tests.smtp import Postbox
from tests.visitor import PASSWORD, Visitor, registration, sentences
from tests.web.pages.test_password_reset import (  # noqa: F401 - fixtures
    SOON,
    mailing,
    new_mailing_visitor,
    postbox,
)
from web.config import SettingsError, read_settings

# Texts that the pattern of the database accepts.
CANNOT_BE_MAILED = {
    "two dots": "ada..l@home.example",
    "a dot before the @": "ada.@home.example",
    "a dot at the end": "ada@home.example.",
    "an underscore in the domain": "ada@my_home.example",
    "a hyphen that begins the domain": "ada@-home.example",
    "a label of 64 letters": f"ada@{'x' * 64}.example",
    "a label of 64 letters as it is sent": f"ada@{'ü' * 60}.example",
    "a broken punycode label": "ada@xn--a.example",
    "a number": "ada@10.0.0.1",
    "an address in brackets": "ada@[10.0.0.1]",
    "a private network": "ada@laptop.local",
    "a domain of no one": "ada@home.invalid",
    "a letter that few servers take": "ädä@home.example",
    "a comment": "bob(a)@home.example",
    "a comment in the domain": "bob@(a)home.example",
    "a quote": '"bob"@home.example',
    "two recipients": "a@home.example,b",
    "an invisible hyphen": "bob@ho\u00adme.example",
}
REFUSED = "We cannot send email to this address."

Enter = Callable[[Visitor, str], httpx.Response]


def register(visitor: Visitor, address: str) -> httpx.Response:
    return visitor.post("/register", **registration() | {"email": address})


def change(visitor: Visitor, address: str) -> httpx.Response:
    path = f"/users/{visitor.register(email='old@home.example').id}/email"
    return visitor.post(path, email=address, password=PASSWORD)


@pytest.mark.parametrize("enter", [register, change])
@pytest.mark.parametrize("address", CANNOT_BE_MAILED.values(), ids=CANNOT_BE_MAILED)
def test_what_cannot_be_mailed_is_refused_at_the_form_with_a_sentence(
    visitor: Visitor, enter: Enter, address: str
) -> None:
    reply = enter(visitor, address)

    assert reply.status_code == 422
    assert REFUSED in sentences(reply)


@pytest.mark.parametrize("enter", [register, change])
@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("Ada.Lovelace+movr@Home.EXAMPLE", "Ada.Lovelace+movr@home.example"),
        ("ada@Bücher.example", "ada@bücher.example"),
        ("ada@xn--bcher-kva.example", "ada@bücher.example"),
        ("ada@\uff48ome.example", "ada@home.example"),
    ],
)
def test_an_address_is_kept_in_one_spelling(
    visitor: Visitor, enter: Enter, address: str, written: str
) -> None:
    assert enter(visitor, address).status_code == 303

    assert f"<dd>{written.replace('+', '&#43;')}" in visitor.get(
        f"/users/{visitor.id}"
    ).text.replace("+", "&#43;")


def test_an_international_domain_is_idna_encoded_where_mail_is_sent(
    new_mailing_visitor: NewVisitor,  # noqa: F811
    postbox: Postbox,  # noqa: F811
) -> None:
    new_mailing_visitor().register(email="ada@bücher.example")

    recipients, message = postbox.next()

    assert recipients == [message["To"]] == ["ada@xn--bcher-kva.example"]


# Settings

ON_A_LAPTOP = {"DEBUG": "1", "MAIL_URI": "smtp://mail.example.com"}


@pytest.mark.parametrize("setting", ["CONTACT_EMAIL", "MAIL_FROM"])
@pytest.mark.parametrize("address", CANNOT_BE_MAILED.values(), ids=CANNOT_BE_MAILED)
def test_a_contact_or_sender_that_cannot_be_mailed_stops_the_start(
    setting: str, address: str
) -> None:
    given = ON_A_LAPTOP | {"MAIL_FROM": "movr@example.com", setting: address}

    with pytest.raises(SettingsError, match=f"{setting} must be an email address"):
        read_settings(given)


@pytest.mark.parametrize(
    ("sender", "header"),
    [
        ("movr@bücher.example", "movr@xn--bcher-kva.example"),
        ("MovR <movr@bücher.example>", "MovR <movr@xn--bcher-kva.example>"),
        ('"Bücher Inc." <movr@example.com>', "=?utf-8?b?QsO8Y2hlciBJbmMu?= <movr@example.com>"),
    ],
)
def test_a_contact_and_a_sender_have_their_domains_in_ascii(sender: str, header: str) -> None:
    contact = re.sub(".* <(.*)>", r"\1", sender)

    settings = read_settings(ON_A_LAPTOP | {"MAIL_FROM": sender, "CONTACT_EMAIL": contact})

    assert settings.mail_from == header
    assert settings.contact_email == re.sub(".* <(.*)>", r"\1", header)
