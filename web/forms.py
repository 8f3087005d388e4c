"""The forms and their validation.

The database checks lengths, formats, markup and control characters again (movr/models.py).
"""

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from functools import cached_property, partial
from typing import Any, Final

from flask_wtf import FlaskForm
from itsdangerous import Signer
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    FileField,
    Form,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # types-WTForms lacks it
from wtforms.validators import Optional, StopValidation

from movr import formats
from movr.cities import CITIES, Position
from movr.messages import gettext_noop
from movr.results import Account
from web import email_addresses, languages
from web.context import settings
from web.geoutils import parse_position
from web.languages import gettext as _
from web.security.password_rules import is_easy_to_guess

# The replacement character (invalid UTF-8), bidirectional controls and invisible letters.
UNREADABLE: Final = frozenset(
    "\ufffd\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2800\u3164\u115f\u1160\uffa0"
)
PASSWORD_LENGTH: Final = (10, 128)
LONGEST_LETTER: Final = 4  # characters of a letter before NFC composes them
# What riders report, in the order of the form's choices.
REPORT_KINDS: Final = {
    formats.BRAKES: gettext_noop("Brakes"),
    formats.TYRE: gettext_noop("Tyre or wheel"),
    formats.LOCK: gettext_noop("Lock"),
    formats.BATTERY: gettext_noop("Battery"),
    formats.NOT_THERE: gettext_noop("It is not there"),
    formats.DIRTY: gettext_noop("It is dirty"),
    formats.OTHER: gettext_noop("Something else"),
}
TYPE_LABELS: Final = {
    "bike": gettext_noop("Bike"),
    "scooter": gettext_noop("Scooter"),
    "skateboard": gettext_noop("Skateboard"),
}
ROLE_LABELS: Final = {
    formats.SUPPORT: gettext_noop("Support"),
    formats.MECHANIC: gettext_noop("Mechanic"),
    formats.MANAGER: gettext_noop("Manager"),
}
NOT_A_CHOICE: Final = gettext_noop("Not a valid choice.")  # WTForms' sentence
UNREADABLE_TEXT: Final = gettext_noop("This contains a character that we cannot read.")
UNREADABLE_POSITION: Final = gettext_noop(
    "We could not read that position. Please choose it again."
)


def _strip(text: str | None) -> str | None:
    return text.strip() if text else text


def _lower(text: str | None) -> str | None:
    return text.lower() if text else text


def _compose(text: str | None) -> str | None:
    """Normalise to NFC, so that the length counts letters as they are hashed.

    Longer text is left as it is, because the time of NFC grows with the square of the length.
    """
    if not text or len(text) > LONGEST_LETTER * PASSWORD_LENGTH[1]:
        return text
    return unicodedata.normalize("NFC", text)


def required(missing: str) -> Callable[[Form, Field], None]:
    """Refuse an empty field with this message."""

    def check(_form: Form, field: Field) -> None:
        if not field.data:
            raise StopValidation(_(missing))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]  # WTForms reads it
    return check


def one_of(choices: Collection[str], message: str) -> Callable[[Form, Field], None]:
    """Refuse other texts with this message."""

    def check(_form: Form, field: Field) -> None:
        if field.data not in choices:
            raise StopValidation(_(message))

    return check


def matching(pattern: str, message: str) -> Callable[[Form, Field], None]:
    """Refuse text that does not match with this message."""

    def check(_form: Form, field: Field) -> None:
        if not re.match(pattern, field.data):
            raise StopValidation(_(message))

    return check


