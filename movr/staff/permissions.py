"""What each role of staff permits, and what a member of staff says with every action."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from movr.formats import MANAGER, MECHANIC, SUPPORT
from movr.outbox import STILL_RIDING_AFTER
from movr.proofs import Proof
from movr.results import UserKey


class Action(StrEnum):
    """An action of staff, as the audit names it."""

    END_RIDE = "end_ride"
    REFUND_FARE = "refund_fare"
    SUSPEND_ACCOUNT = "suspend_account"
    RESTORE_ACCOUNT = "restore_account"
    MOVE_VEHICLE = "move_vehicle"
    PAUSE_VEHICLE = "pause_vehicle"
    RESUME_VEHICLE = "resume_vehicle"
    MARK_MISSING = "mark_missing"
    MARK_FOUND = "mark_found"
    REMOVE_VEHICLE = "remove_vehicle"
    ADD_VEHICLES = "add_vehicles"
    CLOSE_REPORT = "close_report"
    GRANT_ROLE = "grant_role"
    REVOKE_ROLE = "revoke_role"


# The roles that permit an action, beside that of a manager, which permits all.
PERMITTED: Final[dict[Action, tuple[str, ...]]] = {
    Action.END_RIDE: (SUPPORT,),
    Action.REFUND_FARE: (SUPPORT,),
    Action.SUSPEND_ACCOUNT: (SUPPORT,),
    Action.RESTORE_ACCOUNT: (SUPPORT,),
    Action.MOVE_VEHICLE: (MECHANIC,),
    Action.PAUSE_VEHICLE: (MECHANIC,),
    Action.RESUME_VEHICLE: (MECHANIC,),
    Action.MARK_MISSING: (MECHANIC,),
    Action.MARK_FOUND: (MECHANIC,),
    Action.REMOVE_VEHICLE: (SUPPORT, MECHANIC),
    Action.ADD_VEHICLES: (),
    Action.CLOSE_REPORT: (SUPPORT, MECHANIC),
    Action.GRANT_ROLE: (),
    Action.REVOKE_ROLE: (),
}


def roles_for(action: Action) -> tuple[str, ...]:
    """Return the roles that permit an action."""
    return (*PERMITTED[action], MANAGER)


def roles_to_end(start_time: datetime, now: datetime) -> tuple[str, ...]:
    """Return the roles that permit to end a ride: only managers' before its rider was reminded."""
    is_forgotten = now - start_time >= STILL_RIDING_AFTER
    return roles_for(Action.END_RIDE) if is_forgotten else (MANAGER,)


def may(roles: Collection[str], action: Action) -> bool:
    """Return True if one of these roles permits the action; for pages, which show its form."""
    return not set(roles_for(action)).isdisjoint(roles)


class StaffRequest(NamedTuple):
    """Who wants something done in which city, and why.

    `staff` and `proof` are those of the session or the access token. `key` is that of the form:
    requests of the same staff with the same key are one action with one row of audit.
    """

    staff: UserKey
    proof: Proof
    city: str
    reason: str
    key: str

    @property
    def audit_id(self) -> UUID:
        """The id of the action's row of audit."""
        return uuid5(self.staff.id, f"audit {self.key}")


class StaffGrant(NamedTuple):
    """A role that a member has in a city; their home may be another one."""

    username: str
    user_city: str
    user_id: UUID
    role: str
    granted_at: datetime
