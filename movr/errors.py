"""Refusals: why MovR will not do what was asked, each a class with a sentence for the rider.

What a refusal looks like over HTTP is decided in web/errors.py, in one table.
"""


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """MovR understood, decided against it, and changed nothing."""

    sentence = "That is not possible."

    def __str__(self) -> str:
        """The sentence, as the rider reads it."""
        return self.sentence


class UsernameTaken(Refusal):
    """Usernames are unique over all cities, whatever their letter case."""

    sentence = "That username is taken. Please choose another."


class WrongCredentials(Refusal):
    """Said of an unknown name and of a wrong password alike, so that names can't be probed."""

    sentence = "That username and password do not match."


class WrongPassword(Refusal):
    """Who changes a password knows the present one."""

    sentence = "That is not your present password."


class SessionEnded(Refusal):
    """All sessions of the account were ended since this one was asked about."""

    sentence = "You were logged out meanwhile. Please log in again."


class ResetLinkExpired(Refusal):
    """A link to a new password works once, for half an hour, and until all sessions are ended."""

    sentence = "This link has expired or was used. You can ask for another one here."


class AccountDeleted(Refusal):
    """The session outlived its account."""

    sentence = "This account no longer exists. Please log in again."


class NotYourProfile(Refusal):
    """A profile is its member's own, to see and to delete."""

    sentence = "This page belongs to another member."


class TooFarAway(Refusal):
    """A position that is not in the city where the vehicle belongs."""

    sentence = (
        "That is too far away: vehicles stay within 30 km (19 miles) of the centre of their city."
    )


class VehicleNotFound(Refusal):
    """No vehicle of this id is in this city, or it was removed."""

    sentence = "We could not find this vehicle here."


class VehicleTaken(Refusal):
    """A vehicle has at most one active ride."""

    sentence = "Somebody else has just taken this vehicle. Here is what else there is."


class VehicleInUse(Refusal):
    """A vehicle is not removed from under its rider."""

    sentence = "Somebody is riding this vehicle. You can remove it once the ride has ended."


class NotYourVehicle(Refusal):
    """Only its owner removes a vehicle."""

    sentence = "Only its owner can remove a vehicle."


class AlreadyRiding(Refusal):
    """A rider has at most one active ride."""

    sentence = "You are on a ride already. End it before you start another."


class RideNotFound(Refusal):
    """No ride of this id is in this city."""

    sentence = "We could not find this ride."


class NotYourRide(Refusal):
    """Only its rider ends a ride."""

    sentence = "Only its rider can end a ride."


class StillRiding(Refusal):
    """An account is not deleted in the middle of a ride."""

    sentence = "You are on a ride. End it before you delete your account."


class VehiclesInUse(Refusal):
    """An owner does not leave while somebody rides one of their vehicles."""

    sentence = "Somebody is riding one of your vehicles. Try again once the ride has ended."


class DatabaseUnavailable(Refusal):
    """The database can't be reached, or did not answer in time. `reason` is for operators."""

    def __init__(self, reason: str = "") -> None:
        """Say what the driver said, in one line; it names no password."""
        self.reason = reason

    sentence = "MovR cannot reach its database right now. Nothing was lost; please try again soon."


class DatabaseSlow(Refusal):
    """A statement took longer than the server lets one take."""

    sentence = "This takes too long right now, and nothing was changed. Please try again soon."


class DatabaseBusy(Refusal):
    """The transaction lost against others as often as MovR retries it."""

    sentence = "Too many people want the same thing right now. Please try again in a moment."
