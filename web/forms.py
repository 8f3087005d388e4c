"""The forms: what their fields accept, in sentences.

The database checks lengths, formats, markup and control characters again (movr/models.py).
"""

import hmac
import json
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import (  # type: ignore[attr-defined]  # types-WTForms lacks SelectChoice
    Field,
    Form,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    Regexp,
    StopValidation,
    ValidationError,
)

from movr.cities import CITIES, Position
from movr.formats import (
    EMAIL_LENGTH,
    EMAIL_PATTERN,
    LOCATION_LENGTH,
    MARKUP_OR_CONTROL,
    NAME_LENGTH,
    USERNAME_LENGTH,
    USERNAME_PATTERN,
    VEHICLE_TYPES,
    WORD_LENGTH,
)
from web.context import settings
from web.geoutils import parse_position

# The sign for bytes that were no UTF-8; what turns writing around; letters that look like nothing.
UNREADABLE: Final = frozenset(
    "\ufffd\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2800\u3164\u115f\u1160\uffa0"
)
PASSWORD_LENGTH: Final = (10, 128)
DEFAULT_LOCATION: Final = "Where the map shows it"
UNREADABLE_POSITION: Final = "We could not read that position. Please choose it again."


def _strip(text: str | None) -> str | None:
    return text.strip() if text else text


def _lower(text: str | None) -> str | None:
    return text.lower() if text else text


def max_length(longest: int, message: str) -> Callable[[Form, Field], None]:
    """Refuse longer text, and look no further: patterns take their time over long ones."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data) > longest:
            raise StopValidation(message)

    check.field_flags = {"maxlength": longest}  # type: ignore[attr-defined]  # WTForms reads it
    return check


def readable_text(_form: Form, field: Field) -> None:
    """Refuse control characters, those that turn text around, and what was no UTF-8."""
    if any(
        unicodedata.category(character) in {"Cc", "Cs"} or character in UNREADABLE
        for character in field.data
    ):
        raise ValidationError("This has a character in it that we cannot read.")


def no_markup(_form: Form, field: Field) -> None:
    """Refuse markup, and text of nothing that can be seen."""
    if not any(unicodedata.category(character)[0] in "LNPS" for character in field.data):
        raise ValidationError("This says nothing.")
    if re.search(MARKUP_OR_CONTROL, field.data):
        message = "Please leave out < and >."
        raise ValidationError(message)


def _text(label: str, longest: int, *, missing: str, **render: Any) -> StringField:
    return StringField(
        label,
        filters=[_strip],
        validators=[
            DataRequired(missing),
            Length(max=longest, message=f"Please use at most {longest} characters."),
            readable_text,
            no_markup,
        ],
        render_kw=render,
    )


def _username(missing: str) -> StringField:
    return StringField(
        "Username",
        filters=[_strip, _lower],
        validators=[
            DataRequired(missing),
            max_length(USERNAME_LENGTH, "A username is shorter than this."),
            readable_text,
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )


def _password(label: str, missing: str) -> PasswordField:
    """A password that is known."""
    return PasswordField(
        label,
        validators=[
            InputRequired(missing),
            max_length(PASSWORD_LENGTH[1], "A password is shorter than this."),
            readable_text,
        ],
        render_kw={"autocomplete": "current-password"},
    )


def _new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        validators=[
            InputRequired("Please choose a password."),
            Length(
                *PASSWORD_LENGTH,
                message=f"Please use {PASSWORD_LENGTH[0]} to {PASSWORD_LENGTH[1]} characters.",
            ),
            readable_text,
        ],
        description=f"At least {PASSWORD_LENGTH[0]} characters.",
        render_kw={"autocomplete": "new-password"},
    )


class TextForm(FlaskForm):
    """A form of text fields; its CSRF token is checked before any view, by CSRFProtect."""

    class Meta(FlaskForm.Meta):
        """WTForms' settings."""

        csrf = False

    def values(self) -> dict[str, str]:
        """What was filled in, by the name of its field; call it once the form is valid."""
        hidden = {field.name for field in self if isinstance(field, HiddenField)}
        return {name: text for name, text in self.data.items() if name not in hidden}


