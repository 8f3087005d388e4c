"""Problems with vehicles: riders report them, owners see and close them, and nobody is named."""

import re
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from tests.conftest import NewVisitor
from tests.databases import all_rows, rows_of
from tests.visitor import PASSWORD, Visitor, sentences
from tests.web.pages.test_permissions import wanted
from tests.web.pages.test_repeated_forms import key, twice

FLAT = {"kind": "tyre", "words": "The front tyre is flat"}


@pytest.fixture
def owner(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register()


@pytest.fixture
def vehicle(owner: Visitor) -> UUID:
    return owner.add_vehicle()


@pytest.fixture
def rider(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register(first_name="Augusta")


def about(vehicle: UUID) -> str:
    return f"/reports/vehicle/new-york/{vehicle}"


def link(page: str, start: str) -> str:
    """Return the link on a page that begins like this, which must be there."""
    found = re.search(rf'"({start}[^"]*)"', page)
    assert found, f"no {start} on this page"
    return found[1]


def test_a_rider_reports_a_problem_and_the_owner_closes_it_without_learning_who_it_was(
    owner: Visitor, vehicle: UUID, rider: Visitor
) -> None:
    rider.start(vehicle)
    form = link(rider.get("/rides").text, "/reports/ride/")
    assert "please stop, and end your ride" in rider.get(form).text
    here = {"latitude": "40.72", "longitude": "-74.0"}

    said = rider.post(form, city="new york", **FLAT, **here)

    assert said.headers["Location"] == form.replace("/reports/ride", "/rides")
    assert "Thank you for telling us" in sentences(rider.get("/rides"))
    profile = owner.get(f"/users/{owner.id}").text
    assert ">1 report<" in profile
    reports = owner.get(link(profile, "/reports/of/"))
    for words in ("Tyre or wheel", FLAT["words"], "mi north"):
        assert words in reports.text
    for secret in ("Augusta", rider.username, str(rider.id), form.rpartition("/")[2]):
        assert secret not in reports.text

    close = link(reports.text, "/reports/of/[^/]+/close")
    assert "The report is closed" in owner.follow(owner.post(close, outcome="mended"))
    assert "no open reports" in owner.get(str(reports.url.path)).text
    assert "/reports/" not in owner.get(f"/users/{owner.id}").text


def test_a_receipt_and_the_page_of_a_vehicle_lead_to_the_form_and_only_a_member_sees_it(
    new_visitor: NewVisitor, vehicle: UUID, rider: Visitor, engine: Engine
) -> None:
    page = f"/vehicles/new-york/{vehicle}"
    assert link(rider.get(page).text, "/reports/vehicle/") == about(vehicle)
    assert "/reports/" not in new_visitor().get(page).text
    rider.start(vehicle)
    ride = rider.active_ride()
    rider.end(ride)
    assert f"/reports/ride/{ride}" in rider.get(f"/rides/{ride}").text

    with engine.begin() as connection:
        past = (
            "start_time = start_time - INTERVAL '8 days', end_time = end_time - INTERVAL '8 days'"
        )
        connection.execute(text(f"UPDATE rides SET {past}"))

    assert "/reports/" not in rider.get(f"/rides/{ride}").text
    late = rider.post(f"/reports/ride/{ride}", city="new york", **FLAT)
    assert "in the first 7 days after your ride" in rider.follow(late)


def test_a_vehicle_that_left_its_page_has_the_answer_of_an_unknown_one(
    vehicle: UUID, rider: Visitor, new_visitor: NewVisitor
) -> None:
    """Otherwise the form would say whether it is ridden, reserved or removed."""
    new_visitor().register().start(vehicle)

    for one in (vehicle, UUID(int=0)):
        for reply in (rider.get(about(one)), rider.post(about(one), **FLAT)):
            assert sentences(reply) == "404: We could not find this vehicle."


def test_a_report_sent_again_is_one_report(vehicle: UUID, rider: Visitor, engine: Engine) -> None:
    form = FLAT | {"key": key(rider.get(about(vehicle)))}

    assert "Thank you for telling us" in twice(rider, about(vehicle), form, engine)

    assert len(rows_of(engine, "reports")) == 1


def test_a_position_far_away_is_refused_and_the_report_goes_on_without_it(
    vehicle: UUID, rider: Visitor, engine: Engine
) -> None:
    far = {"latitude": "48.85", "longitude": "2.35"}

    for place in (far, {"latitude": "?", "longitude": "2"}):
        refused = rider.post(about(vehicle), **FLAT, **place)
        assert refused.status_code == 422
        assert re.search("too far away|could not read that position", sentences(refused))
        assert "Continue without the position" in refused.text
        assert FLAT["words"] in refused.text
    assert rows_of(engine, "reports") == []

    done = rider.post(about(vehicle), **FLAT, **far, without_position="1")
    assert "Thank you for telling us" in rider.follow(done)


def test_reports_of_a_member_are_limited(
    owner: Visitor, vehicle: UUID, rider: Visitor, engine: Engine
) -> None:
    replies = [rider.post(about(vehicle), **FLAT) for _ in range(11)]

    assert [reply.status_code for reply in replies] == [303] * 10 + [409]
    assert "10 open reports" in sentences(replies[-1])
    assert len(rows_of(engine, "reports")) == 10
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM reports"))
    more = [rider.post(about(vehicle), **FLAT).status_code for _ in range(10)]
    assert more == [303] * 9 + [429]  # 20 an hour
    assert owner.post(about(vehicle), **FLAT).status_code == 303


def test_a_report_is_closed_with_one_of_the_two_outcomes(
    owner: Visitor, vehicle: UUID, rider: Visitor, engine: Engine
) -> None:
    rider.post(about(vehicle), **FLAT)
    page = f"/reports/of/{owner.permanent_id(vehicle)}"
    close = link(owner.get(page).text, f"{page}/close")
    before = all_rows(engine)

    for outcome in ("", "fine", "<b>"):
        assert owner.post(close, outcome=outcome).status_code == 400
    assert all_rows(engine) == before
    for outcome in ("no_fault", "mended"):
        assert "closed" in owner.follow(owner.post(close, outcome=outcome))

    assert [row["outcome"] for row in rows_of(engine, "reports")] == ["no_fault"]


def test_what_was_written_comes_back_after_a_login(vehicle: UUID, rider: Visitor) -> None:
    username = rider.username
    rider.post("/logout")

    refused = rider.post(about(vehicle), **FLAT)
    page = wanted(refused.headers["Location"]) or ""
    back = rider.post("/login", username=username, password=PASSWORD, next=page)

    form = rider.get(back.headers["Location"]).text
    assert FLAT["words"] in form
    assert re.search('value="tyre"[^>]* checked', form)