def max_length(longest: int) -> Callable[[Form, Field], None]:
    """Refuse longer text and stop validation, because patterns are slow on long text."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data) > longest:
            raise StopValidation(_("Please use at most %(most)d characters.", most=longest))

    check.field_flags = {"maxlength": longest}  # type: ignore[attr-defined]  # WTForms reads it
    return check


def password_length(_form: Form, field: Field) -> None:
    """Refuse other lengths and stop validation, because the other rules are slow on long text."""
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(field.data) <= longest:
        sentence = _("Please use %(least)d to %(most)d characters.", least=shortest, most=longest)
        raise StopValidation(sentence)


password_length.field_flags = {  # type: ignore[attr-defined]  # WTForms reads it
    "minlength": PASSWORD_LENGTH[0],
    "maxlength": PASSWORD_LENGTH[1],
}


def location_or_position(missing: str) -> Callable[["LocationForm", Field], None]:
    """Refuse an empty location with this message, unless there is a position."""

    def check(form: "LocationForm", field: Field) -> None:
        if not field.data:
            raise StopValidation("" if form.position else _(missing))

    check.field_flags = {"required": True}  # type: ignore[attr-defined]  # WTForms reads it
    return check


def is_readable(text: str) -> bool:
    """Return False if the text has a character that is no letter, or one that can't be seen."""
    return not any(
        unicodedata.category(character) in {"Cc", "Cs"} or character in UNREADABLE
        for character in text
    )


def readable_text(_form: Form, field: Field) -> None:
    """Refuse control characters, bidirectional controls, invisible letters and invalid UTF-8."""
    if not is_readable(field.data):
        raise StopValidation(_(UNREADABLE_TEXT))


def hard_to_guess(form: "NewPasswordForm | RegisterForm", field: Field) -> None:
    """Refuse common passwords and the account's own names."""
    account = form.account
    names = (account.username, account.email, account.first_name, account.last_name)
    # Longer names are refused by their own fields.
    if is_easy_to_guess(field.data, [name[: formats.EMAIL_LENGTH] for name in names]):
        raise StopValidation(_("This password is too easy to guess. Please choose another."))


def mailable(_form: Form, field: Field) -> None:
    """Refuse an address that cannot be mailed, and normalise it otherwise."""
    try:
        field.data = email_addresses.normalize(field.data)
    except ValueError:
        sentence = _("We cannot send email to this address. Please check it.")
        raise StopValidation(sentence) from None


def visible_text(missing: str) -> Callable[[Form, Field], None]:
    """Refuse text without visible characters with this message, as an empty field is refused."""

    def check(_form: Form, field: Field) -> None:
        if not any(unicodedata.category(character)[0] in "LNPS" for character in field.data):
            raise StopValidation(_(missing))

    return check


def no_markup(_form: Form, field: Field) -> None:
    """Refuse markup."""
    if re.search(formats.MARKUP_OR_CONTROL, field.data):
        raise StopValidation(_("Please do not use < or >."))


def no_formula(_form: Form, field: Field) -> None:
    """Refuse text that spreadsheets take as a formula; in a file it is one by mistake."""
    if field.data.startswith(formats.FORMULA):
        raise StopValidation(_("This looks like a formula. Please enter the text itself."))


def _text(
    label: str,
    longest: int,
    *,
    missing: str,
    required: Callable[[str], Callable[..., object]] = required,
    rules: Sequence[Callable[..., object]] = (no_markup,),
    filters: Sequence[Callable[[str | None], str | None]] = (_strip,),
    field: type[StringField] = StringField,
    **render: str,
) -> StringField:
    return field(
        label,
        filters=filters,
        validators=[
            required(missing),
            max_length(longest),
            readable_text,
            visible_text(missing),
            *rules,
        ],
        render_kw=render,
    )


_username = partial(
    _text,
    gettext_noop("Username"),
    formats.USERNAME_LENGTH,
    rules=[],
    filters=[_strip, _lower],
    autocomplete="username",
    autocapitalize="none",
)

_first_name = partial(
    _text,
    gettext_noop("First name"),
    formats.NAME_LENGTH,
    missing=gettext_noop("Please enter your first name."),
    autocomplete="given-name",
)
_last_name = partial(
    _text,
    gettext_noop("Last name"),
    formats.NAME_LENGTH,
    missing=gettext_noop("Please enter your last name."),
    autocomplete="family-name",
)
_email = partial(
    _text,
    longest=formats.EMAIL_LENGTH,
    missing=gettext_noop("Please enter your email address."),
    rules=[mailable],
    autocomplete="email",
    field=EmailField,
)


