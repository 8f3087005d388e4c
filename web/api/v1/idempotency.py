"""The header Idempotency-Key, by which a program may repeat a write whose response was lost.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ names the header. No
response is kept: a repetition runs again, and what it would make is there already.
"""

from hashlib import sha256
from typing import Any, Final

from apiflask import HTTPError
from flask import g, request

from movr.messages import gettext_noop
from movr.results import Member
from web.context import movr
from web.languages import gettext as _

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 100  # characters
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "description": "A random text, new for each request and the same for its repetitions",
    "schema": {"type": "string", "pattern": f"^[!#-~]{{1,{LONGEST}}}$"},
}
_SENTENCE: Final = gettext_noop("Please use 1 to 100 letters, digits or signs.")


def claim(member: Member) -> None:
    """Claim the key of this request for the member, if it has one. Raises IdempotencyKeyReused."""
    if (text := request.headers.get(HEADER)) is None:
        return
    key = text.removeprefix('"').removesuffix('"')  # a string, or a token as many programs send it
    if not (0 < len(key) <= LONGEST and all("!" <= letter <= "~" for letter in key)):
        raise HTTPError(422, detail={"headers": {HEADER: [_(_SENTENCE)]}})
    g.idempotency_key = movr().idempotency.claim(member.key, key, _fingerprint())


def key() -> str:
    """Return the `idempotency_key` for a method of MovR that makes something; "" without one.

    The member was asked for before.
    """
    claimed: str = g.get("idempotency_key", "")
    return claimed


def _fingerprint() -> str:
    request_ = f"{request.method} {request.path}\n".encode() + request.get_data()
    return sha256(request_).hexdigest()
