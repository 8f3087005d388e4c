"""Bodies whose rules are those of a form (web/forms.py)."""

from typing import Any, TypeVar

from apiflask import HTTPError
from werkzeug.datastructures import MultiDict

from web.api.v1.schemas import Input
from web.forms import TextForm

FormType = TypeVar("FormType", bound=TextForm)


def fields_of(body: Input, **more: str) -> MultiDict[str, Any]:
    """Return what a form would send for this body."""
    return MultiDict(body.model_dump() | more)


def validated(form: FormType) -> FormType:
    """Return the form. Raises HTTPError with its errors."""
    if form.validate():
        return form
    raise HTTPError(422, detail={"json": form.errors})
