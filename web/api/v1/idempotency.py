"""The header Idempotency-Key, by which a program may repeat a write whose response was lost.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ names the header. The
change and what it returns are remembered together (movr/idempotency.py), so that the response to a
repetition is made again.
"""

import re
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid5

from apiflask import HTTPError
from flask import request

from movr.messages import gettext_noop
from movr.results import KeyedRequest, UserKey
from web.languages import gettext as _

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 100  # characters
_TOKEN: Final = f"[!#-~]{{1,{LONGEST}}}"
PARAMETER: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "description": "A random text, new for each request and the same for its repetitions",
    "schema": {"type": "string", "pattern": f'^({_TOKEN}|"{_TOKEN}")$'},
}
_NOBODY: Final = UserKey("", UUID(int=0))
_SENTENCE: Final = gettext_noop("Please use 1 to 100 letters, digits or signs.")


def keyed_request(user: UserKey) -> KeyedRequest | None:
    """Return the key of this request of a user, if it has one. Raises HTTPError if it is none."""
    if (text := request.headers.get(HEADER)) is None:
        return None
    if not re.fullmatch(f'{_TOKEN}|"{_TOKEN}"', text):  # many programs send no quotation marks
        raise HTTPError(422, detail={"headers": {HEADER: [_(_SENTENCE)]}})
    return KeyedRequest(uuid5(user.id, text.strip('"')), _fingerprint())


def hashed_key() -> str:
    """Return a text for the key and the body of a request without a token; "" without a key.

    The same key with another body, which has another password, is of another request.
    """
    request_ = keyed_request(_NOBODY)
    return "" if request_ is None else f"{request_.id} {request_.fingerprint}"


def _fingerprint() -> str:
    request_ = f"{request.method} {request.path}\n".encode() + request.get_data()
    return sha256(request_).hexdigest()
