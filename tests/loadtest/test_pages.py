"""The page parser on MovR's own pages, for anonymous visitors and members."""

from urllib.parse import unquote

import pytest

from loadtest import pages
from loadtest.pages import NotOffered, Page
from movr.cities import CITIES
from tests.visitor import Visitor


def seen(visitor: Visitor, path: str) -> Page:
    return pages.read(path, visitor.get(path).text)


def test_the_form_to_register_has_its_fields_its_choices_and_a_token(visitor: Visitor) -> None:
    form = seen(visitor, "/register").form("/register")

    assert form.choices["city"] == [city.name for city in CITIES]
    assert form.fields["city"] == "new york"
    assert form.fields["csrf_token"]
    assert form.filled({"username": "ada"}) == form.fields | {"username": "ada"}
    assert "username" in form.fields


def test_a_field_that_the_form_lacks_is_not_filled_in(visitor: Visitor) -> None:
    form = seen(visitor, "/login").form("/login")

    with pytest.raises(NotOffered, match="is_admin"):
        form.filled({"is_admin": "1"})


def test_the_menu_of_cities_is_nine_forms_that_lead_back_here(visitor: Visitor) -> None:
    forms = seen(visitor, "/vehicles").forms_to("/city/")

    assert [unquote(form.id) for form in forms] == [city.name for city in CITIES]
    assert {form.fields["next"] for form in forms} == {"/vehicles"}


def test_a_vehicle_is_offered_by_a_form_with_its_id_and_its_city(visitor: Visitor) -> None:
    vehicle = visitor.register("paris").add_vehicle("7 Rue Lepic")

    form = seen(visitor, "/vehicles").form("/rides/start/")

    assert form.id == str(vehicle)
    assert form.fields["city"] == "paris"


def test_messages_and_warnings_of_a_page_are_distinguished(visitor: Visitor) -> None:
    vehicle, another = visitor.register().add_vehicle(), visitor.add_vehicle()
    visitor.start(vehicle)
    assert seen(visitor, "/rides").alerts == {
        "success": "Have a good ride. Come back here to end it."
    }
    visitor.start(another)
    assert "warning" in seen(visitor, "/rides").alerts


def test_a_link_that_the_page_lacks_is_not_followed(visitor: Visitor) -> None:
    page = seen(visitor, "/home")

    assert page.link("/login") == "/login"
    with pytest.raises(NotOffered, match="/rides"):
        page.link("/rides")
    with pytest.raises(NotOffered, match="/logout"):
        page.form("/logout")


def test_a_field_without_a_name_is_not_sent(visitor: Visitor) -> None:
    path = f"/users/remove/{visitor.register().id}"

    assert seen(visitor, path).form(path).fields.keys() == {"csrf_token", "password", "confirm"}
