"""Lengths, patterns and choices of the text columns.

Both the forms and the CHECK constraints use them; for email addresses the forms have a stricter
rule (web/email_addresses.py) than this pattern. The patterns are limited to the syntax that
Python, PostgreSQL and CockroachDB share.
"""

from typing import Final

from movr.messages import gettext_noop

NAME_LENGTH: Final = 100
EMAIL_LENGTH: Final = 254  # the 256 of RFC 5321, section 4.5.3.1.3, without the angle brackets
USERNAME_LENGTH: Final = 64
WORD_LENGTH: Final = 50
LOCATION_LENGTH: Final = 200
REASON_LENGTH: Final = 300
AREA_LENGTH: Final = 250_000  # of a zone, as GeoJSON
REFERENCE_LENGTH: Final = 50
LANGUAGE_LENGTH: Final = 2  # ISO 639-1

USERNAME_PATTERN: Final = r"^[a-z0-9._@+-]{3,64}$"
EMAIL_PATTERN: Final = r"^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$"
MARKUP_OR_CONTROL: Final = r"[<>\x01-\x1f\x7f]"

# Spreadsheets take a cell that begins like this as a formula; some know the full-width forms.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - meant

VEHICLE_TYPES: Final = (gettext_noop("bike"), gettext_noop("scooter"), gettext_noop("skateboard"))
# Owners choose the words for the colors of their vehicles; pages translate these.
COLORS: Final = (
    gettext_noop("red"),
    gettext_noop("yellow"),
    gettext_noop("blue"),
    gettext_noop("green"),
    gettext_noop("black"),
    gettext_noop("white"),
    gettext_noop("orange"),
    gettext_noop("teal"),
)
AVAILABLE: Final = "available"
NUMBERS: Final = range(100_000, 1_000_000)  # of vehicles
UNKNOWN_LOCATION: Final = "Place not known"
IN_USE: Final = "in_use"

HIGHEST_CAP: Final = 100_000  # of a day, in cents

# The location of rides whose rider has deleted the account.
ERASED: Final = "erased"

UNDO_REASONS: Final = (
    gettext_noop("Wrong vehicle"),
    gettext_noop("It does not work"),
    gettext_noop("It is damaged"),
    gettext_noop("I changed my mind"),
    gettext_noop("Something else"),
)

# What a rider can report about a vehicle. With one of the SAFETY_KINDS it is dangerous to ride.
BRAKES: Final = "brakes"
TYRE: Final = "tyre"
LOCK: Final = "lock"
BATTERY: Final = "battery"
NOT_THERE: Final = "not_there"
DIRTY: Final = "dirty"
OTHER: Final = "other"
REPORT_KINDS: Final = (BRAKES, TYRE, LOCK, BATTERY, NOT_THERE, DIRTY, OTHER)
SAFETY_KINDS: Final = (BRAKES, TYRE, LOCK, BATTERY)
MENDED: Final = "mended"
NO_FAULT: Final = "no_fault"
OUTCOMES: Final = (MENDED, NO_FAULT)

# The periods of ride totals.
WEEK: Final = "week"
MONTH: Final = "month"
PERIODS: Final = (WEEK, MONTH)

# The accounts of the ledger, and the kinds of its entries.
RIDER: Final = "rider"
OWNER: Final = "owner"
MOVR: Final = "movr"
GATEWAY: Final = "gateway"
ACCOUNTS: Final = (RIDER, OWNER, MOVR, GATEWAY)
FARE: Final = "fare"
REFUND: Final = "refund"
PAYMENT: Final = "payment"
ENTRY_KINDS: Final = (FARE, REFUND, PAYMENT)

# What staff of a city may be.
SUPPORT: Final = "support"
MECHANIC: Final = "mechanic"
MANAGER: Final = "manager"
ROLES: Final = (SUPPORT, MECHANIC, MANAGER)

AUDIT_DAYS: Final = 3 * 365  # for which an entry of the audit is kept
# What an entry of the audit is about.
SUBJECTS: Final = ("vehicle", "ride", "account", "report", "role", "fare")
