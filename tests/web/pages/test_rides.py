"""Rides: the active ride on each page, receipts, a rider's totals, an owner's sums."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, text

from movr.database.engine import is_cockroachdb
from movr.results import UserKey, VehicleKey
from tests.conftest import NewVisitor
from tests.follower_reads import wait_for_follower_reads
from tests.movr.people import a_past_ride
from tests.visitor import Visitor, next_page, sentences
from web.pages.place import POSITION_UNKNOWN

BANNER = 'class="on-ride"'
NAMED = "0.6 mi northeast of the centre of New York"
PARIS = {"latitude": "48.85", "longitude": "2.35"}
TIMES_SQUARE = {"latitude": "40.758", "longitude": "-73.9855"}


@pytest.fixture
def rider(visitor: Visitor) -> Visitor:
    return visitor.register()


def words(page: str) -> str:
    """Return the text of a page without markup."""
    said = unescape(re.sub(r"<[^>]+>", " ", page[page.index("<main") :]))
    return re.sub(r"[ \n]+", " ", said)


def ended(rider: Visitor, vehicle: UUID, city: str = "new york", **fields: str) -> httpx.Response:
    """Start and end a ride, and return the URL of its receipt."""
    rider.start(vehicle, city)
    form = {"city": city, "location": "2 Broadway", **fields}
    return rider.post(f"/rides/end/{rider.active_ride()}", **form)


def set_clock(engine: Engine, start: datetime, length: timedelta) -> None:
    """Change the times of the only ride."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE rides SET start_time = :start, end_time = :end, length = :length"),
            {"start": start, "end": start + length, "length": length},
        )


# Active rides


@pytest.fixture
def pages(rider: Visitor) -> list[str]:
    """Return the paths of all of a member's pages except the list of rides."""
    own = f"/users/{rider.id}"
    return ["/", "/home", "/vehicles", "/vehicles/add", "/users", own, "/login", "/register"]


def test_a_ride_under_way_is_on_every_page(rider: Visitor, pages: list[str]) -> None:
    rider.start(rider.add_vehicle())

    for path in pages:
        page = rider.get(path).text
        assert page.count(BANNER) == 1, path
        assert re.search(r"<b>Kona bike</b> <span>since <time", page), path
        assert 'href="/rides#riding"' in page, path
        assert re.search(r'role="timer" aria-live="off" data-seconds="\d+"></span>', page), path


def test_an_active_ride_is_not_on_pages_of_others(
    rider: Visitor, pages: list[str], new_visitor: NewVisitor
) -> None:
    rider.start(rider.add_vehicle())
    other, stranger = new_visitor().register(), new_visitor()
    own = [path.replace(str(rider.id), str(other.id)) for path in pages]

    seen = [other.get(path) for path in (*own, "/rides")] + [stranger.get(path) for path in pages]

    assert [reply.url.path for reply in seen if BANNER in reply.text] == []


def test_it_is_gone_once_the_ride_has_ended(rider: Visitor, pages: list[str]) -> None:
    ended(rider, rider.add_vehicle())

    assert [path for path in pages if BANNER in rider.get(path).text] == []


def test_the_page_of_rides_has_the_form_instead_and_its_next_page_the_banner(
    rider: Visitor,
) -> None:
    rider.start(rider.add_vehicle())
    next_page = f"/rides?after=2001-01-01T00:00:00%2B00:00~{uuid4()}"

    first, second = rider.get("/rides").text, rider.get(next_page).text

    assert (first.count(BANNER), first.count('id="riding"')) == (0, 1)
    assert (second.count(BANNER), second.count('id="riding"')) == (1, 0)


def test_a_ride_that_began_another_day_says_which(rider: Visitor, engine: Engine) -> None:
    rider.start(rider.add_vehicle())
    with engine.begin() as connection:
        connection.execute(text("UPDATE users SET active_ride_start = '2026-01-05 17:00+00'"))

    assert "Mon, Jan 5, 2026, 12:00" in rider.get("/vehicles").text


def test_a_ride_that_older_code_started_is_on_every_page_as_well(
    rider: Visitor, engine: Engine, pages: list[str]
) -> None:
    rider.start(rider.add_vehicle())
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE users SET active_ride_type = NULL, active_ride_brand = NULL,"
                " active_ride_start = NULL, active_ride_latitude = NULL,"
                " active_ride_longitude = NULL"
            )
        )

    for path in pages:
        page = rider.get(path)
        assert page.status_code == 200
        assert "<b>You are on a ride</b>" in page.text, path
    assert rider.end(rider.active_ride()).status_code == 303


def test_an_error_page_asks_nothing_of_the_database(rider: Visitor) -> None:
    rider.start(rider.add_vehicle())

    reply = rider.get("/nowhere")

    assert BANNER not in reply.text
    assert 'desc="0 statements"' in reply.headers["Server-Timing"]


