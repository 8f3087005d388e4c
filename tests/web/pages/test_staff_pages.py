"""The pages of staff: who may open which, what they show, and what their forms do."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from io import StringIO
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from flask import Flask
from sqlalchemy import Engine, insert, update

from movr.cities import Position
from movr.errors import NotStaff
from movr.formats import MANAGER, MECHANIC, ROLES, SUPPORT
from movr.models import Report, Ride
from movr.movr import MovR
from movr.outbox import STILL_RIDING_AFTER
from movr.results import UserKey
from movr.staff import lists
from movr.staff.permissions import Action
from tests.conftest import NewVisitor
from tests.databases import all_rows, rows_of
from tests.movr.city_data.test_zones import square
from tests.visitor import Visitor, sentences
from web.pages.staff.offers import OFFERS, in_url
from web.services import zones

NOWHERE = UUID(int=1)
WHY = {"reason": "A rider called"}
PLACE = {"location": "5 Wall Street"}


class Who(Enum):
    """A kind of user, in relation to the city of the pages."""

    VISITOR = "a visitor"
    MEMBER = "a member"
    OWNER = "the owner of the vehicle"
    ELSEWHERE = "staff of another city"
    LOGGED_OUT = "a manager who has logged out everywhere in another browser"
    SUSPENDED = "a manager who is suspended"
    SUPPORT = "support"
    MECHANIC = "a mechanic"
    MANAGER = "a manager"


STAFF = (Who.SUPPORT, Who.MECHANIC, Who.MANAGER)
OTHERS = tuple(who for who in Who if who not in STAFF)
ALL = frozenset(STAFF)
SUPPORTERS = frozenset({Who.SUPPORT, Who.MANAGER})
MECHANICS = frozenset({Who.MECHANIC, Who.MANAGER})
MANAGERS = frozenset({Who.MANAGER})


@dataclass(frozen=True)
class Row:
    """The address of a page or form of staff, who may open it, and the fields of its form."""

    path: str
    admits: frozenset[Who]
    fields: Mapping[str, str] = field(default_factory=dict)


# By endpoint, for pages that are only read.
PAGES: Mapping[str, Row] = {
    "staff.overview": Row("", ALL),
    "staff.money": Row("/money", SUPPORTERS),
    "staff.letters": Row("/letters", SUPPORTERS),
    "staff_rides.index": Row("/rides", SUPPORTERS),
    "staff_rides.show": Row("/rides/{ride}", SUPPORTERS),
    "staff_vehicles.index": Row("/vehicles", MECHANICS),
    "staff_vehicles.find": Row("/vehicles/find?number={number}", ALL),
    "staff_vehicles.show": Row("/vehicles/{vehicle}", ALL),
    "staff_members.index": Row("/members?q=ada", SUPPORTERS),
    "staff_members.show": Row("/members/{rider}", SUPPORTERS),
    "staff_reports.index": Row("/reports", ALL),
    "staff_reports.show": Row("/reports/{report}", ALL),
    "staff_audit.index": Row("/audit", MANAGERS),
    "staff_audit.download": Row("/audit.csv", MANAGERS),
    "staff_roles.index": Row("/roles", MANAGERS),
    "staff_import.form": Row("/import", MANAGERS),
}
# By action: GET shows the form, POST does it. They are in an order in which each is possible.
FORMS: Mapping[Action, Row] = {
    Action.END_RIDE: Row("/rides/{ride}/end-ride", SUPPORTERS, PLACE),
    Action.REFUND_FARE: Row("/rides/{ride}/refund-fare", SUPPORTERS),
    Action.MOVE_VEHICLE: Row("/vehicles/{vehicle}/move-vehicle", MECHANICS, PLACE),
    Action.PAUSE_VEHICLE: Row("/vehicles/{vehicle}/pause-vehicle", MECHANICS),
    Action.RESUME_VEHICLE: Row("/vehicles/{vehicle}/resume-vehicle", MECHANICS),
    Action.MARK_MISSING: Row("/vehicles/{vehicle}/mark-missing", MECHANICS),
    Action.MARK_FOUND: Row("/vehicles/{vehicle}/mark-found", MECHANICS, PLACE),
    Action.REMOVE_VEHICLE: Row("/vehicles/{vehicle}/remove-vehicle", ALL),
    Action.CLOSE_REPORT: Row("/reports/{report}/close-report", ALL, {"outcome": "mended"}),
    Action.SUSPEND_ACCOUNT: Row("/members/{rider}/suspend-account", SUPPORTERS),
    Action.RESTORE_ACCOUNT: Row("/members/{rider}/restore-account", SUPPORTERS),
    Action.GRANT_ROLE: Row("/members/{rider}/grant-role", MANAGERS, {"role": SUPPORT}),
    Action.REVOKE_ROLE: Row("/roles/new-york/{mechanic}/mechanic", MANAGERS),
}


class World:
    """New York with two vehicles of an owner, one ridden and one reported, and staff."""

    def __init__(self, new_visitor: NewVisitor, app: Flask, engine: Engine) -> None:
        self.new_visitor, self.engine = new_visitor, engine
        self.movr: MovR = app.extensions["movr"]
        self.owner = new_visitor().register(last_name="Byron", email="byron@secret.example")
        self.rider = new_visitor().register(last_name="Shelley", email="shelley@secret.example")
        self.rider.start(self.owner.add_vehicle())
        public_id = self.owner.add_vehicle()
        page = self.owner.get(f"/vehicles/new-york/{public_id}").text
        (number,) = re.findall(r">([0-9]{6})</dd>", page)
        vehicle = self.owner.permanent_id(public_id)
        self.ids = {
            "vehicle": vehicle,
            "number": number,
            "ride": self.rider.active_ride(),
            "rider": self.rider.id,
            "report": self._report(vehicle),
            "mechanic": self.staff(MECHANIC).id,
        }
        self.begin_ride(STILL_RIDING_AFTER)

    def begin_ride(self, ago: timedelta) -> None:
        """Let the ride under way have begun so long ago."""
        begun = {"start_time": datetime.now(UTC) - ago}
        with self.engine.begin() as connection:
            connection.execute(update(Ride).values(begun))

    def _report(self, vehicle: UUID) -> UUID:
        report = uuid4()
        with self.engine.begin() as connection:
            connection.execute(
                insert(Report).values(
                    city="new york",
                    id=report,
                    vehicle_id=vehicle,
                    reporter_city="new york",
                    reporter_id=self.rider.id,
                    kind="brakes",
                    words="They do not work",
                    created_at=datetime.now(UTC),
                )
            )
        return report

    def staff(self, *roles: str, city: str = "new york", home: str = "new york") -> Visitor:
        """Return a new member with these roles in a city."""
        member = self.new_visitor().register(home)
        for role in roles:
            key = UserKey(home, member.id)
            self.movr.staff.grant_role_as_operator(city, key, role, "Hired")
        return member

    def browser_of(self, who: Who) -> Visitor:
        if who is Who.VISITOR:
            return self.new_visitor()
        if who is Who.OWNER:
            return self.owner
        if who is Who.ELSEWHERE:
            return self.staff(*ROLES, city="boston")
        if who is Who.SUSPENDED:
            return self._suspended()
        if who is Who.LOGGED_OUT:
            former = self.staff(MANAGER)
            self.movr.end_sessions(UserKey("new york", former.id), 0)
            return former
        return self.staff(*([who.name.lower()] if who in STAFF else []))

    def _suspended(self) -> Visitor:
        suspended = self.staff(MANAGER)
        reply = self.post(self.manager, f"/members/{suspended.id}/suspend-account")
        assert reply.status_code == 303, sentences(reply)
        return suspended

    @cached_property
    def manager(self) -> Visitor:
        return self.staff(MANAGER)

    def path(self, row: Row) -> str:
        return f"/staff/new-york{row.path.format(**self.ids)}"

    def get(self, browser: Visitor, path: str) -> httpx.Response:
        return browser.get(f"/staff/new-york{path}")

    def post(self, browser: Visitor, path: str, **fields: str) -> httpx.Response:
        """Send the form of this page, with its key."""
        address = f"/staff/new-york{path}"
        found = re.search(r'name="key" type="hidden" value="([^"]+)"', browser.get(address).text)
        return browser.post(address, **{"key": found[1] if found else "", **WHY, **fields})

    def audit(self) -> list[dict[str, Any]]:
        return rows_of(self.engine, "audit_entries")


@pytest.fixture
def world(
    new_visitor: NewVisitor, app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> World:
    monkeypatch.setattr(app.extensions["movr"], "_charges_rides", True)
    return World(new_visitor, app, engine)


def test_every_route_of_staff_has_its_row(app: Flask) -> None:
    """A new page or action needs a row that says who may use it."""
    rules = {each.endpoint for each in app.url_map.iter_rules() if each.rule.startswith("/staff")}
    of_forms = {"staff_actions.form", "staff_actions.act", "staff_roles.form", "staff_roles.revoke"}

    assert rules == {"staff.index", "staff_import.send", *of_forms, *PAGES}
    assert set(FORMS) == {*OFFERS, Action.REVOKE_ROLE}
    for action, offer in OFFERS.items():
        assert re.fullmatch(rf"/{offer.noun}/\{{\w+\}}/{in_url(action)}", FORMS[action].path)


@pytest.mark.parametrize("who", Who, ids=lambda who: who.name.lower())
def test_each_page_opens_for_those_whose_role_permits_it_only(world: World, who: Who) -> None:
    browser = world.browser_of(who)
    rows: dict[str, Row] = {**PAGES, **{str(action): row for action, row in FORMS.items()}}

    replies = {name: browser.get(world.path(row)) for name, row in rows.items()}

    opened = {name for name, reply in replies.items() if reply.status_code == 200}
    found = {"staff_vehicles.find"} if who in STAFF else set()  # which redirects to the vehicle
    assert opened | found == {name for name, row in rows.items() if who in row.admits}
    refused = {name: reply for name, reply in replies.items() if who not in rows[name].admits}
    for reply in refused.values():
        assert reply.status_code == (303 if who in {Who.VISITOR, Who.LOGGED_OUT} else 403)
        assert reply.headers.get("Location", "/login").startswith("/login")
        assert not re.search("byron|shelley|wall street", reply.text, re.IGNORECASE)


@pytest.mark.parametrize("who", Who, ids=lambda who: who.name.lower())
def test_each_form_works_for_those_whose_role_permits_it_only(world: World, who: Who) -> None:
    """And adds one row of audit each."""
    browser = world.browser_of(who)
    refusals = dict.fromkeys((Who.VISITOR, Who.LOGGED_OUT, Who.SUSPENDED), 303)
    for action, row in FORMS.items():
        before, audited = all_rows(world.engine), len(world.audit())

        path = world.path(row).removeprefix("/staff/new-york")
        reply = world.post(browser, path, **row.fields)

        if who in row.admits:
            assert reply.status_code == 303, (action, sentences(reply))
            assert "Nothing had to change" not in browser.follow(reply), action
            assert len(world.audit()) == audited + 1, action
        else:
            assert reply.status_code == refusals.get(who, 403), (action, sentences(reply))
            assert all_rows(world.engine) == before, action


FILE = "reference,type,brand,color,location\nA1,bike,Kona,red,1 Main Street"


@pytest.mark.parametrize("who", Who, ids=lambda who: who.name.lower())
def test_a_file_of_an_owner_s_vehicles_is_added_by_managers_only(world: World, who: Who) -> None:
    """It is checked first, and its button adds the vehicles and one row of audit, once."""
    browser = world.browser_of(who)
    before, audited = all_rows(world.engine), len(world.audit())
    file = {"username": world.owner.username, "text": FILE}

    checked = world.post(browser, "/import", **file)
    assert all_rows(world.engine) == before
    sent = world.post(browser, "/import", **file, add="1")

    if who is Who.MANAGER:
        assert "1 vehicle to add" in checked.text
        assert "1 vehicle is listed." in browser.follow(sent)
        assert sent.headers["Location"] == f"/staff/new-york/members/{world.owner.id}"
        again = world.post(browser, "/import", **file, add="1")
        assert "were listed before" in browser.follow(again)
        assert len(rows_of(world.engine, "vehicles")) == len(before["vehicles"]) + 1
        assert len(world.audit()) == audited + 1
    else:
        assert checked.status_code == (303 if who in {Who.VISITOR, Who.LOGGED_OUT} else 403)
        assert "1 Main Street" not in checked.text
        assert all_rows(world.engine) == before


def test_a_file_is_added_for_members_of_the_city_only(world: World) -> None:
    elsewhere = world.new_visitor().register("boston")
    before = all_rows(world.engine) if world.manager else None

    for name in ("nobody", elsewhere.username, world.manager.username, "", "\0"):
        page = world.post(world.manager, "/import", username=name, text=FILE, add="1")
        assert page.status_code in {403, 422}, name
    page = world.post(world.manager, "/import", username=world.owner.username, text="x", add="1")

    assert "The first line must name the columns" in page.text
    assert all_rows(world.engine) == before


def test_a_forged_form_changes_nothing(world: World) -> None:
    """The form is sent by a manager's browser, from another site."""
    before = all_rows(world.engine) if world.manager else None
    paths = [world.path(row) for row in FORMS.values()]

    replies = [world.manager.client.post(path, data=WHY | PLACE) for path in paths]

    assert {reply.status_code for reply in replies} == {400}
    assert all_rows(world.engine) == before


