"""Refusals: the reasons why MovR rejects a request, each a class with a sentence for the rider.

The table in web/errors.py maps them to HTTP responses.
"""

from datetime import timedelta
from math import ceil

from movr.messages import Message, gettext_noop, ngettext_noop


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Base class of refusals: the request was understood and rejected, and changed nothing."""

    sentence = gettext_noop("That is not possible.")

    def message(self) -> Message:
        """Return the sentence that is shown to the rider, with its values."""
        return Message(self.sentence)

    def __str__(self) -> str:
        """Return the sentence in English."""
        return str(self.message())


def with_minutes(sentence: str, plural: str, wait: timedelta) -> Message:
    """Return a sentence with the time to wait, in minutes that have begun."""
    return Message(sentence, plural, max(1, ceil(wait / timedelta(minutes=1))))


class UsernameTaken(Refusal):
    """Another account has this username; they are unique over all cities, ignoring case."""

    sentence = gettext_noop("That username is taken. Please choose another.")


class WrongCredentials(Refusal):
    """Unknown username or wrong password; one sentence for both, so that names can't be probed."""

    sentence = gettext_noop("That username and password do not match.")


class TooManyPasswords(Refusal):
    """Too many passwords are being hashed at once."""

    sentence = gettext_noop(
        "Too many people are logging in right now. Please try again in a moment."
    )


class WrongPassword(Refusal):
    """The current password given to change it is wrong."""

    sentence = gettext_noop("That is not your current password.")


class SessionEnded(Refusal):
    """All sessions of the account were ended while this request was running."""

    sentence = gettext_noop("You have been logged out. Please log in again.")


class ResetLinkExpired(Refusal):
    """A password reset link was used, is older than 30 minutes, or its sessions were ended."""

    sentence = gettext_noop(
        "This link has expired or was already used. You can get a new one here."
    )


class EmailLinkExpired(Refusal):
    """A link that verifies an email address is too old, or the address has changed since."""

    sentence = gettext_noop("This link has expired. You can get a new one on your profile.")


class EmailNotVerified(Refusal):
    """Riders and owners must have verified their email address, and this one has not."""

    sentence = gettext_noop(
        "Please confirm your email address first: open the link that we sent to it."
    )


class AddressNotMailable(Refusal):
    """The account's email address is one of before addresses were checked."""

    sentence = gettext_noop(
        "We cannot send email to your address. Please change your email address."
    )


class AccountSuspended(Refusal):
    """Staff have suspended the account: it can't ride, reserve or add vehicles."""

    sentence = gettext_noop(
        "Your account is suspended, so you can't do this. Write to us if you think this is wrong."
    )


class TooManyLetters(Refusal):
    """Many letters to this member wait to be sent already."""

    sentence = gettext_noop(
        "Several emails to you are still on their way. Please wait until they arrive."
    )


class TooManyResets(Refusal):
    """Many requests of a city for password reset links wait; no more are accepted."""

    sentence = gettext_noop(
        "Many people are asking for links right now. Please try again in a few minutes."
    )


class AccountDeleted(Refusal):
    """The account of this session was deleted."""

    sentence = gettext_noop("This account no longer exists. Please log in again.")


class NotAnAgency(Refusal):
    """The token is not that of an agency of this city, or it was revoked."""

    sentence = gettext_noop("The token is missing, or it belongs to no agency of this city.")


class NoOperation(Refusal):
    """An agency asks for a time before the city's first event, or for one to come."""

    sentence = gettext_noop("There are no data of this time.")


class NotYourProfile(Refusal):
    """Only its member may see or delete a profile."""

    sentence = gettext_noop("This page belongs to another member.")


class NotStaff(Refusal):
    """The member has no role in this city that permits what they want to do."""

    sentence = gettext_noop("You have no role in this city that permits this.")


class NotForgotten(Refusal):
    """Support wants to end a ride that its rider was not reminded of yet."""

    sentence = gettext_noop(
        "This ride began less than two hours ago. Until then, only a manager can end it."
    )