def _password(label: str, missing: str) -> PasswordField:
    """Return the field of an existing password, whose letters may not be composed."""
    longest = LONGEST_LETTER * PASSWORD_LENGTH[1]
    return PasswordField(
        label,
        validators=[required(missing), max_length(longest), readable_text],
        render_kw={"autocomplete": "current-password"},
    )


def _new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        filters=[_compose],
        validators=[
            required(gettext_noop("Please choose a password.")),
            password_length,
            readable_text,
            hard_to_guess,
        ],
        description=gettext_noop("At least 10 characters."),  # PASSWORD_LENGTH
        render_kw={"autocomplete": "new-password"},
    )


class TextForm(FlaskForm):
    """Base class of forms. CSRFProtect checks the token before the view, so the form does not."""

    class Meta(FlaskForm.Meta):
        """WTForms' settings."""

        csrf = False

        def get_translations(self, _form: Form) -> Any:  # noqa: ANN401 - a module
            """Return what translates WTForms' own message, `Not a valid choice.`."""
            return languages

    def values(self) -> dict[str, str]:
        """Return the texts that were entered, by the names of their fields."""
        entered = (field for field in self if not isinstance(field, HiddenField | BooleanField))
        return {field.name: field.data for field in entered}


class FormKeyField(HiddenField):
    """A random text, signed by MovR, that identifies one rendered form.

    A text without a valid signature is replaced, so that clients cannot choose it.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Create a new text for each rendered form."""
        super().__init__(default=self._new, **kwargs)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take a submitted text only if it is signed."""
        super().process_formdata([text for text in valuelist if self._signer().validate(text)])

    @classmethod
    def _new(cls) -> str:
        return cls._signer().sign(secrets.token_hex()).decode()

    @staticmethod
    def _signer() -> Signer:
        return Signer(settings().signing_keys, salt="form")


class NewPasswordForm(TextForm):
    """Base class of forms in which a member chooses a password."""

    def __init__(self, account: Account, **kwargs: Any) -> None:
        """Create the form for the member with this account."""
        self.account = account
        super().__init__(**kwargs)


class IdempotentForm(TextForm):
    """A form that creates something; submitting the same form twice creates it once."""

    key = FormKeyField()

    @property
    def idempotency_key(self) -> str:
        """A hash of all fields, the same for each submission of one rendered form.

        It does not depend on the current SECRET_KEY, which may change between two submissions.
        """
        text = json.dumps(self.data, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class PositionForm(TextForm):
    """A form with an optional position of the browser or the map."""

    latitude = HiddenField()
    longitude = HiddenField()
    without_position = BooleanField(gettext_noop("Continue without the position"))
    error_field = "latitude"
    is_position_refused = False

    @property
    def position(self) -> Position | None:
        """The submitted position; None if it is missing, invalid or not wanted."""
        if self.without_position.data:
            return None
        return parse_position(f"{self.latitude.data},{self.longitude.data}")

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Validate the fields, and the position if there is one."""
        is_valid: bool = super().validate(extra_validators)
        is_given = self.latitude.data or self.longitude.data
        if is_given and not (self.position or self.without_position.data):
            self.refuse_position(_(UNREADABLE_POSITION))
            return False
        return is_valid

    def refuse_position(self, sentence: str) -> None:
        """Show this error at `error_field`, and offer to go on without the position."""
        self.refuse_place(sentence)
        self.is_position_refused = True

    def refuse_place(self, sentence: str) -> None:
        """Show this error at `error_field`."""
        field = self[self.error_field]
        field.errors = [*field.errors, sentence]


class LocationForm(PositionForm):
    """A form with a location as text, which may be empty beside a position."""

    error_field = "location"


class LoginForm(TextForm):
    """Username and password, without the format rules for new ones."""

    username = _username(missing=gettext_noop("Please enter your username."))
    password = _password(gettext_noop("Password"), gettext_noop("Please enter your password."))
    stay_logged_in = BooleanField(gettext_noop("Stay logged in for 30 days"))


class ChangePasswordForm(NewPasswordForm):
    """The current and the new password."""

    current = _password(
        gettext_noop("Current password"), gettext_noop("Please enter your current password.")
    )
    new = _new_password(gettext_noop("New password"))


