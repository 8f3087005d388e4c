"""What the words in the tables may be: lengths, patterns, choices. Knows neither SQL nor the web.

The forms and the database check them alike; the patterns are written in what Python, PostgreSQL
and CockroachDB understand the same way.
"""

from typing import Final

NAME_LENGTH: Final = 100
EMAIL_LENGTH: Final = 254  # RFC 5321, with the angle brackets taken off
USERNAME_LENGTH: Final = 64
WORD_LENGTH: Final = 50
LOCATION_LENGTH: Final = 200

USERNAME_PATTERN: Final = r"^[a-z0-9._@+-]{3,64}$"
EMAIL_PATTERN: Final = r"^[^@\s<>\x01-\x1f\x7f]+@[^@\s<>\x01-\x1f\x7f]+[.][^@\s<>\x01-\x1f\x7f]+$"
MARKUP_OR_CONTROL: Final = r"[<>\x01-\x1f\x7f]"

VEHICLE_TYPES: Final = ("bike", "scooter", "skateboard")
AVAILABLE: Final = "available"
IN_USE: Final = "in_use"

# What a rider's rides are added up by.
WEEK: Final = "week"
MONTH: Final = "month"
PERIODS: Final = (WEEK, MONTH)