class NotForYourself(Refusal):
    """Staff want to act on their own account or ride."""

    sentence = gettext_noop("This is about yourself, so that someone else has to do it.")


class MemberNotFound(Refusal):
    """The city has no member of this id, or the account was deleted."""

    sentence = gettext_noop("We could not find this member.")


class TooFarAway(Refusal):
    """The position is outside the service area of the vehicle's city."""

    sentence = gettext_noop(
        "That is too far away. Vehicles must stay within 30 km (19 miles) of the city centre."
    )


class NoParking(Refusal):
    """A ride can't end at this position: it is in a zone without parking, or outside of all others.

    The zones are those of the city (movr/city_data/zones.py).
    """

    sentence = gettext_noop(
        "A ride cannot end here. Please park in one of the areas for parking on the map."
    )
    in_zone = gettext_noop("A ride cannot end in this area: %(zone)s. Please park outside of it.")

    def __init__(self, zone: str = "") -> None:
        """Store the name of the zone without parking, if the position is in one."""
        self.zone = zone

    def message(self) -> Message:
        """Return the sentence, with the zone's name."""
        return Message(self.in_zone, values={"zone": self.zone}) if self.zone else super().message()


class VehicleNotFound(Refusal):
    """The city has no vehicle of this id, or it was removed."""

    sentence = gettext_noop("We could not find this vehicle.")


class VehicleRemoved(Refusal):
    """A form to add a vehicle was sent again after its vehicle had been removed."""

    sentence = gettext_noop(
        "You have already removed this vehicle. Open the form again to add another."
    )


class TooManyVehicles(Refusal):
    """An owner adds more vehicles a day, or has more without a position, than the bounds allow."""

    sentence = gettext_noop(
        "You have reached a limit for vehicles. Mark their places on the map, or add more tomorrow."
    )


class VehicleTaken(Refusal):
    """The vehicle is ridden, reserved, removed, or was ridden since its public id was shown."""

    sentence = gettext_noop("This vehicle has just been taken. Please choose another one.")


class NotYourVehicle(Refusal):
    """Only its owner may change or remove a vehicle."""

    sentence = gettext_noop("Only its owner can change or remove this vehicle.")


class VehicleInUse(Refusal):
    """A vehicle can't be moved during a ride."""

    sentence = gettext_noop("A rider has this vehicle. You can move it when the ride has ended.")


class VehicleReserved(Refusal):
    """A vehicle that a rider has reserved can't be moved, or paused by its owner."""

    sentence, plural = ngettext_noop(
        "A rider has reserved this vehicle. Please try again in a minute.",
        "A rider has reserved this vehicle. Please try again in %(count)d minutes.",
    )

    def __init__(self, wait: timedelta = timedelta(minutes=1)) -> None:
        """Store the time until the reservation ends."""
        self.wait = wait

    def message(self) -> Message:
        """Return the sentence with the number of minutes."""
        return with_minutes(self.sentence, self.plural, self.wait)


class PausedByStaff(Refusal):
    """What the city's staff have taken out of service, only they put back."""

    sentence = gettext_noop("MovR has taken this vehicle out of service. Please contact us.")


class SafetyReportsOpen(Refusal):
    """What safety reports have taken out of service goes back when none of them is open."""

    sentence = gettext_noop(
        "Riders have reported that this vehicle is not safe."
        " Please check it and close their reports first."
    )


class TooLateToRestore(Refusal):
    """A removed vehicle can be restored for a day."""

    sentence = gettext_noop("You removed this vehicle more than a day ago. Please add it again.")


class AlreadyRiding(Refusal):
    """The rider has an active ride already."""

    sentence = gettext_noop("You are already on a ride. End it before you start another.")


class AlreadyReserved(Refusal):
    """The rider has reserved another vehicle."""

    sentence = gettext_noop("You already have a reservation. Start your ride or cancel it first.")


