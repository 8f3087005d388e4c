"""Which new passwords are refused because others could guess them.

The common ones are the list of zxcvbn. Its estimator is not used: some texts of 72 characters take
it seconds, and it keeps the names of the last caller for all threads.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Final
from unicodedata import normalize

SHORTEST_WORD: Final = 3  # letters; shorter ones are in too many passwords

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_AROUND_LETTERS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def is_easy_to_guess(password: str, names: Iterable[str]) -> bool:
    """Return True for a common password, and for one that is made of these names.

    Letter case does not matter, nor do digits and punctuation around the password or the names.
    """
    text, *own = (normalize("NFC", each).casefold() for each in (password, *names))
    texts = {text, _AROUND_LETTERS.sub("", text)} - {""}
    accounts = [name.partition("@")[0] for name in own]  # of an email address
    is_known = any(each in _common() or each in own or each in accounts for each in texts)
    return is_known or _is_made_of(own, text)


@cache
def _common() -> frozenset[str]:
    """Return 30,000 common passwords, in lower case."""
    # The import takes 0.1 s and 15 MiB; processes in which no password is chosen do not need it.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_made_of(names: Iterable[str], text: str) -> bool:
    """Return True if the text has letters, and all of them are of words of these names."""
    words = [word for word in _LETTERS.findall(" ".join(names)) if len(word) >= SHORTEST_WORD]
    rest = text
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    return bool(_LETTERS.search(text)) and not _LETTERS.search(rest)
