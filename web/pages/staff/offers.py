"""The forms of what staff can do: on which page each is offered, and what it asks for."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from flask import render_template, url_for

from movr.cities import City
from movr.messages import gettext_noop
from movr.results import UserKey
from movr.staff.actions import Staff
from movr.staff.permissions import Action, StaffRequest, may, roles_to_end
from movr.vehicle_states import VehicleState
from web.forms import CloseReportForm, PlaceByStaffForm, RoleForm, StaffForm
from web.languages import gettext as _
from web.pages.staff.reads import MEMBERS, REPORTS, RIDES, VEHICLES, find


class Offer(NamedTuple):
    """An action, the kind of page that offers it, and its form.

    `is_possible` tells whether it is offered for a subject of the page, and `is_permitted` to which
    roles if that depends on the subject, too; the action itself checks everything again.
    """

    noun: str
    label: str
    explanation: str
    done: str
    act: Callable[..., bool]
    is_possible: Callable[[Any], bool]
    form: type[StaffForm] = StaffForm
    is_permitted: Callable[[Any, Collection[str]], bool] = lambda _subject, _roles: True


def _is_in(*states: VehicleState) -> Callable[[Any], bool]:
    return lambda vehicle: vehicle.state in states


def _may_end(ride: Any, roles: Collection[str]) -> bool:  # noqa: ANN401 - as is_possible
    return not set(roles_to_end(ride.start_time, datetime.now(UTC))).isdisjoint(roles)


def _grant_role(staff: Staff, request: StaffRequest, id_: UUID, *, role: str) -> bool:
    return staff.grant_role(request, UserKey(request.city, id_), role)


_AVAILABLE, _RESERVED, _ON_TRIP, _PAUSED, _MISSING, _REMOVED = VehicleState

OFFERS: Final[dict[Action, Offer]] = {
    Action.END_RIDE: Offer(
        RIDES,
        gettext_noop("End the ride"),
        gettext_noop(
            "For a ride that its rider has forgotten. It costs at most what a day costs, and the"
            " rider is told by email."
        ),
        gettext_noop("The ride has ended."),
        Staff.end_ride,
        lambda ride: ride.end_time is None,
        PlaceByStaffForm,
        _may_end,
    ),
    Action.REFUND_FARE: Offer(
        RIDES,
        gettext_noop("Refund the fare"),
        gettext_noop(
            "Takes the whole fare back from the owner and MovR, for the rider. If it was paid, the"
            " money must be returned on the page of the payment gateway."
        ),
        gettext_noop("The fare is refunded."),
        Staff.refund_fare,
        lambda ride: bool(ride.amount),
    ),
    Action.MOVE_VEHICLE: Offer(
        VEHICLES,
        gettext_noop("Move"),
        gettext_noop("Notes where the vehicle is now."),
        gettext_noop("The vehicle's place is noted."),
        Staff.move_vehicle,
        _is_in(_AVAILABLE, _PAUSED),
        PlaceByStaffForm,
    ),
    Action.PAUSE_VEHICLE: Offer(
        VEHICLES,
        gettext_noop("Take out of service"),
        gettext_noop("At once, or at the end of its ride. A reservation ends."),
        gettext_noop("The vehicle is out of service, or will be when its ride ends."),
        Staff.pause_vehicle,
        lambda vehicle: not vehicle.paused_by and _is_in(_AVAILABLE, _RESERVED, _ON_TRIP)(vehicle),
    ),
    Action.RESUME_VEHICLE: Offer(
        VEHICLES,
        gettext_noop("Put back into service"),
        gettext_noop("Riders can take the vehicle again."),
        gettext_noop("The vehicle is in service."),
        Staff.resume_vehicle,
        lambda vehicle: bool(vehicle.paused_by) and not _is_in(_MISSING)(vehicle),
    ),
    Action.MARK_MISSING: Offer(
        VEHICLES,
        gettext_noop("Mark as missing"),
        gettext_noop("For a vehicle that is not where it should be."),
        gettext_noop("The vehicle is marked as missing."),
        Staff.mark_missing,
        _is_in(_AVAILABLE, _RESERVED, _PAUSED),
    ),
    Action.MARK_FOUND: Offer(
        VEHICLES,
        gettext_noop("Mark as found"),
        gettext_noop("Riders can take the vehicle again, unless it is out of service."),
        gettext_noop("The vehicle is marked as found."),
        Staff.mark_found,
        _is_in(_MISSING),
        PlaceByStaffForm,
    ),
    Action.REMOVE_VEHICLE: Offer(
        VEHICLES,
        gettext_noop("Remove"),
        gettext_noop(
            "Removes the vehicle for its owner, for example so that the account can be deleted: at"
            " once, or at the end of its ride."
        ),
        gettext_noop("The vehicle is removed, or will be when its ride ends."),
        Staff.remove_vehicle,
        lambda vehicle: vehicle.removed_at is None,
    ),
    Action.CLOSE_REPORT: Offer(
        REPORTS,
        gettext_noop("Close"),
        gettext_noop("The rider who reported the problem is thanked by email."),
        gettext_noop("The report is closed."),
        Staff.close_report,
        lambda report: report.closed_at is None,
        CloseReportForm,
    ),
    Action.SUSPEND_ACCOUNT: Offer(
        MEMBERS,
        gettext_noop("Suspend"),
        gettext_noop(
            "The member can still log in, end a ride and see receipts, but not ride, reserve or add"
            " vehicles."
        ),
        gettext_noop("The account is suspended."),
        Staff.suspend_account,
        lambda member: member.suspended_at is None,
    ),
    Action.RESTORE_ACCOUNT: Offer(
        MEMBERS,
        gettext_noop("End the suspension"),
        gettext_noop("The member can ride again."),
        gettext_noop("The suspension has ended."),
        Staff.restore_account,
        lambda member: member.suspended_at is not None,
    ),
    Action.GRANT_ROLE: Offer(
        MEMBERS,
        gettext_noop("Give a role"),
        gettext_noop(
            "Support sees members, rides and money; mechanics see to vehicles; managers do all of"
            " it, give roles and read the audit."
        ),
        gettext_noop("The member has the role."),
        _grant_role,
        lambda member: member.suspended_at is None,
        RoleForm,
    ),
}


def offered(noun: str, subject: object, roles: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the name in URLs and the label of each action that is possible and permitted."""
    for action, offer in OFFERS.items():
        is_permitted = may(roles, action) and offer.noun == noun
        if is_permitted and offer.is_possible(subject) and offer.is_permitted(subject, roles):
            yield in_url(action), offer.label


def in_url(action: Action) -> str:
    """Return the name of an action in URLs: `end-ride`."""
    return action.replace("_", "-")


def show_page(noun: str, template: str, city: City, id_: UUID) -> str:
    """Return the page of one thing, which the template calls `subject`, with what is offered."""
    found, subject = find(noun, city, id_)
    links = [
        (_(label), url_for("staff_actions.form", city=city, noun=noun, id_=id_, action=name))
        for name, label in offered(noun, subject, found.staff.roles)
    ]
    return render_template(
        template, staff=found.staff, subject=subject, history=found.history, links=links
    )
