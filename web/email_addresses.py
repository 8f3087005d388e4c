"""Email addresses that MovR can send mail to. The library email-validator decides, without DNS.

Letters beyond ASCII before the @ are refused, because few mail servers take them (SMTPUTF8). All
functions but can_be_mailed raise ValueError for an address that cannot be mailed.
"""

from email.utils import formataddr
from functools import partial
from typing import Final

from email_validator import validate_email

_validate: Final = partial(validate_email, allow_smtputf8=False, check_deliverability=False)


def normalize(address: str) -> str:
    """Return the address with its domain in lower case and in the letters that people read."""
    return _validate(address).normalized


def can_be_mailed(address: str) -> bool:
    """Return False for an address that was stored before addresses were checked, or adopted."""
    try:
        _validate(address)
    except ValueError:
        return False
    return True


def to_ascii(address: str) -> str:
    """Return the address with its domain as mail servers take it (IDNA)."""
    return str(_validate(address).ascii_email)


def to_header(sender: str) -> str:
    """Return an address, which may have a display name, as a header in ASCII."""
    found = _validate(sender, allow_display_name=True)
    return formataddr((found.display_name, str(found.ascii_email)))


def mailbox(address: str) -> str:
    """Return the same text for the spellings of an address that reach one mailbox.

    It has no tag, as in `ada+movr@example.com`, and no dots before the `@`, which some providers
    ignore.
    """
    name, _, domain = to_ascii(address).lower().rpartition("@")
    return f"{name.partition('+')[0].replace('.', '')}@{domain}"
