"""The texts of the letters in the outbox, composed when they are sent.

Each kind has a template, whose first line is the subject, and a function that returns what the
template needs, or None if the letter is out of date.
"""

import time
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from uuid import UUID

from flask import render_template, url_for

from movr.cities import find_city
from movr.errors import RideNotFound
from movr.outbox import Kind, Letter
from movr.results import Member
from web.context import movr, settings, site_url
from web.email_addresses import mailbox
from web.languages import in_language
from web.security import rate_limits
from web.security.link_tokens import email_tokens, new_email_tokens, reset_tokens
from web.security.rate_limit_store import RateLimit
from web.services.mail import Email

EMAILS_TO_RECIPIENT: Final = RateLimit("verification emails to", 3, rate_limits.HOUR)
# The kinds that an address gets before it is verified.
TO_ANY_ADDRESS: Final = (Kind.VERIFY_EMAIL, Kind.CONFIRM_NEW_EMAIL)

_Facts: TypeAlias = dict[str, Any] | None


def compose(letter: Letter) -> Email | None:
    """Return the email of a letter, or None if it is out of date.

    An address that is not verified gets only the link that verifies it. Raises ValueError for a
    kind that this code does not know: code that does may be running elsewhere.
    """
    kind = Kind(letter.kind)
    member = _recipient(letter)
    if member is None:
        return None
    if kind is Kind.PASSWORD_RESET and settings().mail_uri and not member.email_verified_at:
        kind = Kind.VERIFY_EMAIL
    facts = _FACTS[kind](letter, member)
    to = letter.address or member.email
    if facts is None or not _may_be_mailed(letter, kind, member, to):
        return None
    with in_language(member.language):
        text = render_template(f"letters/{kind}.txt", member=member, **facts)
    subject, _, text = text.partition("\n\n")
    return Email(letter.id, to, subject, text)


def _recipient(letter: Letter) -> Member | None:
    if letter.recipient:
        return movr().member(letter.recipient)
    return movr().find_member(letter.data["username"]) if letter.data else None


def _may_be_mailed(letter: Letter, kind: Kind, member: Member, to: str) -> bool:
    """Return False for an address that is not verified or got too many emails before it was.

    Attempts to send one letter count once.
    """
    if kind in TO_ANY_ADDRESS:
        is_first = letter.attempts == 1
        return not is_first or rate_limits.try_count(EMAILS_TO_RECIPIENT, mailbox(to))
    return member.email_verified_at is not None or not settings().mail_uri


def _link(endpoint: str, **values: object) -> dict[str, Any]:
    return {"link": f"{site_url()}{url_for(endpoint, **values)}"}  # type: ignore[arg-type]


def _verify_email(_letter: Letter, member: Member) -> _Facts:
    if member.email_verified_at:
        return None
    token = email_tokens(settings().signing_keys).make(member.key, member.email, time.time())
    return _link("email_verification.form", token=token)


def _confirm_new_email(letter: Letter, member: Member) -> _Facts:
    if letter.data["epoch"] != member.session_epoch:
        return None  # the link would not work
    subject = (member.session_epoch, str(letter.address))
    token = new_email_tokens(settings().signing_keys).make(member.key, subject, time.time())
    return _link("account.link", token=token)


def _email_changed(letter: Letter, _member: Member) -> _Facts:
    return {**letter.data, **_link("auth.change_password")}


def _password_reset(_letter: Letter, member: Member) -> _Facts:
    tokens = reset_tokens(settings().signing_keys)
    token = tokens.make(member.key, member.session_epoch, time.time())
    return _link("password_reset.form", token=token)


def _ride(letter: Letter, member: Member) -> _Facts:
    ride_id = UUID(letter.data["ride_id"])
    try:
        ride = movr().ride(member, ride_id)
    except RideNotFound:
        return None
    return {
        "ride": ride,
        "place": find_city(ride.city),
        **_link("rides.receipt", ride_id=ride_id),
    }


def _still_riding(letter: Letter, member: Member) -> _Facts:
    if member.active_ride is None or member.active_ride.id != letter.id:
        return None  # the ride has ended
    return {"place": find_city(member.active_ride.city), **_link("rides.index")}


_FACTS: Final[dict[Kind, Callable[[Letter, Member], _Facts]]] = {
    Kind.VERIFY_EMAIL: _verify_email,
    Kind.CONFIRM_NEW_EMAIL: _confirm_new_email,
    Kind.EMAIL_CHANGED: _email_changed,
    Kind.PASSWORD_RESET: _password_reset,
    Kind.RECEIPT: _ride,
    Kind.STILL_RIDING: _still_riding,
    Kind.RIDE_ENDED_BY_STAFF: _ride,
    Kind.REPORT_CLOSED: lambda letter, _member: dict(letter.data),
    Kind.ACCOUNT_SUSPENDED: lambda _letter, _member: _link("information.contact"),
    Kind.ACCOUNT_RESTORED: lambda _letter, _member: _link("city.home"),
}
