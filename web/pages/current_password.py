"""Forms that ask for the member's current password before a change."""

from collections.abc import Iterator
from contextlib import contextmanager

from wtforms import Field

from movr.errors import WrongPassword
from movr.results import Member
from web.languages import translate
from web.security import rate_limits


@contextmanager
def wrong_password_at(field: Field, member: Member) -> Iterator[None]:
    """Limit wrong passwords in this block, and end it at one, which becomes the field's error."""
    try:
        with rate_limits.counting_wrong_passwords(member):
            yield
    except WrongPassword as refusal:
        field.errors = [translate(refusal.message())]
