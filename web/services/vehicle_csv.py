"""Files of vehicles: CSV as spreadsheets write it, with all of its errors in sentences.

The separator is a comma, a semicolon (of spreadsheets that write decimals with a comma) or a tab
(of cells that are pasted).
"""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final, NamedTuple

from movr import formats, geo
from movr.cities import City, Position
from movr.errors import TooFarAway
from movr.messages import gettext_noop
from movr.results import LineError, NewVehicle
from web.forms import VehicleLineForm
from web.geoutils import parse_position
from web.languages import gettext as _
from web.languages import ngettext

COLUMNS: Final = ("reference", "type", "brand", "color", "location", "latitude", "longitude")
OPTIONAL: Final = ("latitude", "longitude")
MAX_LINES: Final = 5_000
SEPARATORS: Final = ",;\t"

NOT_UTF_8: Final = gettext_noop(
    "This file is not in UTF-8. Please save it as “CSV UTF-8” in your spreadsheet and try again."
)
NOT_TEXT: Final = gettext_noop(
    "This is not a text file. Please save it as “CSV UTF-8” in your spreadsheet and try again."
)
EMPTY: Final = gettext_noop("Please choose a file with lines, or paste them.")
NO_HEADER: Final = gettext_noop(
    "The first line must name the columns: reference, type, brand, color, location, latitude,"
    " longitude."
)
QUOTES: Final = gettext_noop("The quotation marks do not match, so we cannot read on.")
TOO_MANY: Final = gettext_noop("A file can have 5,000 lines. Please send the rest as another one.")
POSITION: Final = gettext_noop(
    "Please enter two numbers of degrees, such as 40.7128 and -74.006, or neither."
)


class VehicleFile(NamedTuple):
    """The vehicles of the lines without errors, and all errors, in the order of the lines."""

    vehicles: list[NewVehicle]
    errors: list[LineError]


class _UnreadableError(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, line: int | None, sentence: str) -> None:
        """Store what is wrong."""
        self.error = LineError(line, "", sentence)


def parse(content: bytes, city: City) -> VehicleFile:
    """Parse a file with vehicles of this city."""
    file = VehicleFile([], [])
    try:
        for vehicle, errors in _vehicles(_decoded(content), city):
            file.errors.extend(errors)
            if vehicle:
                file.vehicles.append(vehicle)
    except _UnreadableError as unreadable:
        file.errors.append(unreadable.error)
    return file


def _decoded(content: bytes) -> str:
    """Return the text without a byte order mark."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _UnreadableError(None, _(NOT_UTF_8)) from None
    if "\0" in text:
        raise _UnreadableError(None, _(NOT_TEXT))
    return text


def _vehicles(text: str, city: City) -> Iterator[tuple[NewVehicle | None, list[LineError]]]:
    """Yield the vehicle of each line, or None, and what is wrong in the line."""
    first = next(iter(StringIO(text, newline="")), "")
    separator = max(SEPARATORS, key=first.count)
    records = _records(text, separator)
    columns = _columns(next(records, None))
    form, lines = VehicleLineForm(), dict[str, int]()
    for number, (line, cells) in enumerate(records):
        if number == MAX_LINES:
            raise _UnreadableError(line, _(TOO_MANY))
        if len(cells) != len(columns):
            sentence = ngettext(
                "This line has %(num)d cell instead of %(right)d.",
                "This line has %(num)d cells instead of %(right)d.",
                len(cells),
                right=len(columns),
            )
            yield None, [LineError(line, "", sentence)]
            continue
        values = dict(zip(columns, cells, strict=True))
        position, errors = _position(line, values, city, has_commas=separator != ",")
        errors = [*_errors(form, line, values), *errors]
        reference = str(form.reference.data)
        if (before := lines.setdefault(reference, line)) != line:
            sentence = _(
                "Line %(line)d has the reference %(reference)s, too.",
                line=before,
                reference=reference,
            )
            errors.append(LineError(line, "reference", sentence))
        yield None if errors else NewVehicle(line=line, position=position, **form.data), errors


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each line that is not blank, and its cells without spaces around them."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise _UnreadableError(line, _(QUOTES)) from None


def _columns(header: tuple[int, list[str]] | None) -> list[str]:
    """Return the names of the columns, in the order of the file."""
    if header is None:
        raise _UnreadableError(None, _(EMPTY))
    line, cells = header
    names = [cell.lower() for cell in cells]
    if not set(names) & set(COLUMNS):
        raise _UnreadableError(line, _(NO_HEADER))
    for sentence, wrong in (
        (
            gettext_noop("There is no column “%(name)s”."),
            [name for name in names if name not in COLUMNS],
        ),
        (
            gettext_noop("The column “%(name)s” is there twice."),
            [name for name in COLUMNS if names.count(name) > 1],
        ),
        (
            gettext_noop("The column “%(name)s” is missing."),
            set(COLUMNS) - set(OPTIONAL) - set(names),
        ),
    ):
        if wrong:
            name = min(wrong)[: formats.WORD_LENGTH]
            raise _UnreadableError(line, f"{_(sentence, name=name)} {_(NO_HEADER)}")
    return names


def _errors(form: VehicleLineForm, line: int, values: dict[str, str]) -> Iterable[LineError]:
    """Validate the words of a line, and return what is wrong in each column."""
    form.process(data=values)
    form.validate()
    return [
        LineError(line, column, sentence)
        for column, sentences in form.errors.items()
        for sentence in sentences
    ]


def _position(
    line: int, values: dict[str, str], city: City, *, has_commas: bool
) -> tuple[Position | None, list[LineError]]:
    """Return the position of a line if there is one, and what is wrong with it."""
    degrees = [values.get(name, "") for name in OPTIONAL]
    if not any(degrees):
        return None, []
    if has_commas:
        degrees = [text.replace(",", ".") for text in degrees]
    position = parse_position(",".join(degrees))
    if position is None:
        return None, [LineError(line, "latitude, longitude", _(POSITION))]
    if not geo.is_within(city, position):
        return None, [LineError(line, "latitude, longitude", _(TooFarAway.sentence))]
    return position, []
