"""Vehicles from a file: checked first, then all or none, and once."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import Engine, select, update

from movr import errors, vehicle_import
from movr.database.invariants import find_violations
from movr.models import User, Vehicle
from movr.movr import MovR
from movr.results import NewVehicle, UserKey
from tests.conftest import NewVisitor
from tests.databases import all_rows
from tests.movr.people import HERE
from tests.visitor import Visitor, registration, sentences
from web.pages import vehicle_import as pages

PATH = "/vehicles/import"
HEADER = "reference,type,brand,color,location,latitude,longitude"


def lines(*references: str, brand: str = "Kona") -> str:
    rows = (f"{each},bike,{brand},red,1 Wall Street,40.7128,-74.006" for each in references)
    return "\r\n".join([HEADER, *rows])


def upload(visitor: Visitor, content: str | bytes, **fields: str) -> httpx.Response:
    """Send a file as a browser does."""
    file = {"file": ("fleet.csv", content, "text/csv")}
    data = {"csrf_token": visitor.token(), "text": "", **fields}
    return visitor.client.post(PATH, data=data, files=file)


def brands(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return sorted(connection.scalars(select(Vehicle.brand)))


def test_a_check_shows_what_would_be_added_and_changes_nothing(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.register()
    before = all_rows(engine)

    page = upload(visitor, lines("A1", "A2"))

    assert page.status_code == 200
    assert "2 vehicles to add" in page.text
    assert re.search(r"<td[^>]*>3</td><td>A2</td><td>red Kona bike</td>", page.text)
    assert all_rows(engine) == before


def test_a_checked_file_is_added_by_its_button_and_once(visitor: Visitor, engine: Engine) -> None:
    checked = upload(visitor.register(), f"\ufeff{lines('A1', 'A2', brand='Gazelle')}").text
    (text,) = re.findall(
        r"<textarea name=\"text\" hidden[^>]*>\n(.*?)</textarea>", checked, re.DOTALL
    )

    for sentence in ("2 vehicles are listed.", "All vehicles of this file were listed before."):
        reply = visitor.post(PATH, text=text, add="1")
        assert sentence in visitor.follow(reply)
    more = visitor.post(PATH, text=lines("A2", "A3"), add="1")

    assert "1 vehicle is listed." in visitor.follow(more)
    assert brands(engine) == ["Gazelle", "Gazelle", "Kona"]
    assert "vehicles is listed already" in upload(visitor, lines("A3", "A4")).text
    assert find_violations(engine) == []


def test_one_wrong_line_adds_nothing_and_all_are_shown(visitor: Visitor, engine: Engine) -> None:
    visitor.register()
    before = all_rows(engine)

    page = upload(visitor, f"{lines('A1', 'A2')}\nA3,tank,,red,x,,\n", add="1")

    assert page.status_code == 422
    assert "Nothing was changed." in sentences(page)
    assert re.search(r"<td[^>]*>4</td><td>type</td><td>Please enter bike", page.text)
    assert re.search(r"<td[^>]*>4</td><td>brand</td><td>Please enter its brand", page.text)
    assert all_rows(engine) == before


def test_an_owner_s_bounds_hold_for_files(visitor: Visitor, engine: Engine) -> None:
    visitor.register().add_vehicle()
    many = lines(*(f"A{n}" for n in range(20)))
    nowhere = "\n".join([HEADER, *(f"B{n},bike,Kona,red,x,," for n in range(11))])
    before = all_rows(engine)

    pages_shown = [upload(visitor, content, add="1") for content in (many, nowhere)]

    assert [page.status_code for page in pages_shown] == [422, 422]
    assert "You can add 20 vehicles a day, 19 more today, and" in pages_shown[0].text
    assert "You can have 10 vehicles without a latitude and longitude" in pages_shown[1].text
    assert all_rows(engine) == before


def test_the_reference_of_a_removed_vehicle_is_not_used_again(visitor: Visitor) -> None:
    visitor.register().post(PATH, text=lines("A1"), add="1")
    (vehicle,) = re.findall("/vehicles/own/([0-9a-f-]+)", visitor.get(f"/users/{visitor.id}").text)
    visitor.post(f"/vehicles/remove/{vehicle}")

    page = visitor.post(PATH, text=lines("A2", "A1"), add="1")

    assert vehicle_import.REMOVED in page.text


def test_a_suspended_member_adds_none_and_still_gets_the_data(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.register()
    with engine.begin() as connection:
        connection.execute(update(User).values(suspended_at=datetime.now(UTC)))
    before = all_rows(engine)

    reply = visitor.post(PATH, text=lines("A1"), add="1")

    assert "suspended" in visitor.follow(reply)
    assert all_rows(engine) == before
    assert visitor.get(f"/users/{visitor.id}/export").status_code == 200


@pytest.mark.parametrize("size", [2_000_000, 10_000_000])
def test_a_file_that_is_too_large_says_so(
    new_http_visitor: NewVisitor, engine: Engine, size: int
) -> None:
    visitor = new_http_visitor().register()
    before = all_rows(engine)

    page = upload(visitor, b"x" * size, add="1")

    assert sentences(page) == (
        "413: This file is too large. A file can have 1 MB; please send it in parts."
    )
    assert all_rows(engine) == before


def test_a_form_of_another_page_may_not_be_larger_or_have_files(visitor: Visitor) -> None:
    token = visitor.register().token()
    file = {"file": ("fleet.csv", b"x", "text/csv")}

    assert (
        visitor.client.post("/vehicles/add", data={"csrf_token": token}, files=file).status_code
        == 415
    )
    assert visitor.post(PATH, text="x" * 70_000).status_code == 413


def test_a_long_import_shows_its_progress(
    visitor: Visitor, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0)
    monkeypatch.setattr(vehicle_import, "ROWS_AT_ONCE", 2)
    visitor.register()

    page = visitor.post(PATH, text=lines("A1", "A2", "A3"), add="1")

    assert page.status_code == 200
    assert re.search('<progress class="w-100" max="3" value="2">', page.text)
    assert "3 vehicles are listed." in sentences(page)
    assert len(brands(engine)) == 3


def test_a_member_sends_sixty_files_an_hour(visitor: Visitor) -> None:
    visitor.register()

    statuses = [visitor.post(PATH, text="x").status_code for _ in range(61)]

    assert statuses == [422] * 60 + [429]


def an_owner(movr: MovR) -> UserKey:
    fields = registration()
    return movr.register(fields.pop("city"), **fields)


def some_vehicles(prefix: str, number: int) -> list[NewVehicle]:
    return [
        NewVehicle(n, f"{prefix}{n}", "bike", "Kona", "red", "1 Wall Street", HERE)
        for n in range(number)
    ]


@pytest.mark.parametrize(("prefixes", "wanted"), [("AA", [0, 15]), ("AB", [-1, 15])])
def test_of_two_imports_at_once_the_second_sees_what_the_first_has_added(
    movr: MovR, engine: Engine, prefixes: str, wanted: list[int]
) -> None:
    """The same file adds its vehicles once; two files do not exceed the owner's bound together."""
    owner = an_owner(movr)

    def add(prefix: str) -> int:
        try:
            return movr.vehicle_import.add(owner, some_vehicles(prefix, 15))
        except errors.TooManyVehicles:
            return -1

    with ThreadPoolExecutor(2) as threads:
        added = list(threads.map(add, prefixes))

    assert sorted(added) == wanted
    assert len(brands(engine)) == 15
    assert find_violations(engine) == []


def test_vehicles_of_imports_at_once_have_different_numbers(
    movr: MovR, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vehicle_import, "random_numbers", lambda _: range(100_000, 100_100))
    owners = [an_owner(movr) for _ in range(4)]

    with ThreadPoolExecutor(4) as threads:
        added = threads.map(
            lambda owner: movr.vehicle_import.add(owner, some_vehicles("A", 15)), owners
        )

    assert list(added) == [15] * 4
    with engine.connect() as connection:
        numbers = connection.scalars(select(Vehicle.number)).all()
    assert len(set(numbers)) == 60