# The receipt


def test_ending_a_ride_redirects_to_its_receipt(rider: Visitor, engine: Engine) -> None:
    reply = ended(rider, rider.add_vehicle("1 Wall Street"), **TIMES_SQUARE)
    set_clock(engine, datetime(2026, 11, 20, 22, 32, tzinfo=UTC), timedelta(minutes=65))
    with engine.begin() as connection:
        connection.execute(text("UPDATE rides SET distance = 5318"))
    assert reply.status_code == 303
    assert re.fullmatch(r"/rides/[0-9a-f-]{36}", reply.headers["Location"])

    page = rider.get(reply.headers["Location"])

    assert sentences(page) == "200: Your ride has ended. Thank you for riding."
    said = words(page.text)
    for fact in ("Your ride in New York", "the Kona bike", "1 Wall Street", "2 Broadway"):
        assert fact in said
    for fact in ("Duration 1 h 05 min", "Distance, approximate 3.3 mi"):
        assert fact in said
    for time in ("Fri, Nov 20, 2026, 5:32\u202fPM", "Fri, Nov 20, 2026, 6:37\u202fPM"):
        assert time in said


def test_the_distance_is_that_from_start_to_end(rider: Visitor) -> None:
    """From the centre of New York to Times Square: 5,310 m."""
    receipt = ended(rider, rider.add_vehicle(), **TIMES_SQUARE).headers["Location"]

    assert "Distance, approximate 3.3 mi" in words(rider.get(receipt).text)


