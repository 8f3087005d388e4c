"""Forms that are sent twice have one effect and the same response."""

import re
from collections.abc import Callable, Mapping
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Engine

from movr import errors
from tests.conftest import NewVisitor
from tests.databases import all_rows, rows_of
from tests.visitor import DELETION, Visitor, registration

Form = dict[str, str]

VEHICLE = {"type": "bike", "color": "red", "brand": "Kona", "location": "1 Wall Street"}


def twice(visitor: Visitor, path: str, fields: Mapping[str, str], engine: Engine) -> str:
    """Send this form twice, assert that the second changes nothing, and return both messages."""
    first = visitor.post(path, **fields)
    said, done = visitor.follow(first), all_rows(engine)

    second = visitor.post(path, **fields)

    assert second.headers["Location"] == first.headers["Location"]
    assert visitor.follow(second) == said
    assert all_rows(engine) == done
    return said


def key(page: httpx.Response) -> str:
    """Return the idempotency key of the form on this page."""
    found = re.search(r'name="key"[^>]* value="([^"]+)"', page.text)
    assert found
    return found[1]


def test_a_start_sent_again_is_the_same_ride(visitor: Visitor, engine: Engine) -> None:
    vehicle = visitor.register().add_vehicle()

    said = twice(visitor, f"/rides/start/{vehicle}", {"city": "new york"}, engine)

    assert "Have a good ride" in said


def test_a_start_of_another_vehicle_is_still_refused(visitor: Visitor, engine: Engine) -> None:
    first, second = visitor.register().add_vehicle(), visitor.add_vehicle()
    visitor.start(first)
    before = all_rows(engine)

    assert "You are already on a ride" in visitor.follow(visitor.start(second))
    assert all_rows(engine) == before


def test_a_start_sent_again_after_its_ride_ended_starts_no_other(
    visitor: Visitor, engine: Engine
) -> None:
    vehicle = visitor.register().add_vehicle()
    visitor.start(vehicle)
    visitor.follow(visitor.end(visitor.active_ride()))
    before = all_rows(engine)

    assert "just been taken" in visitor.follow(visitor.start(vehicle))
    assert all_rows(engine) == before


def test_an_end_sent_again_ends_once(visitor: Visitor, engine: Engine) -> None:
    visitor.start(visitor.register().add_vehicle())
    form = {"city": "new york", "location": "2 Broadway"}

    said = twice(visitor, f"/rides/end/{visitor.active_ride()}", form, engine)

    assert "Your ride has ended" in said


def test_an_end_sent_again_leaves_the_next_ride_alone(visitor: Visitor, engine: Engine) -> None:
    vehicle = visitor.permanent_id(visitor.register().add_vehicle())
    visitor.start(visitor.public_id(vehicle))
    ended = visitor.active_ride()
    visitor.end(ended)
    visitor.start(visitor.public_id(vehicle))
    before = all_rows(engine)

    visitor.post(f"/rides/end/{ended}", city="new york", location="elsewhere")

    assert all_rows(engine) == before


def test_a_vehicle_sent_again_is_one(visitor: Visitor, engine: Engine) -> None:
    form = VEHICLE | {"key": key(visitor.register().get("/vehicles/add"))}

    assert "is listed" in twice(visitor, "/vehicles/add", form, engine)


def test_an_account_sent_again_is_one(visitor: Visitor, engine: Engine) -> None:
    form = registration() | {"key": key(visitor.get("/register"))}

    assert "Welcome to MovR, Ada." in twice(visitor, "/register", form, engine)


def test_a_vehicle_sent_again_after_it_was_removed_is_said_to_be(
    visitor: Visitor, engine: Engine
) -> None:
    form = VEHICLE | {"key": key(visitor.register().get("/vehicles/add"))}
    profile = visitor.get(visitor.post("/vehicles/add", **form).headers["Location"]).text
    (vehicle,) = re.findall(r"/vehicles/own/([0-9a-f-]{36})", profile)
    visitor.follow(visitor.post(f"/vehicles/remove/{vehicle}"))
    before = all_rows(engine)

    said = visitor.follow(visitor.post("/vehicles/add", **form))

    assert said == f"200: {errors.VehicleRemoved.sentence}"
    assert all_rows(engine) == before


