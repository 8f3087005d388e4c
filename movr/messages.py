"""Sentences for people, written in English and translated where they are shown.

`pybabel extract` finds sentences by the names of these functions; the names and what they do are
those of Django. web/languages.py translates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


def gettext_noop(text: str) -> str:
    """Return the text; mark it for translation where it is defined, before it is shown."""
    return text


def ngettext_noop(singular: str, plural: str) -> tuple[str, str]:
    """Return both; mark a sentence with a number for translation where it is defined."""
    return singular, plural


@dataclass(frozen=True)
class Message:
    """A sentence with its values: `"In %(count)d minutes."` and `{"count": 5}`.

    With `plural`, the number `count` chooses the form and is a value, too.
    """

    text: str
    plural: str = ""
    count: int = 1
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def all_values(self) -> Mapping[str, object]:
        """The values by name, with `count`."""
        return {**self.values, "count": self.count}

    def __str__(self) -> str:
        """Return the sentence in English."""
        text = self.text if self.count == 1 or not self.plural else self.plural
        return text % self.all_values