@pytest.mark.parametrize("who", OTHERS, ids=lambda who: who.name.lower())
def test_the_answer_does_not_tell_what_there_is(world: World, who: Who) -> None:
    """It is the same for vehicles, rides, members and reports that do not exist."""
    browser = world.browser_of(who)
    unknown: dict[str, object] = dict.fromkeys(world.ids, NOWHERE)
    unknown["number"] = 100_000

    def answers(ids: Mapping[str, object]) -> list[tuple[int, str]]:
        replies = [
            browser.get(f"/staff/new-york{row.path.format(**ids)}")
            for row in (*PAGES.values(), *FORMS.values())
        ]
        return [(reply.status_code, without_addresses(reply.text)) for reply in replies]

    assert answers(world.ids) == answers(unknown)


def without_addresses(page: str) -> str:
    """Return the text of a page without the address that was asked for, tokens and nonces."""
    page = re.sub(r'(value|nonce|href|action)="[^"]*"', "", page)
    return re.sub(r"/staff/\S*", "", page)


def test_staff_of_one_city_are_led_to_it(world: World) -> None:
    reply = world.manager.get("/staff")

    assert reply.headers["Location"] == "/staff/new-york"
    assert 'href="/staff"' in world.manager.get("/vehicles").text


def test_staff_of_several_cities_choose_one(world: World) -> None:
    key = UserKey("new york", world.manager.id)
    world.movr.staff.grant_role_as_operator("boston", key, SUPPORT, "Hired")

    page = world.manager.get("/staff").text

    assert re.findall(r'href="/staff/([a-z-]+)"', page) == ["new-york", "boston"]