class NamesForm(TextForm):
    """The member's names."""

    first_name = _first_name()
    last_name = _last_name()


class EmailForm(TextForm):
    """A new email address, and the current password."""

    email = _email(gettext_noop("New email"))
    password = _password(
        gettext_noop("Current password"), gettext_noop("Please enter your current password.")
    )


class DeleteAccountForm(TextForm):
    """The current password, and the member's confirmation."""

    password = _password(
        gettext_noop("Current password"), gettext_noop("Please enter your current password.")
    )
    confirm = BooleanField(
        gettext_noop("Yes, delete my account"),
        validators=[required(gettext_noop("Please tick this box to confirm."))],
    )


class ForgotPasswordForm(TextForm):
    """The username of the account whose password is forgotten."""

    username = _username(missing=gettext_noop("Please enter your username."))


class ResetPasswordForm(NewPasswordForm):
    """A new password."""

    password = _new_password(gettext_noop("New password"))


class RegisterForm(IdempotentForm):
    """The data of a new account."""

    city = SelectField(
        gettext_noop("Home city"),
        choices=[SelectChoice(city.name, city.label) for city in CITIES],
        filters=[_lower],
    )
    first_name = _first_name()
    last_name = _last_name()
    email = _email(gettext_noop("Email"))
    username = _username(
        missing=gettext_noop("Please choose a username."),
        rules=[
            matching(
                formats.USERNAME_PATTERN,
                gettext_noop(
                    "Please use 3 to 64 letters (a to z), digits or the characters . _ - + @"
                ),
            )
        ],
    )
    password = _new_password(gettext_noop("Password"))

    @property
    def account(self) -> Account:
        """The account as entered, without the password."""
        entered = {field.name: self.data.get(field.name) or "" for field in fields(Account)}
        return Account(**entered)


_color = partial(
    _text,
    gettext_noop("Color"),
    formats.WORD_LENGTH,
    missing=gettext_noop("Please enter its color."),
)
_brand = partial(
    _text,
    gettext_noop("Brand"),
    formats.WORD_LENGTH,
    missing=gettext_noop("Please enter its brand."),
)
_location = partial(
    _text,
    longest=formats.LOCATION_LENGTH,
    missing=gettext_noop("Please enter a place."),
    required=location_or_position,
)


class VehicleForm(LocationForm, IdempotentForm):
    """The data of a new vehicle."""

    type = SelectField(
        gettext_noop("Type"), choices=[SelectChoice(*each) for each in TYPE_LABELS.items()]
    )
    color = _color()
    brand = _brand()
    location = _location(gettext_noop("Where is it?"))


class DescribeVehicleForm(TextForm):
    """The color and brand of a vehicle."""

    color = _color()
    brand = _brand()


class MoveVehicleForm(LocationForm):
    """The place to which a vehicle was moved."""

    location = _location(gettext_noop("Where is it now?"))


_cell = partial(_text, rules=(no_markup, no_formula))


class VehicleLineForm(Form):
    """A line of a file of vehicles, without its position."""

    reference = _cell(
        "reference",
        formats.REFERENCE_LENGTH,
        missing=gettext_noop("Please enter a reference of your own."),
    )
    type = StringField(
        "type",
        filters=[_strip, _lower],
        validators=[
            one_of(formats.VEHICLE_TYPES, gettext_noop("Please enter bike, scooter or skateboard."))
        ],
    )
    brand = _cell("brand", formats.WORD_LENGTH, missing=gettext_noop("Please enter its brand."))
    color = _cell("color", formats.WORD_LENGTH, missing=gettext_noop("Please enter its color."))
    location = _cell(
        "location", formats.LOCATION_LENGTH, missing=gettext_noop("Please enter a place.")
    )


class VehicleFileForm(TextForm):
    """A file of vehicles, or its lines as text; `add` is missing if they are only checked."""

    file = FileField(gettext_noop("File"))
    text = TextAreaField(gettext_noop("or its lines"))
    add = HiddenField()

    @cached_property
    def content(self) -> bytes:
        """What was sent, as it is."""
        return self.file.data.read() if self.file.data else (self.text.data or "").encode()

    @property
    def sent_text(self) -> str:
        """What was sent as text, to be sent again."""
        return self.content.decode("utf-8-sig", errors="replace")


