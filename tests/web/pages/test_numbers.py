"""Numbers of vehicles: the page that a number leads to, the form, and the label with a QR code."""

import re
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
import segno
from sqlalchemy import Engine, text

from tests.conftest import NewVisitor, settings_for, visiting
from tests.visitor import Visitor, sentences
from web.app import create_app
from web.security import number_limits

SITE = "https://movr.example.com"
SIX_DIGITS = "The number on a vehicle has six digits. Please check it."


@pytest.fixture
def owner(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register()


@pytest.fixture
def rider(new_visitor: NewVisitor) -> Visitor:
    return new_visitor().register()


def number_of(engine: Engine, public_id: UUID) -> int:
    with engine.connect() as connection:
        found = text("SELECT number FROM vehicles WHERE public_id = :id")
        return int(connection.execute(found, {"id": public_id}).scalar_one())


def lead(page: str) -> str:
    """Return the page's card without its tokens and numbers."""
    card = page[page.index('<div class="card sheet') : page.index("</main>")]
    return re.sub(r'value="[^"]*"|\d{6}', "", card)


def test_a_rider_starts_a_ride_by_the_number(
    owner: Visitor, rider: Visitor, engine: Engine
) -> None:
    number = number_of(engine, owner.add_vehicle())

    typed = rider.get(f"/v/new-york?number=+{number // 1000}+{number % 1000:03}")
    page = rider.get(typed.headers["Location"])
    (form,) = re.findall(r'action="(/rides/start/[0-9a-f-]+)"', page.text)
    started = rider.post(form, city="new york")

    assert (typed.status_code, typed.headers["Location"]) == (303, f"/v/new-york/{number}")
    assert (page.status_code, started.headers["Location"]) == (200, "/rides")
    assert rider.active_ride()


def test_the_pages_of_a_vehicle_agree_that_it_is_reserved_for_their_reader(
    owner: Visitor, rider: Visitor, engine: Engine
) -> None:
    vehicle = owner.add_vehicle()
    rider.reserve(vehicle)

    for path in (f"/v/new-york/{number_of(engine, vehicle)}", f"/vehicles/new-york/{vehicle}"):
        page = lead(rider.get(path).text)
        assert ">Reserved for you<" in page
        assert ">Available<" not in page


def test_the_page_of_a_number_never_says_where_the_vehicle_is(
    owner: Visitor, rider: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    vehicle = owner.add_vehicle("7 Secret Street")
    path = f"/v/new-york/{number_of(engine, vehicle)}"

    seen, stranger = rider.get(path), new_visitor().get(path)

    assert (seen.status_code, stranger.status_code) == (200, 200)
    for page in (seen, stranger):
        assert "Kona" in page.text
        assert not [it for it in ("Secret", "40.7", "-74.0") if it in page.text]
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers["Cache-Control"] == "no-store"
    # The public id leads to the place, so that a stranger who knows the number may not see it.
    assert str(vehicle) in seen.text
    assert str(vehicle) not in stranger.text
    assert f'href="/login?next={path}"' in stranger.text


def test_a_number_in_use_a_removed_one_and_an_unknown_one_have_the_same_answer(
    owner: Visitor, rider: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    busy, removed = owner.add_vehicle(), owner.add_vehicle()
    taken = {number_of(engine, busy), number_of(engine, removed)}
    unknown = next(number for number in range(100_000, 100_009) if number not in taken)
    owner.post(f"/vehicles/remove/{owner.permanent_id(removed)}")
    rider.start(busy)

    for who in (rider, owner, new_visitor()):
        pages = [who.get(f"/v/new-york/{number}") for number in (*taken, unknown)]
        assert {page.status_code for page in pages} == {404}
        assert len({lead(page.text) for page in pages}) == 1
        assert {page.headers["X-Robots-Tag"] for page in pages} == {"noindex"}
        assert "It may be in use, or the number may be wrong." in sentences(pages[0])


@pytest.mark.parametrize(
    "entered", ["", "12345", "1234567", "12a456", "-12345", "१२३४५६", "9" * 99]
)
def test_a_wrong_number_gets_a_sentence_and_can_be_corrected(
    visitor: Visitor, entered: str
) -> None:
    page = visitor.client.get("/v/new-york", params={"number": entered})

    assert page.status_code == 422
    assert SIX_DIGITS in page.text
    assert f'value="{entered}"' in page.text


def test_the_form_leads_to_the_city_of_the_page(visitor: Visitor) -> None:
    assert 'action="/v/new-york"' in visitor.get("/vehicles").text
    visitor.post("/city/paris")
    page = visitor.get("/vehicles").text

    assert 'action="/v/paris"' in page
    assert 'inputmode="numeric"' in page
    assert visitor.get("/v/paris").status_code == 200
    assert visitor.get("/v/atlantis?number=123456").status_code == 404


def test_numbers_looked_up_in_a_network_and_by_a_member_are_limited(
    new_visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lookups(who: Visitor) -> list[int]:
        return [who.get(f"/v/rome/{number}").status_code for number in range(100_000, 100_005)]

    member, stranger = new_visitor().register(), new_visitor()
    monkeypatch.setattr(
        number_limits, "LOOKUPS_OF_MEMBER", number_limits.LOOKUPS_OF_MEMBER._replace(at_most=3)
    )
    monkeypatch.setattr(
        number_limits, "LOOKUPS_OF_NETWORK", number_limits.LOOKUPS_OF_NETWORK._replace(at_most=7)
    )

    assert lookups(member) == [404, 404, 404, 429, 429]
    assert lookups(stranger) == [404, 404, 404, 404, 429]
    assert lookups(new_visitor().register()) == [429] * 5


def test_one_number_cannot_be_watched_closely(
    new_visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time at which it is available again tells which vehicle of the open data it is."""
    few = number_limits.LOOKUPS_OF_NUMBER._replace(at_most=2)
    monkeypatch.setattr(number_limits, "LOOKUPS_OF_NUMBER", few)

    seen = [new_visitor().get("/v/rome/123456").status_code for _ in range(3)]

    assert seen == [404, 404, 429]
    assert new_visitor().get("/v/rome/123457").status_code == 404
    assert new_visitor().get("/v/paris/123456").status_code == 404


def test_members_see_numbers_on_cards_pages_and_receipts(
    owner: Visitor, rider: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    vehicle = owner.add_vehicle()
    number = str(number_of(engine, vehicle))
    lists = ("/vehicles", f"/vehicles/new-york/{vehicle}")
    of_rider = [rider.get(path).text for path in lists]
    of_stranger = [new_visitor().get(path).text for path in lists]
    rider.start(vehicle)
    receipt = rider.get(rider.end(rider.active_ride()).headers["Location"]).text

    assert all(number in page for page in (*of_rider, receipt))
    assert not [page for page in of_stranger if number in page]
    assert number in owner.get(f"/users/{owner.id}").text


# The label


@pytest.fixture
def site_visitor(database: str, engine: Engine) -> Iterator[NewVisitor]:  # noqa: ARG001 - emptied
    """Create visitors of a MovR with SITE_URL."""
    with visiting(create_app(replace(settings_for(database), site_url=SITE))) as new:
        yield new


def test_the_label_has_the_number_and_the_code_of_its_page(
    site_visitor: NewVisitor, engine: Engine
) -> None:
    owner = site_visitor().register()
    vehicle = owner.add_vehicle()
    address = f"{SITE}/v/new-york/{number_of(engine, vehicle)}"
    own = owner.permanent_id(vehicle)
    label = f"/vehicles/label/{own}"

    page = owner.get(label)

    assert f'href="{label}"' in owner.get(f"/vehicles/own/{own}").text
    assert f">{address}</a>" in page.text
    (path,) = re.findall(r'<path class="qrline"[^>]+>', page.text)
    assert path in segno.make(address, error="m", micro=False).svg_inline(border=4)


def test_a_removed_vehicle_and_one_of_others_have_no_label(owner: Visitor, rider: Visitor) -> None:
    vehicle = owner.permanent_id(owner.add_vehicle())
    label = f"/vehicles/label/{vehicle}"

    assert owner.get(label).status_code == 200
    assert rider.get(label).status_code == 404
    owner.post(f"/vehicles/remove/{vehicle}")
    assert owner.get(label).status_code == 404
