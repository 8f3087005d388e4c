"""Texts that members send, by the rules of the forms (web/forms.py)."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated, Any, Final

from pydantic import AfterValidator, StringConstraints
from wtforms.validators import StopValidation

from movr import formats
from movr.messages import gettext_noop
from web.forms import no_formula, no_markup, readable_text, visible_text


def _follows(*rules: Callable[[Any, Any], None]) -> AfterValidator:
    """Return a validator by rules of form fields."""

    def check(text: str) -> str:
        try:
            for rule in rules:
                rule(None, SimpleNamespace(data=text))
        except StopValidation as error:
            raise ValueError(str(error)) from None
        return text

    return AfterValidator(check)


def _at_most(longest: int) -> StringConstraints:
    """Return constraints that come before the rules, which are slow on long text."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


_RULES: Final = _follows(
    readable_text, visible_text(gettext_noop("Please enter a text.")), no_markup
)

Name = Annotated[str, _at_most(formats.NAME_LENGTH), _RULES]
Place = Annotated[str, _at_most(formats.LOCATION_LENGTH), _RULES]
Reason = Annotated[str, _at_most(formats.REASON_LENGTH), _RULES]
Remark = Annotated[str, _at_most(formats.REASON_LENGTH - formats.WORD_LENGTH), _RULES]
_CELL_RULES: Final = _follows(no_formula)  # as of a line of a file
Reference = Annotated[str, _at_most(formats.REFERENCE_LENGTH), _RULES, _CELL_RULES]
Cell = Annotated[str, _at_most(formats.WORD_LENGTH), _RULES, _CELL_RULES]
CellOfPlace = Annotated[str, _at_most(formats.LOCATION_LENGTH), _RULES, _CELL_RULES]
Word = Annotated[str, _at_most(formats.WORD_LENGTH), _RULES]
