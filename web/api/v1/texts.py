"""Texts that members send, by the rules of the forms (web/forms.py)."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints
from wtforms.validators import StopValidation

from movr import formats
from web.forms import no_markup, readable_text, visible_text


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


_RULES: Final = _follows(readable_text, visible_text("Please enter a text."), no_markup)
_STRIPPED: Final = StringConstraints(strip_whitespace=True, min_length=1)
Text = Annotated[str, _STRIPPED, _RULES]
Place = Annotated[Text, Field(max_length=formats.LOCATION_LENGTH)]