def test_members_see_neither_staff_nor_a_list_of_members_in_the_navigation(world: World) -> None:
    page = world.rider.get("/vehicles").text

    assert 'href="/staff"' not in page
    assert 'href="/users"' not in page
    assert world.rider.get("/staff").status_code == 403
    assert world.rider.get("/users").status_code == 200


def test_a_form_with_a_fault_says_so_and_changes_nothing(world: World) -> None:
    faults: list[tuple[dict[str, str], str]] = [
        ({"reason": ""}, "Please say why."),
        ({"reason": " \u2800 "}, "This contains a character that we cannot read."),
        ({"reason": "x" * 301}, "Please use at most 300 characters."),
        ({"reason": "<b>"}, "Please do not use < or >."),
        ({"latitude": "48.85", "longitude": "2.35"}, "That is too far away."),
        ({"latitude": "north", "longitude": "2"}, "We could not read that position."),
        ({"location": ""}, "Please enter a place."),
    ]
    path = f"/rides/{world.ids['ride']}/end-ride"
    before = all_rows(world.engine) if world.manager else None

    replies = [world.post(world.manager, path, **PLACE | fields) for fields, _ in faults]

    for reply, (_, sentence) in zip(replies, faults, strict=True):
        assert sentence in sentences(reply)
    assert {reply.status_code for reply in replies} == {422}
    assert all_rows(world.engine) == before


