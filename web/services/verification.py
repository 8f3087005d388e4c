"""Letters to addresses that are not verified, which are limited by network."""

from typing import Final

from movr.outbox import Kind, NewLetter
from movr.proofs import Proof
from movr.results import Member
from web.context import movr, settings
from web.email_addresses import can_be_mailed, to_ascii
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

REQUESTS_OF_ADDRESS: Final = RateLimit("verification emails asked for by", 60, rate_limits.HOUR)


def may_send_first_link() -> bool:
    """Return True if a new member gets the link: unless their network has asked for too many.

    They may ask for it again later.
    """
    if settings().mail_uri is None:
        return False
    try:
        _count_request()
    except rate_limits.TooManyAttempts:
        return False
    return True


def send_again(member: Member, proof: Proof) -> bool:
    """Send the link that verifies the member's address; return False if it cannot be mailed.

    Where MovR sends no email, there is none. A request whose `proof` has an idempotency key is
    repeatable. Raises TooManyAttempts, TooManyLetters.
    """
    if not can_be_mailed(member.email):
        return False
    if settings().mail_uri:
        _count_request()
        movr().outbox.put(NewLetter(member.key, Kind.VERIFY_EMAIL, {}), proof=proof)
    return True


def confirm_new_address(member: Member, new_email: str, proof: Proof) -> None:
    """Send the link to the new address, and tell the old one, if it is verified.

    A request whose `proof` has an idempotency key is repeatable. Raises TooManyAttempts,
    TooManyLetters.
    """
    _count_request()
    to_new = NewLetter(
        member.key, Kind.CONFIRM_NEW_EMAIL, {"epoch": member.session_epoch}, new_email
    )
    to_old = NewLetter(
        member.key, Kind.EMAIL_CHANGED, {"new_email": to_ascii(new_email)}, member.email
    )
    letters = [to_new, to_old] if member.email_verified_at else [to_new]
    movr().outbox.put(*letters, proof=proof)


def _count_request() -> None:
    """Count a letter to an address that is not verified, by network. Raises TooManyAttempts."""
    rate_limits.count_attempts(*rate_limits.by_network(REQUESTS_OF_ADDRESS))
