"""Help, prices, privacy, terms and contact: pages without data, for everyone."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from movr.messages import gettext_noop
from movr.retention import RULES, Rule
from web.config import NO_CONTACT
from web.context import settings
from web.languages import gettext as _
from web.languages import translate
from web.services import mail

blueprint = Blueprint("information", __name__)

# What the privacy page says of the personal columns, which deleting an account erases.
PERSONAL_DATA: Final[Mapping[str, str]] = {
    "first_name": gettext_noop("your first name"),
    "last_name": gettext_noop("your last name"),
    "email": gettext_noop("your email address"),
    "email_verified_at": gettext_noop("when you confirmed your email address"),
    "username": gettext_noop("your username"),
    "password_hash": gettext_noop(
        "a hash of your password, from which the password cannot be read"
    ),
    "language": gettext_noop("the language of your letters"),
    "suspended_at": gettext_noop("when your account was suspended, if it is"),
    **dict.fromkeys(
        (f"reservation_{what}" for what in ("city", "public_id", "type", "brand", "until")),
        gettext_noop("the vehicle that you reserved last, and until when"),
    ),
}
# The same of the tables that refer to an account.
RECORDS: Final[Mapping[str, str]] = {
    "vehicles": gettext_noop("your vehicles: their type, color and brand, and where they are"),
    "rides": gettext_noop(
        "your rides: the vehicle, when and where each started and ended, and why one was undone"
    ),
    "ledger_entries": gettext_noop("what each ride cost you, and what your vehicles earned"),
    "staff_roles": gettext_noop("your roles as staff of a city"),
    "audit_entries": gettext_noop(
        "what you did as staff, or what staff did with your account, and why"
    ),
    "api_tokens": gettext_noop(
        "the devices and programs that use MovR for you, by the names you gave them"
    ),
    "outbox": gettext_noop("the emails that we send you: which, and when"),
    "reports": gettext_noop(
        "the problems with vehicles that you reported: when, what you said and where"
    ),
    "ride_totals": gettext_noop(
        "the number, time and distance of your rides in each week and month"
    ),
}


@blueprint.get("/help", endpoint="help")
def help_page() -> ResponseReturnValue:
    """Answer the questions of riders and owners."""
    return render_template("information/help.html", sends_mail=mail.can_send())


@blueprint.get("/prices")
def prices() -> ResponseReturnValue:
    """Say what a ride costs."""
    return render_template("information/prices.html")


@blueprint.get("/privacy")
def privacy() -> ResponseReturnValue:
    """Say what is stored, what others see and what deleting an account erases."""
    return render_template(
        "information/privacy.html",
        personal_data=dict.fromkeys(PERSONAL_DATA.values()),
        records=RECORDS.values(),
        retention=[_removed(rule) for rule in RULES],
        settings=settings(),
        contact=_contact(),
    )


@blueprint.get("/terms")
def terms() -> ResponseReturnValue:
    """Show the rules for riders and owners."""
    return render_template("information/terms.html")


@blueprint.get("/contact")
def contact() -> ResponseReturnValue:
    """Show the email address of the operator, if it is set."""
    return render_template("information/contact.html", contact=_contact())


def _removed(rule: Rule) -> str:
    """Return what is removed when, as a phrase."""
    return _(
        "%(what)s: %(period)s after %(since)s",
        what=_(rule.what),
        period=translate(rule.period),
        since=_(rule.since),
    )


def _contact() -> str | None:
    """Return CONTACT_EMAIL; None if it is not set, because the default has no reader."""
    address = settings().contact_email
    return address if address != NO_CONTACT else None
