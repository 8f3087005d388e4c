"""Receipts of rides that members ask for, by email."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import abort

from movr.errors import EmailNotVerified
from movr.outbox import Kind, NewLetter
from movr.proofs import Proof
from movr.results import Member
from web.context import movr, settings
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

RECEIPTS_OF_MEMBER: Final = RateLimit("receipts sent to", 20, rate_limits.HOUR)


def send(member: Member, ride_id: UUID, proof: Proof = 0) -> None:
    """Send the receipt of the member's own ride to their verified address.

    It is a 404 where MovR sends no email. A request whose `proof` has an idempotency key is
    repeatable. Raises EmailNotVerified, RideNotFound, TooManyAttempts,
    TooManyLetters.
    """
    if not settings().mail_uri:
        abort(HTTPStatus.NOT_FOUND)
    if not member.email_verified_at:
        raise EmailNotVerified
    movr().ride(member, ride_id)  # raises RideNotFound
    rate_limits.count_attempts((RECEIPTS_OF_MEMBER, str(member.id)))
    receipt = NewLetter(member.key, Kind.RECEIPT, {"ride_id": str(ride_id)})
    movr().outbox.put(receipt, proof=proof)