def test_a_traveller_s_receipt_uses_the_formats_of_the_ride_s_city(
    rider: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    vehicle = new_visitor().register("paris").add_vehicle("Rue Cler")
    receipt = ended(rider, vehicle, "paris", latitude="48.87", longitude="2.33").headers["Location"]
    set_clock(engine, datetime(2026, 11, 20, 22, 32, tzinfo=UTC), timedelta(minutes=65))

    said = words(rider.get(receipt).text)

    assert "Your ride in Paris" in said
    assert "Fri 20 Nov 2026, 23:32" in said
    assert "Sat 21 Nov 2026, 00:37" in said
    assert "Distance, approximate 2,2\u202fkm" in said


def test_an_unknown_distance_is_a_sentence(rider: Visitor) -> None:
    said = words(rider.get(ended(rider, rider.add_vehicle()).headers["Location"]).text)

    assert "Distance" not in said
    assert "The distance is unknown" in said


def test_a_receipt_is_its_rider_s_alone(rider: Visitor, new_visitor: NewVisitor) -> None:
    owner = new_visitor().register()
    receipt = ended(rider, owner.add_vehicle()).headers["Location"]
    other = new_visitor().register()
    ended(other, owner.add_vehicle())

    seen = {who: who.get(receipt).status_code for who in (rider, owner, other)}

    assert list(seen.values()) == [200, 404, 404]
    assert rider.get(f"/rides/{uuid4()}").status_code == 404


def test_an_active_ride_has_a_form_instead_of_a_receipt(rider: Visitor) -> None:
    rider.start(rider.add_vehicle())

    reply = rider.get(f"/rides/{rider.active_ride()}")

    assert (reply.status_code, reply.headers["Location"]) == (303, "/rides#riding")


def test_each_ride_of_the_history_leads_to_its_receipt(rider: Visitor) -> None:
    receipts = [ended(rider, rider.add_vehicle()).headers["Location"] for _ in range(2)]

    links = re.findall(r'href="(/rides/[0-9a-f-]{36})"', rider.get("/rides").text)

    assert links == receipts[::-1]
    assert {rider.get(link).status_code for link in links} == {200}


# The end


def test_the_form_keeps_the_position_when_its_words_are_refused(rider: Visitor) -> None:
    rider.start(rider.add_vehicle())

    reply = rider.post(f"/rides/end/{rider.active_ride()}", location="<b>", **TIMES_SQUARE)

    assert reply.status_code == 422
    for name, value in TIMES_SQUARE.items():
        assert re.search(rf'name="{name}"[^>]* value="{value}"', reply.text)


def test_a_too_distant_end_is_an_error_at_the_field_and_the_ride_goes_on(rider: Visitor) -> None:
    rider.start(rider.add_vehicle())
    ride = rider.active_ride()

    reply = rider.post(f"/rides/end/{ride}", location="Paris", latitude="48.85", longitude="2.35")

    assert sentences(reply).startswith("422: That is too far away")
    assert rider.active_ride() == ride


# Totals


def a_vehicle_of(rider: Visitor) -> VehicleKey:
    return VehicleKey("new york", rider.permanent_id(rider.add_vehicle()))


@pytest.fixture
def three_rides(rider: Visitor, engine: Engine) -> None:
    """A ride of last week, one of two months ago, and one of unknown distance."""
    who, vehicle = UserKey("new york", rider.id), a_vehicle_of(rider)
    length, now = timedelta(minutes=40), datetime.now(UTC)
    with engine.begin() as connection:
        for days, metres in ((60, 1609), (7, 3219), (7, None)):
            start = now - timedelta(days=days)
            a_past_ride(connection, vehicle, who, start, length=length, distance=metres)


@pytest.mark.usefixtures("three_rides")
def test_the_history_shows_totals(rider: Visitor) -> None:
    page = rider.get("/rides").text

    weeks, months = page.split('aria-labelledby="months"')
    row = r'<tr><th scope="row">[^<]+</th><td>(\d+)</td><td>([^<]+)</td><td>([^<]+)</td></tr>'
    assert re.findall(row, weeks) == [("2", "1 h 20 min", "2.0 mi"), ("1", "40 min", "1.0 mi")]
    assert [int(rides) for rides, *_ in re.findall(row, months)] in ([2, 1], [3])
    assert "In 26 weeks 3 rides, at most 2 a week." in page
    heights = [float(height) for height in re.findall(r'chart-bar" [^>]*height="([\d.]+)"', page)]
    assert heights == [45.0, 90.0]


@pytest.mark.usefixtures("three_rides")
def test_the_next_page_of_the_history_has_no_totals(rider: Visitor) -> None:
    latest = datetime.now(UTC).isoformat().replace("+", "%2B")

    page = rider.get(f"/rides?after={latest}~{uuid4()}").text

    assert len(re.findall(r'href="/rides/[0-9a-f-]{36}"', page)) == 3
    assert "chart" not in page


def test_older_rides_of_a_traveller_say_that_they_may_be_stale(
    rider: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_visitor().register("paris")
    vehicle = VehicleKey("paris", owner.permanent_id(owner.add_vehicle()))
    who, start = UserKey("new york", rider.id), datetime.now(UTC) - timedelta(days=1)
    with engine.begin() as connection:
        a_past_ride(connection, vehicle, who, start, length=timedelta(minutes=5), distance=None)
    wait_for_follower_reads(engine)
    latest = datetime.now(UTC).isoformat().replace("+", "%2B")

    newest, older = (rider.get(f"/rides{page}").text for page in ("", f"?after={latest}~{uuid4()}"))

    assert "/rides/" in older.partition("<main")[2]
    assert ("as of about 5 seconds ago" in older) is is_cockroachdb(engine.url)
    assert "seconds ago" not in newest


def test_a_member_without_rides_sees_no_chart(rider: Visitor) -> None:
    assert "chart" not in rider.get("/rides").text


# Sums of an owner's vehicles


def test_an_owner_sees_each_vehicle_s_month_and_their_sum(
    rider: Visitor, new_visitor: NewVisitor, engine: Engine
) -> None:
    owner = new_visitor().register()
    first, second, _idle = (owner.permanent_id(owner.add_vehicle()) for _ in range(3))
    for vehicle in (first, first, second):
        ended(rider, owner.public_id(vehicle), **TIMES_SQUARE)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE rides SET start_time = start_time - INTERVAL '1 day', length = '40 minutes'"
                ", end_time = start_time - INTERVAL '1 day' + INTERVAL '40 minutes'"
                ", distance = 1609"
            )
        )

    said = words(owner.get(f"/users/{owner.id}").text)

    assert "2 rides, 1 h 20 min, 2.0 mi in the last 30 days" in said
    assert "1 ride, 40 min, 1.0 mi in the last 30 days" in said
    assert "Not ridden in the last 30 days" in said
    assert "Rides 3 Time ridden 2 h 00 min Distance 3.0 mi" in said
    assert "Total of all your vehicles in the last 30 days." in said


@pytest.mark.usefixtures("many_vehicles")
def test_the_sum_of_a_partial_list_of_vehicles_is_labelled(app: Flask, rider: Visitor) -> None:
    for _ in range(app.extensions["settings"].page_size + 1):
        rider.add_vehicle()

    first = rider.get(f"/users/{rider.id}").text
    second = rider.get(next_page(first)).text

    for page in (first, second):
        assert "Total of the vehicles on this page in the last 30 days." in page


def test_a_ride_ends_with_a_position_and_no_text(visitor: Visitor) -> None:
    visitor.register().start(visitor.add_vehicle())
    ride = visitor.active_ride()

    reply = visitor.post(f"/rides/end/{ride}", location="", latitude="40.72", longitude="-74.0")

    assert reply.status_code == 303
    assert NAMED in visitor.get(reply.headers["Location"]).text
    assert NAMED in visitor.get("/rides").text
    assert NAMED in visitor.get("/vehicles").text


