"""Files of vehicles, as spreadsheets and people write them."""

import pytest

from movr.cities import Position, find_city
from web.services import vehicle_csv
from web.services.vehicle_csv import VehicleFile

HEADER = "reference,type,brand,color,location,latitude,longitude\r\n"
GOOD = "A1,bike,Gazelle,red,Dam 1,52.3731,4.8926"


def parsed(content: str | bytes) -> VehicleFile:
    city = find_city("amsterdam")
    assert city
    return vehicle_csv.parse(content if isinstance(content, bytes) else content.encode(), city)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + GOOD,
        f"\ufeff{HEADER}{GOOD}\r\n\r\n,,,,,,\r\n",
        (HEADER + GOOD).replace("\r\n", "\n"),
        (HEADER + GOOD).replace("\r\n", "\r"),
        (HEADER + GOOD.replace(".", ";"))
        .replace(",", ";")
        .replace("52;", "52,")
        .replace("4;", "4,"),
        (HEADER + GOOD).replace(",", "\t"),
        f'{HEADER}"A1",BIKE,"Gazelle", red ,Dam 1,52.3731,4.8926',
        (
            "Location,Longitude,Latitude,COLOR,Brand,type,reference\n"
            "Dam 1,4.8926,52.3731,red,Gazelle,bike,A1"
        ),
    ],
    ids=["plain", "BOM, blank lines", "LF", "CR", "semicolons", "tabs", "quotes", "another order"],
)
def test_a_file_is_read_as_spreadsheets_write_it(content: str) -> None:
    (vehicle,), errors = parsed(content)

    assert errors == []
    assert vehicle[1:] == ("A1", "bike", "Gazelle", "red", "Dam 1", Position(52.3731, 4.8926))


def test_the_position_may_be_missing() -> None:
    for content in (
        f"{HEADER}A1,bike,Gazelle,red,Dam 1,,",
        HEADER[:35] + "\nA1,bike,Gazelle,red,Dam 1",
    ):
        (vehicle,), errors = parsed(content)
        assert (vehicle.position, errors) == (None, [])


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (b"", None, vehicle_csv.EMPTY),
        (b"\r\n\r\n", None, vehicle_csv.EMPTY),
        ("référence".encode("cp1252"), None, vehicle_csv.NOT_UTF_8),
        ("reference".encode("utf-16"), None, vehicle_csv.NOT_UTF_8),
        (b"refer\0ence", None, vehicle_csv.NOT_TEXT),
        (b"PK\x03\x04\x14\0\6\0", None, vehicle_csv.NOT_TEXT),  # a workbook
        (GOOD, 1, vehicle_csv.NO_HEADER),
        (f"size,{HEADER}", 1, f"There is no column “size”. {vehicle_csv.NO_HEADER}"),
        ("brand,type", 1, f"The column “color” is missing. {vehicle_csv.NO_HEADER}"),
        (f"type,{HEADER}", 1, f"The column “type” is there twice. {vehicle_csv.NO_HEADER}"),
        (f'{HEADER}{GOOD}\nA2,"bike', 3, vehicle_csv.QUOTES),
        (f'{HEADER}A2,bike,"Kon"a",red,x,,', 2, vehicle_csv.QUOTES),
        (f'{HEADER}A2,bike,"{"x" * 200_000}",red,x,,', 2, vehicle_csv.QUOTES),
        (f"{HEADER}A2,bike", 2, "This line has 2 cells instead of 7."),
        ("," * 1_000_000, None, vehicle_csv.EMPTY),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(
    content: str | bytes, line: int | None, sentence: str
) -> None:
    file = parsed(content)

    assert [(error.line, error.sentence) for error in file.errors] == [(line, sentence)]


def test_every_error_of_every_line_is_named() -> None:
    file = parsed(
        HEADER
        + 'A1,tank,,"red\n",Dam 1,52.3731,\n'
        + "A2,bike,=1+1,<b>,Dam 1,152,4\n"
        + f"A3,bike,Gazelle,red,Dam 1,48.8566,2.3522\nA4,bike,{'x' * 51},red,Dam 1,,\n"
        + f"{GOOD}\nA1,bike,Gazelle,red,\u202eDam,,\n"
    )

    assert [(error.line, error.column, str(error.sentence)[:30]) for error in file.errors] == [
        (2, "type", "Please enter bike, scooter or "),
        (2, "brand", "Please enter its brand."),
        (2, "latitude, longitude", "Please enter two numbers of de"),
        (4, "brand", "This looks like a formula. Ple"),
        (4, "color", "Please do not use < or >."),
        (4, "latitude, longitude", "Please enter two numbers of de"),
        (5, "latitude, longitude", "That is too far away. Vehicles"),
        (6, "brand", "Please use at most 50 characte"),
        (7, "reference", "Line 2 has the reference A1, t"),
        (8, "location", "This contains a character that"),
        (8, "reference", "Line 2 has the reference A1, t"),
    ]


def test_a_file_has_a_bounded_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vehicle_csv, "MAX_LINES", 2)

    file = parsed(HEADER + "\n".join(GOOD.replace("A1", f"A{n}") for n in range(9)))

    assert [(error.line, error.sentence) for error in file.errors] == [(4, vehicle_csv.TOO_MANY)]