class IdempotentForm(TextForm):
    """A form for something new: sent again as it is, it is the same new thing."""

    key = HiddenField(default=secrets.token_hex)

    @property
    def idempotency_key(self) -> str:
        """What only this form, filled in like this, says; nobody can guess or choose it."""
        text = json.dumps(self.data, sort_keys=True)
        return hmac.digest(settings().secret_key.encode(), text.encode(), "sha256").hex()


class LocationForm(TextForm):
    """A form that says where, in words; and as a position, if the browser or a map gave one."""

    latitude = HiddenField()
    longitude = HiddenField()

    @property
    def position(self) -> Position | None:
        """The place on earth that was given; None without one."""
        return parse_position(f"{self.latitude.data},{self.longitude.data}")

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """A position needs no words. Also say if it made no sense."""
        if self.position and not self.location.data:
            self.location.data = DEFAULT_LOCATION
        is_valid: bool = super().validate(extra_validators)
        if (self.latitude.data or self.longitude.data) and not self.position:
            self.refuse_position(UNREADABLE_POSITION)
            return False
        return is_valid

    def refuse_position(self, sentence: str) -> None:
        """Say why at the words, which can be seen; and forget it, so that words will do."""
        self.location.errors = [*self.location.errors, sentence]
        self.latitude.data = self.longitude.data = ""


class LoginForm(TextForm):
    """Username and password. Says no more about a wrong one than that it is wrong."""

    username = _username("Please enter your username.")
    password = _password("Password", "Please enter your password.")


class ChangePasswordForm(TextForm):
    """The present password, and another."""

    present = _password("Present password", "Please enter your present password.")
    new = _new_password("New password")


class ForgotPasswordForm(TextForm):
    """Whose password is forgotten."""

    username = _username("Please enter your username.")


class ResetPasswordForm(TextForm):
    """A password in the place of a forgotten one."""

    password = _new_password("New password")


class RegisterForm(IdempotentForm):
    """Everything an account needs."""

    city = SelectField(
        "Home city",
        choices=[SelectChoice(city.name, city.label) for city in CITIES],
        filters=[_lower],
        validate_choice=True,
    )
    first_name = _text(
        "First name",
        NAME_LENGTH,
        missing="Please tell us your first name.",
        autocomplete="given-name",
    )
    last_name = _text(
        "Last name",
        NAME_LENGTH,
        missing="Please tell us your last name.",
        autocomplete="family-name",
    )
    email = StringField(
        "Email",
        filters=[_strip],
        validators=[
            DataRequired("Please enter your email address."),
            max_length(EMAIL_LENGTH, f"Please use at most {EMAIL_LENGTH} characters."),
            readable_text,
            Regexp(EMAIL_PATTERN, message="This does not look like an email address."),
        ],
        render_kw={"autocomplete": "email", "type": "email"},
    )
    username = StringField(
        "Username",
        filters=[_strip, _lower],
        validators=[
            DataRequired("Please choose a username."),
            max_length(USERNAME_LENGTH, f"Please use at most {USERNAME_LENGTH} characters."),
            readable_text,
            Regexp(
                USERNAME_PATTERN,
                message="Please use 3 to 64 letters (a to z), digits or the characters . _ - + @",
            ),
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none"},
    )
    password = _new_password("Password")


class VehicleForm(LocationForm, IdempotentForm):
    """A vehicle for others to ride."""

    type = SelectField(
        "Type", choices=[SelectChoice(type_, type_.capitalize()) for type_ in VEHICLE_TYPES]
    )
    color = _text("Color", WORD_LENGTH, missing="Please tell us its color.")
    brand = _text("Brand", WORD_LENGTH, missing="Please tell us its brand.")
    location = _text(
        "Where it stands", LOCATION_LENGTH, missing="Please say where riders will find it."
    )


class EndRideForm(LocationForm):
    """Where the vehicle was left."""

    location = _text(
        "Where did you leave it?", LOCATION_LENGTH, missing="Please say where you left it."
    )