def test_a_place_is_named_in_the_language_of_its_city_whoever_leaves_the_vehicle(
    visitor: Visitor,
) -> None:
    """Riders of all languages read it."""
    visitor.register().start(visitor.add_vehicle())
    path = f"/rides/end/{visitor.active_ride()}"
    french = {"Accept-Language": "fr"}

    reply = visitor.post(path, french, location="", latitude="40.72", longitude="-74.0")

    receipt = visitor.get(reply.headers["Location"], french).text
    assert 'lang="fr"' in receipt
    assert NAMED in receipt


def test_a_refused_position_is_not_lost_by_pressing_again(visitor: Visitor, engine: Engine) -> None:
    visitor.register().start(visitor.add_vehicle())
    ride = visitor.active_ride()
    path, form = f"/rides/end/{ride}", {"location": "2 Broadway", **PARIS}

    for _ in range(2):
        refused = visitor.post(path, **form)
        assert sentences(refused).startswith("422: That is too far away")
        form = {name: field(refused, name) for name in form}
        assert form == {"location": "2 Broadway", **PARIS}
    assert visitor.active_ride() == ride

    ended = visitor.post(path, **form | TIMES_SQUARE)

    assert ended.status_code == 303
    assert positions(engine) == [(40.758, -73.9855)]


def test_a_ride_whose_position_is_refused_ends_without_it_by_choice(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.register().start(visitor.add_vehicle())
    path, form = f"/rides/end/{visitor.active_ride()}", {"location": "2 Broadway", **PARIS}
    assert 'name="without_position"' not in visitor.get("/rides").text
    assert 'name="without_position" value="1"' in visitor.post(path, **form).text

    ended = visitor.post(path, **form, without_position="1")

    assert visitor.follow(ended).endswith(POSITION_UNKNOWN)
    assert positions(engine) == [(None, None)]


def test_a_position_is_not_taken_as_a_place_once_it_is_not_wanted(visitor: Visitor) -> None:
    visitor.register().start(visitor.add_vehicle())
    path = f"/rides/end/{visitor.active_ride()}"

    reply = visitor.post(path, location="", **TIMES_SQUARE, without_position="1")

    assert sentences(reply) == "422: Please enter a place."
    assert 'name="without_position" value="1" checked' in reply.text


def test_a_ride_ended_in_words_says_that_the_place_is_not_known(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.register().start(visitor.add_vehicle())

    reply = visitor.end(visitor.active_ride())

    assert visitor.follow(reply).endswith(POSITION_UNKNOWN)
    assert positions(engine) == [(None, None)]
    assert "approximate" in visitor.get("/vehicles").text


def test_a_ride_that_starts_at_an_unknown_place_has_no_distance(
    rider: Visitor, new_visitor: NewVisitor
) -> None:
    owner = new_visitor().register()
    vehicle = owner.permanent_id(owner.add_vehicle())
    ended(rider, owner.public_id(vehicle))

    reply = ended(rider, owner.public_id(vehicle), **TIMES_SQUARE)

    said = words(rider.get(reply.headers["Location"]).text)
    assert "The distance is unknown" in said
    assert "Distance" not in said


def positions(engine: Engine) -> list[tuple[float | None, float | None]]:
    """The positions of all vehicles."""
    with engine.connect() as connection:
        return [
            (latitude, longitude)
            for latitude, longitude in connection.execute(
                text("SELECT latitude, longitude FROM vehicles")
            )
        ]


def field(page: httpx.Response, name: str) -> str:
    """The value of a field of a page; "End ride here" has fields of this name without values."""
    (value,) = re.findall(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page.text)
    return unescape(value)


def test_a_receipt_across_the_end_of_daylight_saving_time_says_which_zone(
    rider: Visitor, engine: Engine
) -> None:
    """From 1:30 EDT to 1:15 EST, 45 minutes later."""
    receipt = ended(rider, rider.add_vehicle()).headers["Location"]
    set_clock(engine, datetime(2026, 11, 1, 5, 30, tzinfo=UTC), timedelta(minutes=45))

    said = words(rider.get(receipt).text)

    assert "Duration 45 min" in said
    assert "Sun, Nov 1, 2026, 1:30\u202fAM EDT" in said
    assert "Sun, Nov 1, 2026, 1:15\u202fAM EST" in said


def test_a_long_ride_is_said_in_days(rider: Visitor, engine: Engine) -> None:
    receipt = ended(rider, rider.add_vehicle()).headers["Location"]
    set_clock(engine, datetime(2026, 6, 1, 12, tzinfo=UTC), timedelta(hours=2043))

    assert "Duration 85 d 3 h" in words(rider.get(receipt).text)