def test_a_vehicle_sent_again_while_its_last_ride_lasts_is_said_to_be_removed(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    form = VEHICLE | {"key": key(visitor.register().get("/vehicles/add"))}
    profile = visitor.get(visitor.post("/vehicles/add", **form).headers["Location"]).text
    (vehicle,) = re.findall(r"/vehicles/own/([0-9a-f-]{36})", profile)
    (public_id,) = re.findall(r'id="vehicle-([0-9a-f-]{36})', profile)
    new_visitor().register().start(UUID(public_id))
    visitor.follow(visitor.post(f"/vehicles/remove/{vehicle}"))

    said = visitor.follow(visitor.post("/vehicles/add", **form))

    assert said == f"200: {errors.VehicleRemoved.sentence}"


def test_a_vehicle_of_the_next_form_is_another(visitor: Visitor, engine: Engine) -> None:
    visitor.register()
    for _ in range(2):
        form = VEHICLE | {"key": key(visitor.get("/vehicles/add"))}
        assert "is listed" in visitor.follow(visitor.post("/vehicles/add", **form))

    assert len(rows_of(engine, "vehicles")) == 2


def test_a_vehicle_removed_again_is_removed(visitor: Visitor, engine: Engine) -> None:
    visitor.register()
    vehicle = visitor.permanent_id(visitor.add_vehicle())

    assert "has been removed" in twice(visitor, f"/vehicles/remove/{vehicle}", {}, engine)


def test_an_account_deleted_again_is_deleted_and_its_browser_asked_to_log_in(
    new_visitor: NewVisitor, engine: Engine
) -> None:
    """Both requests have the session and token of the page."""
    first, second = new_visitor().register(), new_visitor()
    leave, form = f"/users/remove/{first.id}", DELETION | {"csrf_token": first.token()}
    second.client.cookies.update(first.client.cookies)
    assert "deleted" in first.follow(first.client.post(leave, data=form))
    done = all_rows(engine)

    again = second.client.post(leave, data=form)

    assert again.headers["Location"] == f"/login?next={leave}"
    assert "Please log in first." in second.follow(again)
    assert all_rows(engine) == done


def test_a_deletion_form_sent_again_after_going_back_is_asked_to_log_in(
    visitor: Visitor, engine: Engine
) -> None:
    leave = f"/users/remove/{visitor.register().id}"
    form = DELETION | {"csrf_token": visitor.token()}
    visitor.client.post(leave, data=form)
    done = all_rows(engine)

    reply = visitor.client.post(leave, data=form)

    assert "Please log in first." in visitor.follow(reply)
    assert all_rows(engine) == done


def recolored(form: Form, _visitor: Visitor) -> Form:
    return form | {"color": "blue"}


def rendered_again(form: Form, visitor: Visitor) -> Form:
    return form | {"key": key(visitor.get("/vehicles/add"))}


@pytest.mark.parametrize("changed", [recolored, rendered_again])
def test_another_form_is_another_vehicle(
    visitor: Visitor, engine: Engine, changed: Callable[[Form, Visitor], Form]
) -> None:
    form = VEHICLE | {"key": key(visitor.register().get("/vehicles/add"))}
    visitor.post("/vehicles/add", **form)

    visitor.post("/vehicles/add", **changed(form, visitor))

    assert len(rows_of(engine, "vehicles")) == 2


@pytest.mark.parametrize("made_up", ["", "one", "{}x", "x{}", "\u00fc"])
def test_nobody_chooses_the_key_of_a_form(visitor: Visitor, engine: Engine, made_up: str) -> None:
    form = VEHICLE | {"key": made_up.format(key(visitor.register().get("/vehicles/add")))}

    for _ in range(2):
        assert visitor.post("/vehicles/add", **form).status_code == 303

    assert len(rows_of(engine, "vehicles")) == 2


def test_the_same_form_of_another_member_adds_their_own_vehicle(
    new_visitor: NewVisitor, engine: Engine
) -> None:
    form = VEHICLE | {"key": key(new_visitor().register().get("/vehicles/add"))}
    for _ in range(2):
        new_visitor().register().post("/vehicles/add", **form)

    assert len(rows_of(engine, "vehicles")) == 2


@pytest.mark.parametrize("changed", ["key", "password", "email"])
def test_a_username_is_taken_for_a_different_form_with_the_same_key(
    new_visitor: NewVisitor, engine: Engine, changed: str
) -> None:
    """A leaked key must not grant access to the account."""
    form = registration() | {"key": key(new_visitor().get("/register"))}
    new_visitor().post("/register", **form)
    before = all_rows(engine)

    reply = new_visitor().post("/register", **form | {changed: "another@example.com"})

    assert reply.status_code == 422
    assert "That username is taken" in reply.text
    assert all_rows(engine) == before


def test_a_registration_sent_again_after_its_account_was_deleted_is_said_to_be(
    visitor: Visitor, engine: Engine
) -> None:
    form = registration() | {"key": key(visitor.get("/register"))}
    visitor.post("/register", **form)
    visitor.delete_account()
    before = all_rows(engine)

    said = visitor.follow(visitor.post("/register", **form))

    assert said == f"200: {errors.AccountDeleted.sentence}"
    assert all_rows(engine) == before
