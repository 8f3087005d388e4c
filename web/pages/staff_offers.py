"""The forms of what staff can do: on which page each is offered, and what it asks for."""

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, NamedTuple
from uuid import UUID

from flask import render_template, url_for

from movr.cities import City
from movr.results import UserKey
from movr.staff.actions import Staff
from movr.staff.permissions import Action, StaffRequest, may
from web.forms import PlaceByStaffForm, RoleForm, StaffForm
from web.pages.staff_pages import MEMBERS, RIDES, find


class Offer(NamedTuple):
    """An action, the kind of page that offers it, and its form.

    `is_possible` tells whether it is offered for a subject of the page; the action itself checks
    everything again.
    """

    noun: str
    label: str
    explanation: str
    done: str
    act: Callable[..., bool]
    is_possible: Callable[[Any], bool]
    form: type[StaffForm] = StaffForm


def _grant_role(staff: Staff, request: StaffRequest, id_: UUID, *, role: str) -> bool:
    return staff.grant_role(request, UserKey(request.city, id_), role)


OFFERS: Final[dict[Action, Offer]] = {
    Action.END_RIDE: Offer(
        RIDES,
        "End the ride",
        "For a ride that its rider has forgotten. It costs at most what a day costs, and the rider"
        " is told by email.",
        "The ride has ended.",
        Staff.end_ride,
        lambda ride: ride.end_time is None,
        PlaceByStaffForm,
    ),
    Action.REFUND_FARE: Offer(
        RIDES,
        "Refund the fare",
        "Takes the whole fare back from the owner and MovR, for the rider.",
        "The fare is refunded.",
        Staff.refund_fare,
        lambda ride: bool(ride.amount),
    ),
    Action.SUSPEND_ACCOUNT: Offer(
        MEMBERS,
        "Suspend",
        "The member can still log in, end a ride and see receipts, but not ride, reserve or add"
        " vehicles.",
        "The account is suspended.",
        Staff.suspend_account,
        lambda member: member.suspended_at is None,
    ),
    Action.RESTORE_ACCOUNT: Offer(
        MEMBERS,
        "End the suspension",
        "The member can ride again.",
        "The suspension has ended.",
        Staff.restore_account,
        lambda member: member.suspended_at is not None,
    ),
    Action.GRANT_ROLE: Offer(
        MEMBERS,
        "Give a role",
        "Support sees members, rides and money; mechanics see to vehicles; managers do all of it,"
        " give roles and read the audit.",
        "The member has the role.",
        _grant_role,
        lambda member: member.suspended_at is None,
        RoleForm,
    ),
}


def offered(noun: str, subject: object, roles: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the name in URLs and the label of each action that is possible and permitted."""
    for action, offer in OFFERS.items():
        if offer.noun == noun and may(roles, action) and offer.is_possible(subject):
            yield in_url(action), offer.label


def in_url(action: Action) -> str:
    """Return the name of an action in URLs: `end-ride`."""
    return action.replace("_", "-")


def show_page(noun: str, template: str, city: City, id_: UUID) -> str:
    """Return the page of one thing, which the template calls `subject`, with what is offered."""
    found, subject = find(noun, city, id_)
    links = [
        (label, url_for("staff_actions.form", city=city, noun=noun, id_=id_, action=name))
        for name, label in offered(noun, subject, found.staff.roles)
    ]
    return render_template(
        template, staff=found.staff, subject=subject, history=found.history, links=links
    )