def _optional(_missing: str) -> Optional:
    return Optional()


class UndoRideForm(LocationForm):
    """Where the rider is: a position, or words to look up."""

    location = _text(
        gettext_noop("Where are you?"), formats.LOCATION_LENGTH, missing="", required=_optional
    )


class UndoReasonForm(TextForm):
    """Why a ride was undone."""

    why = SelectField(
        gettext_noop("Why did you undo it?"),
        choices=[SelectChoice(why, why) for why in formats.UNDO_REASONS],
        validate_choice=True,
    )
    words = _text(
        gettext_noop("Anything else we should know? (optional)"),
        formats.REASON_LENGTH - formats.WORD_LENGTH,
        missing="",
        required=_optional,
    )

    @property
    def reason(self) -> str:
        """The chosen reason, and the words if there are any."""
        return f"{self.why.data}: {self.words.data}" if self.words.data else str(self.why.data)


def words_unless_named(missing: str) -> Callable[["ReportForm", Field], None]:
    """Refuse empty words with this message, unless the chosen kind names the problem."""

    def check(form: "ReportForm", field: Field) -> None:
        is_named = form.kind.data in REPORT_KINDS and form.kind.data != formats.OTHER
        if not field.data:
            raise StopValidation("" if is_named else _(missing))

    return check


class ReportForm(PositionForm, IdempotentForm):
    """A problem with a vehicle."""

    kind = RadioField(
        gettext_noop("What is wrong?"),
        choices=[SelectChoice(kind, words) for kind, words in REPORT_KINDS.items()],
        validate_choice=False,
        validators=[one_of(REPORT_KINDS, gettext_noop("Please choose what is wrong."))],
    )
    words = _text(
        gettext_noop("Tell us more (optional)"),
        formats.REASON_LENGTH,
        missing=gettext_noop("Please say what is wrong."),
        required=words_unless_named,
    )


class EndRideForm(LocationForm):
    """The location where the vehicle was left."""

    location = _location(gettext_noop("Where did you leave it?"))


class MemberSearchForm(TextForm):
    """Whom staff look for."""

    q = _text(
        gettext_noop("Username or email address"),
        formats.EMAIL_LENGTH,
        missing=gettext_noop("Please enter a username or an email address."),
        autocapitalize="none",
    )


class StaffForm(IdempotentForm):
    """Why staff do something; the base class of the forms of their actions."""

    reason = _text(
        gettext_noop("Why? Managers can read it in the audit."),
        formats.REASON_LENGTH,
        missing=gettext_noop("Please say why."),
        autocomplete="off",
    )

    def details(self) -> dict[str, Any]:
        """Return what else the action needs, by the names of its arguments."""
        entered = self.values()
        del entered["reason"]
        return entered


class PlaceByStaffForm(LocationForm, StaffForm):
    """Where a vehicle is, as staff of its city see it."""

    location = _location(gettext_noop("Where is the vehicle?"))


class CloseReportForm(StaffForm):
    """How a report was dealt with."""

    outcome = SelectField(
        gettext_noop("What came of it?"),
        choices=[
            SelectChoice(formats.MENDED, gettext_noop("It is mended")),
            SelectChoice(formats.NO_FAULT, gettext_noop("Nothing is wrong")),
        ],
        validate_choice=True,
    )


class RoleForm(StaffForm):
    """A role in a city."""

    role = SelectField(
        gettext_noop("Role"),
        choices=[SelectChoice(*each) for each in ROLE_LABELS.items()],
        validate_choice=True,
    )


class VehicleFileByStaffForm(VehicleFileForm, StaffForm):
    """A file of vehicles of an owner, which staff add."""

    username = _username(missing=gettext_noop("Please enter the username of their owner."))

    @property
    def idempotency_key(self) -> str:
        """A hash of all fields, with the content of the file."""
        entered = (self.key.data, self.username.data, self.reason.data, self.sent_text)
        return hashlib.sha256(json.dumps(entered).encode()).hexdigest()