class ReservedRecently(Refusal):
    """The rider was the last to have this vehicle reserved, less than ten minutes ago."""

    sentence, plural = ngettext_noop(
        "You had this vehicle reserved a moment ago; you can reserve it again in a minute.",
        "You had this vehicle reserved a moment ago; you can reserve it again in %(count)d"
        " minutes.",
    )

    def __init__(self, wait: timedelta = timedelta(minutes=1)) -> None:
        """Store the time until the vehicle can be reserved again."""
        self.wait = wait

    def message(self) -> Message:
        """Return the sentence with the number of minutes."""
        return with_minutes(self.sentence, self.plural, self.wait)


class ReservingDuringRide(Refusal):
    """A rider with an active ride reserves a vehicle."""

    sentence = gettext_noop("You can't reserve during a ride.")


class RideNotFound(Refusal):
    """The city has no ride of this id."""

    sentence = gettext_noop("We could not find this ride.")


class NotYourRide(Refusal):
    """Only its rider may end a ride."""

    sentence = gettext_noop("Only the rider can end this ride.")


class RideEnded(Refusal):
    """A ride that has ended can't be undone."""

    sentence = gettext_noop("This ride has ended already, so it cannot be undone.")


class TooLateToUndo(Refusal):
    """A ride can be undone soon after its start only."""

    sentence = gettext_noop("A ride can be undone in its first 3 minutes. Please end it instead.")


class TooFarToUndo(Refusal):
    """A ride can be undone near its start only."""

    sentence = gettext_noop(
        "A ride can be undone within 100 m (330 ft) of where it began."
        " Bring the vehicle back, or end the ride."
    )


class PositionNeeded(Refusal):
    """The position of the ride's start is known, and the rider's is not."""

    sentence = gettext_noop(
        "To undo a ride, we need your position. Allow your browser to share it, or end the ride."
    )


class TooLateToReport(Refusal):
    """A problem is reported long after the ride, when others have had the vehicle."""

    sentence = gettext_noop("You can report a problem in the first 7 days after your ride.")


class TooManyReports(Refusal):
    """A member has too many open reports in a city."""

    sentence = gettext_noop(
        "You have 10 open reports. Please wait until some of them are looked at."
    )


class ReportNotFound(Refusal):
    """The city has no report of this id, or it is about another owner's vehicle."""

    sentence = gettext_noop("We could not find this report.")


class StillRiding(Refusal):
    """An account with an active ride can't be deleted."""

    sentence = gettext_noop("You are on a ride. End it before you delete your account.")


class TokenInvalid(Refusal):
    """A token of the API is malformed, expired, spent or revoked."""

    sentence = gettext_noop("This token is not valid. Refresh it, or log in again.")


class DeviceNotFound(Refusal):
    """The member has no device with these tokens."""

    sentence = gettext_noop("You have no such app.")


class TooManyDevices(Refusal):
    """A member has tokens of the API on too many devices."""

    sentence = gettext_noop(
        "You are logged in with too many apps. Log one of them out on your profile."
    )


class IdempotencyKeyReused(Refusal):
    """A program has sent the key of one request with another."""

    sentence = gettext_noop(
        "This Idempotency-Key was used for another request. Please choose a new one."
    )


class DatabaseUnavailable(Refusal):
    """The database can't be reached or did not answer in time. `reason` is for operators."""

    def __init__(self, reason: str = "") -> None:
        """Set the reason: the first line of the driver's message, without a password."""
        self.reason = reason

    sentence = gettext_noop(
        "MovR is not available right now. Nothing was lost. Please try again soon."
    )


class DatabaseSlow(Refusal):
    """A statement reached the server's statement timeout."""

    sentence = gettext_noop("This took too long, and nothing was changed. Please try again soon.")


class DatabaseBusy(Refusal):
    """The transaction conflicted with others until the last retry, or no connection was free."""

    sentence = gettext_noop("MovR is very busy right now. Please try again in a moment.")