def test_staff_see_the_zones_of_the_city_where_they_end_a_ride(world: World, app: Flask) -> None:
    park = square("Battery Park", Position(40.7033, -74.0170), 0.002, allowed=False)
    world.movr.city_data.replace_zones("new york", [park], begin=park.valid_from)
    zones.init_app(app)  # without those that the rider's page has read
    place = {"latitude": "40.7033", "longitude": "-74.0170"}

    refused = world.post(world.manager, f"/rides/{world.ids['ride']}/end-ride", **PLACE, **place)

    assert "A ride cannot end in this area: Battery Park." in sentences(refused)
    assert "<title>Battery Park</title>" in refused.text
    elsewhere = f"/vehicles/{world.ids['vehicle']}/move-vehicle"
    assert "map-zone" not in world.get(world.manager, elsewhere).text


def test_a_form_that_is_sent_twice_is_one_row_of_audit(world: World) -> None:
    path = f"/staff/new-york/members/{world.ids['rider']}/suspend-account"
    page = world.manager.get(path).text
    (key,) = re.findall(r'name="key" type="hidden" value="([^"]+)"', page)
    audited = len(world.audit())

    replies = [world.manager.post(path, key=key, **WHY) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [303, 303]
    assert len(world.audit()) == audited + 1


def test_pages_offer_what_the_role_permits_and_the_state_allows(world: World) -> None:
    pages = [f"/{noun}/{world.ids[name]}" for noun, name in (
        ("rides", "ride"), ("vehicles", "vehicle"), ("members", "rider"), ("reports", "report"),
    )]  # fmt: skip

    def offered(browser: Visitor) -> set[str]:
        found = (re.findall(r'href="/staff/[^"]+/([a-z]+-[a-z]+)"', world.get(browser, page).text)
                 for page in pages)  # fmt: skip
        return {name for names in found for name in names}

    of_all = {"remove-vehicle", "close-report"}
    of_support = {"end-ride", "suspend-account", *of_all}
    of_mechanics = {"move-vehicle", "pause-vehicle", "mark-missing", *of_all}
    assert offered(world.staff(SUPPORT)) == of_support
    assert offered(world.staff(MECHANIC)) == of_mechanics
    assert offered(world.manager) == {*of_support, *of_mechanics, "grant-role"}
    world.begin_ride(timedelta())
    assert offered(world.staff(SUPPORT)) == of_support - {"end-ride"}
    assert "end-ride" in offered(world.manager)


def test_who_refunds_a_fare_learns_that_no_money_moves(world: World) -> None:
    page = world.get(world.staff(SUPPORT), f"/rides/{world.ids['ride']}/refund-fare")

    assert "If it was paid, the money must be returned" in page.text


def test_a_suspended_member_may_be_restored(world: World) -> None:
    world.post(world.manager, f"/members/{world.ids['rider']}/suspend-account")

    page = world.get(world.manager, f"/members/{world.ids['rider']}").text

    assert "Suspended" in page
    assert "restore-account" in page
    assert "suspend-account" not in page


def test_a_page_that_there_is_not_is_a_404(world: World) -> None:
    found = [
        *("/money?day=2026-01-31", "/vehicles?show=out", "/vehicles?show=missing"),
        "/members?q=nobody",
    ]
    missing = [
        *(f"/money?day={day}" for day in ("1999-12-31", "9999-12-31", "yesterday")),
        *("/vehicles?show=x", "/vehicles/find?number=100000", "/vehicles/find?number=x"),
        *(f"/rides?after={after}" for after in ("x", f"x~{NOWHERE}", "~")),
        *(f"/roles?after={after}" for after in (f"king~{NOWHERE}", f"%00~{NOWHERE}")),
        *(f"/{noun}/{NOWHERE}" for noun in ("rides", "vehicles", "members", "reports")),
        *(f"/rides/{NOWHERE}/{action}" for action in ("end-ride", "move-vehicle", "x")),
        *(f"/roles/paris/{NOWHERE}/{role}" for role in ("manager", "king", "%00")),
    ]
    refused = ["/members?q=", "/members?q=%00"]
    wanted = {
        **dict.fromkeys(found, 200),
        **dict.fromkeys(missing, 404),
        **dict.fromkeys(refused, 422),
    }

    replies = {path: world.get(world.manager, path).status_code for path in wanted}

    assert replies == wanted


def test_staff_find_members_by_a_search_only(world: World) -> None:
    def names(page: httpx.Response) -> set[str]:
        return set(re.findall(r">(ada-[0-9a-f]+)</a>", page.text))

    name = world.rider.username

    assert names(world.get(world.manager, "/members")) == set()
    assert names(world.get(world.manager, f"/members?q={name.upper()}")) == {name}
    assert "No matches." in world.get(world.manager, "/members?q=zed").text


def test_the_money_of_a_day_is_what_was_booked(world: World) -> None:
    world.post(world.manager, f"/rides/{world.ids['ride']}/end-ride", **PLACE)

    page = world.get(world.manager, "/money").text

    amount = r"<td[^>]*>riders</td><td[^>]*>1</td><td[^>]*>([^<]+)<"
    (fare,) = re.findall(r">Price</dt><dd[^>]*>([^<]+)<", page_of_ride(world))
    assert re.findall(amount, page) == [f"-{fare}"]


def test_the_money_page_lists_a_payment_that_was_booked_after_the_refund_of_its_fare(
    world: World,
) -> None:
    """As if staff refund the fare while the gateway charges it."""
    ride = world.ids["ride"]
    world.post(world.manager, f"/rides/{ride}/end-ride", **PLACE)
    world.movr.refund_fare("new york", ride)
    assert "Return this money" not in world.get(world.manager, "/money").text

    world.movr.book_payment("new york", ride)

    _, _, listed = world.get(world.manager, "/money").text.partition("Return this money")
    (fare,) = re.findall(r">Price</dt><dd[^>]*>([^<]+)<", page_of_ride(world))
    link = rf'<a href="/staff/new-york/rides/{ride}">Ride</a>\s*<span[^>]*>([^<]+)<'
    assert re.findall(link, listed) == [fare]


def page_of_ride(world: World) -> str:
    return world.get(world.manager, f"/rides/{world.ids['ride']}").text


def test_the_file_of_the_audit_has_every_line_and_no_formula(world: World) -> None:
    reason = '=HYPERLINK("https://evil.example")'
    world.post(world.manager, f"/members/{world.ids['rider']}/suspend-account", reason=reason)

    reply = world.get(world.manager, "/audit.csv")

    lines = list(csv.DictReader(StringIO(reply.text, newline="")))
    assert reply.headers["Content-Disposition"].endswith('"movr-audit-new-york.csv"')
    assert len(lines) == len(world.audit())
    assert lines[0]["reason"] == f"'{reason}"
    assert lines[0]["actor_name"] == world.manager.username
    assert (lines[0]["action"], lines[0]["subject_id"]) == (
        "suspend_account", str(world.ids["rider"]),
    )  # fmt: skip


def test_a_file_of_the_audit_is_not_whole_if_the_role_is_taken_while_it_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "BATCH", 1)
    manager = UserKey("new york", world.manager.id)
    whole = world.get(world.manager, "/audit.csv").text
    with world.manager.client.stream("GET", "/staff/new-york/audit.csv") as reply:
        world.movr.staff.revoke_role_as_operator("new york", manager, MANAGER, "Left")

        with pytest.raises(NotStaff):
            reply.read()

    assert len(whole.splitlines()) == len(world.audit())


def test_the_audit_names_who_did_what_to_whom_and_why(world: World) -> None:
    world.post(world.manager, f"/members/{world.ids['rider']}/suspend-account")

    page = world.get(world.manager, "/audit").text

    newest = page.split('<li class="py-2')[1]
    assert "Suspend account" in newest
    assert f'href="/staff/new-york/members/{world.ids["rider"]}"' in newest
    assert "A rider called" in newest
    assert world.manager.username in newest
    assert "suspended_at" in newest
