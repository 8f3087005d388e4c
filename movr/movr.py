"""Class MovR, the API of the data layer: one method for each user action."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Final, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from sqlalchemy import Engine, Row, Select, text

from movr import errors, passwords, queries, results, transactions
from movr import rows as rows_to
from movr.api_tokens import ApiTokens
from movr.cities import CITIES, Position, served_city
from movr.city_data.city_data import CityData
from movr.city_data.zones import Zone, check_end
from movr.data_checks import DataChecks
from movr.database import deadline, schema
from movr.database.access import Database
from movr.database.engine import is_cockroachdb
from movr.database.schema import Compatibility
from movr.fleet import ACTIVITY_PERIOD, RESTORABLE, Fleet
from movr.formats import NUMBERS
from movr.idempotency import Repeatable, with_result, without_key
from movr.member_reads import read_with_member
from movr.outbox import Outbox
from movr.personal_data import PersonalData
from movr.placement import inspection, last_check, statistics
from movr.proofs import Proof
from movr.reports import Reports
from movr.results import MemberAndPage, Page, RideKey, UserKey, VehicleKey
from movr.retention import Retention
from movr.ride_totals import money_since, totals_since
from movr.search import RADIUS_GROWTH, Search, SearchRadii
from movr.service_area import within_city
from movr.staff.actions import Staff
from movr.staff.lists import StaffLists
from movr.vehicle_import import VehicleImport

ACCOUNTS_AT_ONCE: Final = 1_000  # in a transaction that ends sessions
CANDIDATES: Final = 10  # for a new vehicle's number, if some are taken
BATCH: Final = 1_000  # rows that the public feed and the file of all rides read at once
FIRST_ID: Final = UUID(int=0)
LAST_ID: Final = UUID(int=2**128 - 1)

Result = TypeVar("Result")

RANDOM: Final = secrets.SystemRandom()
_PING: Final = text("SELECT 1")


class MovR:
    """Vehicle sharing in nine cities. Each method is one read or one transaction.

    Any method raises DatabaseUnavailable if the database can't be reached or does not answer in
    time, DatabaseSlow if a statement takes too long, and DatabaseBusy if a transaction conflicts
    with others too often or no connection is free.
    """

    def __init__(
        self,
        uri: str,
        *,
        pool_size: int = 5,
        application_name: str = "movr",
        only_verified: bool = False,
        charges_rides: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Create the engines for the database at `uri`; they connect on first use.

        `pool_size` is the maximum number of connections of each engine. With `only_verified`,
        rides and new vehicles require a verified email address, and receipts are mailed. Rides are
        free of charge unless `charges_rides`. `clock` returns the current time in UTC.
        """
        self._database = Database(uri, pool_size=pool_size, application_name=application_name)
        self.outbox: Final = Outbox(self._database, clock)
        self.personal_data: Final = PersonalData(self._database)
        self.vehicle_import: Final = VehicleImport(
            self._database, clock, only_verified=only_verified
        )
        self.retention: Final = Retention(self._database, clock)
        self.data_checks: Final = DataChecks(self._database, clock)
        self._radii = SearchRadii()
        self._only_verified = only_verified
        self._charges_rides = charges_rides
        self._now = clock
        self.tokens: Final = ApiTokens(self._database, clock)
        self.staff: Final = Staff(self._database, clock)
        self.staff_lists: Final = StaffLists(self._database, clock)
        self.fleet: Final = Fleet(self._database, clock)
        self.reports: Final = Reports(self._database, clock, only_verified=only_verified)
        self.city_data: Final = CityData(self._database, clock)

    @property
    def engine(self) -> Engine:
        """The engine for transactions."""
        return self._database.engine

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """The engines for transactions and for single statements."""
        return self._database.engines

    def close(self) -> None:
        """Close all idle connections."""
        self._database.close()

    def is_at_head(self) -> bool:
        """Return True if the database has all migrations that this code expects."""
        return self._database.with_retry(lambda: schema.is_at_head(self.engine))

    def schema_compatibility(self) -> Compatibility:
        """Return whether this code may use the database's schema."""
        return self._database.with_retry(lambda: schema.compatibility(self.engine))

    def ping(self) -> None:
        """Check that the database answers: one round trip that reads no table."""
        self._database.read(_PING)

    # Accounts and sessions

    def register(
        self, city: str, *, password: str, idempotency_key: str = "", **account: str
    ) -> UserKey:
        """Open an account with this home city and return its key.

        All calls with the same `idempotency_key` open one account. `account` has the fields of
        results.Account. Raises UsernameTaken, or AccountDeleted if that account was deleted since.
        """
        user = UserKey(city, _id(NAMESPACE_OID, idempotency_key))
        self._register(user, password, results.Account(**account), sends_link=False)
        return user

    def register_with_link(
        self, city: str, *, password: str, idempotency_key: str = "", **account: str
    ) -> UserKey:
        """Do the same as `register`, and mail the link that verifies the email address."""
        user = UserKey(city, _id(NAMESPACE_OID, idempotency_key))
        self._register(user, password, results.Account(**account), sends_link=True)
        return user

    def log_in(self, username: str, password: str) -> results.Member:
        """Return the member with these credentials; usernames ignore case.

        Raises WrongCredentials.
        """
        rows = self._database.read(queries.CREDENTIALS, username=username.lower())
        if not passwords.check_password(password, rows[0].password_hash if rows else None):
            raise errors.WrongCredentials
        return rows_to.member(rows[0], self._now())

    def session_member(self, user: UserKey, epoch: int = 0) -> results.Member | None:
        """Return the member of a session, or None if the session has ended.

        A session stores the account's `session_epoch`, which is 0 for a new account. Raising the
        epoch of the account ends all its sessions.
        """
        rows = self._database.read(
            queries.SESSION_MEMBER, member_city=user.city, member_id=user.id, epoch=epoch
        )
        return rows_to.member(rows[0], self._now()) if rows else None

    def member(self, user: UserKey) -> results.Member | None:
        """Return this member, or None if the account was deleted."""
        rows = self._database.read(queries.MEMBER, member_city=user.city, member_id=user.id)
        return rows_to.member(rows[0], self._now()) if rows else None

    def find_member(self, username: str) -> results.Member | None:
        """Return the member with this username, ignoring case, or None."""
        rows = self._database.read(queries.MEMBER_BY_USERNAME, username=username.lower())
        return rows_to.member(rows[0], self._now()) if rows else None

    def check_password(self, user: UserKey, password: str) -> None:
        """Check the member's password. Raises WrongPassword."""
        rows = self._database.read(queries.ACCOUNT, user_city=user.city, user_id=user.id)
        if not passwords.check_password(password, rows[0].password_hash if rows else None):
            raise errors.WrongPassword

    def change_password(self, user: UserKey, epoch: int, *, current: str, new: str) -> int:
        """Change the password, end all sessions and return the epoch of new sessions.

        Raises WrongPassword, SessionEnded, AccountDeleted.
        """
        self.check_password(user, current)
        self._set_password(user, epoch, new)
        return epoch + 1

    def reset_password(self, user: UserKey, epoch: int, new: str) -> str:
        """Set a new password, end all sessions and return the username.

        Raises ResetLinkExpired if the sessions of this epoch have ended already.
        """
        try:
            return self._set_password(user, epoch, new)
        except (errors.SessionEnded, errors.AccountDeleted):
            raise errors.ResetLinkExpired from None

    def verify_email(self, user: UserKey, email: str) -> None:
        """Note that the member has opened a link sent to this address. Raises EmailLinkExpired."""
        self._database.write(transactions.verify_email, user, email, now=self._now())

    def change_email(self, user: UserKey, epoch: int, email: str) -> int:
        """Change the email address, end all sessions and return the epoch of new sessions.

        The address is not verified. Raises SessionEnded, AccountDeleted.
        """
        self._database.write(transactions.change_email, user, epoch, email, verified_at=None)
        return epoch + 1

    def confirm_new_email(self, user: UserKey, epoch: int, email: str) -> str:
        """Change the email address by a link sent to it, end all sessions and return the username.

        Raises EmailLinkExpired if the sessions of this epoch have ended already.
        """
        try:
            return self._database.write(
                transactions.change_email, user, epoch, email, verified_at=self._now()
            )
        except (errors.SessionEnded, errors.AccountDeleted):
            raise errors.EmailLinkExpired from None

    def change_names(
        self, user: UserKey, proof: Proof = 0, *, first_name: str, last_name: str
    ) -> None:
        """Change the member's names.

        Raises AccountDeleted, and SessionEnded if the session of this `proof` has ended.
        """
        now = self._now()
        Repeatable(user, proof, now).write(
            self._database,
            transactions.change_names,
            user,
            proof,
            first_name=first_name,
            last_name=last_name,
            now=now,
        )

    def choose_receipts(self, user: UserKey, proof: Proof = 0, *, by_mail: bool) -> None:
        """Note whether the member wants the receipt of each ride by mail.

        Raises AccountDeleted, and SessionEnded if the session of this `proof` has ended.
        """
        now = self._now()
        once = Repeatable(user, proof, now)
        once.write(
            self._database, transactions.choose_receipts, user, proof, by_mail=by_mail, now=now
        )

    def choose_language(self, user: UserKey, proof: Proof, language: str) -> None:
        """Note the language of the member's letters, usually in one round trip.

        Raises AccountDeleted, and SessionEnded if the session of this `proof` has ended.
        """
        self._change(
            (transactions.try_to_choose_language, transactions.choose_language),
            (user, language),
            Repeatable(user, proof, self._now()),
            result=None,
        )

    def end_sessions(self, user: UserKey, epoch: int) -> None:
        """End all sessions of the account."""
        self._database.write(transactions.end_sessions, user, epoch)

    def delete_account(self, user: UserKey, epoch: int, *, password: str) -> None:
        """Delete an account, remove its vehicles from service and the places from its rides.

        The places of many rides are erased in several transactions; if one fails, the account is
        not deleted yet and the call can be repeated. Raises WrongPassword, StillRiding,
        SessionEnded, AccountDeleted.
        """
        self.check_password(user, password)
        self._delete_account(user, epoch, self._now())

    # After a backup was restored

    def lock_password(self, user: UserKey, epoch: int) -> bool:
        """Make the password useless if the account's sessions are of an earlier epoch.

        The member chooses another one by a link. Returns True if a password was locked.
        """
        random_hash = passwords.hash_password(secrets.token_urlsafe())
        return self._database.write(
            transactions.lock_password, user, epoch, password_hash=random_hash
        )

    def end_all_sessions(self) -> None:
        """End the sessions of all accounts, and all links to new passwords.

        The backup does not tell which epochs were in use since. The minutes since 1970 are more
        than any of them: an epoch grows by one whenever a member ends their sessions.
        """
        epoch = int(self._now().timestamp()) // 60
        for city in CITIES:
            after: UUID | None = FIRST_ID
            while after:
                after = self._database.write(
                    transactions.raise_session_epochs,
                    city.name,
                    epoch,
                    after=after,
                    at_most=ACCOUNTS_AT_ONCE,
                )

    def delete_restored_account(self, user: UserKey) -> bool:
        """Delete an account that the backup has brought back, and end its ride first.

        Returns False if there is no such account.
        """
        now = self._now()
        try:
            epoch = self._database.write(
                transactions.end_restored_ride,
                user,
                public_id=uuid4(),
                timezone=served_city(user.city).timezone.key,
                now=now,
            )
            self._delete_account(user, epoch, now)
        except errors.AccountDeleted:
            return False
        return True

    def members_of_city(
        self, user: UserKey, proof: Proof, city: str, *, after: UUID | None, size: int
    ) -> MemberAndPage[results.CityMember]:
        """Return the session's member and a page of the city's members.

        If the session has ended, the member is None and the page empty.
        """
        wanted = {"city": city, "after": after or FIRST_ID, "limit": size + 1}
        member, rows = self._read_with_member(user, proof, queries.MEMBERS_OF_CITY, **wanted)
        people = rows_to.named_tuples(results.CityMember, rows if member else ())
        return MemberAndPage(
            member, rows_to.page(people, size, lambda neighbour: str(neighbour.id))
        )

    # Vehicles

    def vehicles(self, search: Search) -> Page[results.NearbyVehicle]:
        """Return a page of the city's available vehicles, nearest first, without their numbers."""
        radius = self._radii.radius(search)
        rows = self._search(search, radius)
        return rows_to.without_numbers(self._page_of_vehicles(search, radius, rows))

    def vehicles_and_member(
        self, user: UserKey, proof: Proof, search: Search
    ) -> MemberAndPage[results.NearbyVehicle]:
        """Return the session's member and a page of vehicles, usually in one round trip.

        The vehicle that the member has reserved is listed, too. If the session has ended, the
        member is None and the page is that of a visitor.
        """
        radius = self._radii.radius(search)
        statement = search.statement_with_member(radius)
        wanted = {**search.parameters(radius), "now": self._now()}
        member, rows = self._read_with_member(user, proof, statement, **wanted)
        if member is None:
            return MemberAndPage(None, self.vehicles(search))
        return MemberAndPage(member, self._page_of_vehicles(search, radius, rows, user))

    def vehicle_counts(self, city: str) -> Page[results.TypeCount]:
        """Return the numbers of the city's available vehicles by type; at most MOST_COUNTED + 1."""
        rows = self._database.read(queries.VEHICLE_COUNTS, city=city, now=self._now())
        return rows_to.whole_list(results.TypeCount, rows)

    def vehicle_counts_and_member(
        self, user: UserKey, proof: Proof, city: str
    ) -> MemberAndPage[results.TypeCount]:
        """Return the results of `session_member` and `vehicle_counts`, in one round trip."""
        member, rows = self._read_with_member(
            user, proof, queries.VEHICLE_COUNTS_AND_MEMBER, city=city, now=self._now()
        )
        return MemberAndPage(member, rows_to.whole_list(results.TypeCount, rows))

    def vehicles_of(
        self, owner: UserKey, proof: Proof, *, after: UUID | None, size: int
    ) -> MemberAndPage[results.OwnedVehicle]:
        """Return the session's member and a page of their vehicles, in whatever state.

        Removed ones are listed while they can be restored. Each vehicle comes with the sums of its
        rides in the last 30 days. If the session has ended, the member is None and the page empty.
        """
        member, rows = self._read_with_member(
            owner,
            proof,
            queries.VEHICLES_OF_OWNER,
            city=owner.city,
            owner_id=owner.id,
            since=self._now() - ACTIVITY_PERIOD,
            removed_since=self._now() - RESTORABLE,
            now=self._now(),
            after=after or FIRST_ID,
            limit=size + 1,
        )
        owned = rows_to.owned_vehicles(rows if member else ())
        return MemberAndPage(member, rows_to.page(owned, size, lambda item: str(item.id)))

    def vehicle(self, city: str, public_id: UUID) -> results.Vehicle:
        """Return the available vehicle with this public id.

        Public ids change with each ride. The vehicle is without its number. Raises VehicleNotFound,
        also during a ride, so that the ride can't be followed.
        """
        wanted = {"city": city, "public_id": public_id, **_viewer(None), "now": self._now()}
        rows = self._database.read(queries.VEHICLE_BY_PUBLIC_ID, **wanted)
        if not rows:
            raise errors.VehicleNotFound
        return rows_to.named_tuples(results.Vehicle, rows)[0]._replace(number=None)

    def vehicle_and_member(
        self, user: UserKey, proof: Proof, *, city: str, public_id: UUID
    ) -> MemberAndPage[results.Vehicle]:
        """Return the session's member and this vehicle in one round trip.

        The vehicle that the member has reserved is found, too. The page is empty if there is none
        that the member can ride. If the session has ended, the member is None and the page is
        what a visitor finds.
        """
        wanted = {"city": city, "public_id": public_id, "now": self._now()}
        statement = queries.VEHICLE_BY_PUBLIC_ID_WITH_MEMBER
        member, rows = self._read_with_member(user, proof, statement, **wanted)
        found = rows_to.named_tuples(results.Vehicle, rows)
        if not member:
            found = [each._replace(number=None) for each in found if not each.is_reserved]
        return MemberAndPage(member, Page(tuple(found), None))

    def vehicle_by_number(self, city: str, number: int) -> Page[results.NumberedVehicle]:
        """Return the available vehicle with this number.

        The page is empty if there is none, or if it is in use, reserved or removed.
        """
        wanted = {"city": city, "number": number, **_viewer(None), "now": self._now()}
        rows = self._database.read(queries.VEHICLE_BY_NUMBER, **wanted)
        return rows_to.whole_list(results.NumberedVehicle, rows)

    def vehicle_by_number_and_member(
        self, user: UserKey, proof: Proof, *, city: str, number: int
    ) -> MemberAndPage[results.NumberedVehicle]:
        """Return the results of `session_member` and `vehicle_by_number` in one round trip.

        The vehicle that the member has reserved is found, too, unless the session has ended.
        """
        wanted = {"city": city, "number": number, "now": self._now()}
        found = self._numbered(user, proof, queries.VEHICLE_BY_NUMBER_WITH_MEMBER, **wanted)
        return found if found.member else MemberAndPage(None, self.vehicle_by_number(city, number))

    def vehicle_of(
        self, owner: UserKey, proof: Proof, *, vehicle_id: UUID
    ) -> MemberAndPage[results.NumberedVehicle]:
        """Return the session's member and their vehicle, for its label.

        The page is empty if the member has no such vehicle, or if it has no number yet.
        """
        wanted = {"city": owner.city, "id": vehicle_id, "owner_id": owner.id}
        return self._numbered(owner, proof, queries.VEHICLE_OF_OWNER, **wanted)

    def free_vehicles(self, city: str) -> Iterator[list[results.PublicVehicle]]:
        """Yield all vehicles of known position in the city that are not ridden, for open data.

        They come in batches of BATCH. On CockroachDB they are those of some five seconds ago.
        """
        after, is_last = FIRST_ID, False
        while not is_last:
            wanted = {"city": city, "after": after, "limit": BATCH, "now": self._now()}
            rows = self._database.read(queries.FREE_VEHICLES, **wanted)
            is_last = len(rows) < BATCH
            if rows:
                yield rows_to.named_tuples(results.PublicVehicle, rows)
                after = UUID(max(row.public_id for row in rows))

    def add_vehicle(
        self,
        owner: UserKey,
        proof: Proof = 0,
        *,
        type: str,
        color: str,
        brand: str,
        location: str,
        position: Position | None = None,
        idempotency_key: str = "",
    ) -> VehicleKey:
        """Add a vehicle in its owner's home city, mark the member as owner and return its key.

        All calls of the owner with the same `idempotency_key`, that of a form, add one vehicle; and
        so does a request that is repeated with the key of its `proof`. Raises TooFarAway,
        AccountDeleted, AccountSuspended, EmailNotVerified, TooManyVehicles, VehicleRemoved if that
        vehicle was removed since, and SessionEnded if the session of this `proof` has ended.
        """
        vehicle = VehicleKey(owner.city, _id(owner.id, idempotency_key))
        now = self._now()
        return Repeatable(owner, proof, now).write(
            self._database,
            transactions.add_vehicle,
            vehicle,
            owner,
            proof,
            decode=lambda key: VehicleKey(key[0], UUID(key[1])),
            type=type,
            color=color,
            brand=brand,
            location=location,
            position=within_city(owner.city, position),
            numbers=RANDOM.sample(NUMBERS, CANDIDATES),
            only_verified=self._only_verified,
            now=now,
        )

    def remove_vehicle(self, vehicle: VehicleKey, owner: UserKey, proof: Proof = 0) -> bool:
        """Remove a vehicle from service: now, or after its active ride or reservation.

        Return True if it is removed now. A request whose `proof` has an idempotency key is
        repeatable. Raises VehicleNotFound, NotYourVehicle.
        """
        now = self._now()
        once = Repeatable(owner, proof, now)
        return once.write(self._database, transactions.remove_vehicle, vehicle, owner, now=now)

    # Reservations

    def reserve(self, city: str, public_id: UUID, rider: UserKey, proof: Proof = 0) -> datetime:
        """Reserve the vehicle of this public id for ten minutes, usually in one round trip.

        Return when the reservation ends. A repeated call changes nothing. Raises AlreadyReserved,
        ReservedRecently, ReservingDuringRide, VehicleTaken, AccountDeleted, AccountSuspended,
        EmailNotVerified, and SessionEnded if the session of this `proof` has ended.
        """
        now = self._now()
        return self._change(
            (transactions.try_to_reserve, transactions.reserve),
            (city, public_id, rider),
            Repeatable(rider, proof, now),
            result=now + transactions.RESERVATION,
            decode=datetime.fromisoformat,
            only_verified=self._only_verified,
        )

    def give_up_reservation(
        self, city: str, public_id: UUID, rider: UserKey, proof: Proof = 0
    ) -> None:
        """End the rider's reservation of this vehicle, usually in one round trip.

        Does nothing if it has ended. Raises AccountDeleted, and SessionEnded if the session of this
        `proof` has ended.
        """
        self._change(
            (transactions.try_to_give_up, transactions.give_up),
            (city, public_id, rider),
            Repeatable(rider, proof, self._now()),
            result=None,
        )

    # Rides

    def start_ride(
        self, city: str, public_id: UUID, rider: UserKey, proof: Proof = 0
    ) -> results.StartedRide:
        """Start a ride with the vehicle of this public id, usually in one round trip.

        A repeated call returns the rider's active ride; a repeated request with an idempotency key
        returns its ride, even if it has ended. Raises AlreadyRiding, VehicleTaken, AccountDeleted,
        AccountSuspended, EmailNotVerified, and SessionEnded if the session of this `proof` has
        ended.
        """
        ride = RideKey(city, uuid4())
        started = self._change(
            (transactions.try_to_start_ride, transactions.start_ride),
            (ride, public_id, rider),
            Repeatable(rider, proof, self._now()),
            result=ride,
            decode=lambda key: RideKey(key[0], UUID(key[1])),
            only_verified=self._only_verified,
            is_charged=self._charges_rides,
        )
        return results.StartedRide(started, is_new=started == ride)

    def end_ride(
        self,
        ride: RideKey,
        rider: UserKey,
        proof: Proof = 0,
        *,
        location: str,
        position: Position | None = None,
        zones: Sequence[Zone] = (),
    ) -> bool:
        """End the rider's active ride at `location`, usually in one round trip.

        Without a `position`, the ride's distance and the vehicle's position are unknown. `zones`
        are those of the ride's city that are in force. Ending a ride again changes nothing and
        returns False. Raises RideNotFound, NotYourRide, TooFarAway, NoParking, AccountDeleted, and
        SessionEnded if the session of this `proof` has ended.
        """
        check_end(zones, position)
        return self._change(
            (transactions.try_to_end_ride, transactions.end_ride),
            (ride, rider),
            Repeatable(rider, proof, self._now()),
            result=True,
            location=location,
            position=within_city(ride.city, position),
            public_id=uuid4(),
            timezone=served_city(rider.city).timezone.key,
            mails_receipts=self._only_verified,
        )

    def undo_ride(
        self, ride: RideKey, rider: UserKey, proof: Proof = 0, *, position: Position | None = None
    ) -> bool:
        """Undo the rider's active ride, usually in one round trip; its vehicle stays where it was.

        The ride must have begun at most UNDO_WITHIN ago and UNDO_RADIUS from this `position`.
        Undoing a ride again changes nothing and returns False. Raises RideNotFound, NotYourRide,
        RideEnded, TooLateToUndo, TooFarToUndo, PositionNeeded, AccountDeleted, and SessionEnded if
        the session of this `proof` has ended.
        """
        return self._change(
            (transactions.try_to_undo_ride, transactions.undo_ride),
            (ride, rider),
            Repeatable(rider, proof, self._now()),
            result=True,
            position=position,
            public_id=uuid4(),
        )

    def explain_undo(self, ride: RideKey, rider: UserKey, proof: Proof, reason: str) -> None:
        """Note why the rider has undone a ride, usually in one round trip.

        Raises RideNotFound if it was not undone, NotYourRide, AccountDeleted, SessionEnded.
        """
        self._change(
            (transactions.try_to_explain_undo, transactions.explain_undo),
            (ride, rider),
            Repeatable(rider, proof, self._now()),
            result=None,
            reason=reason,
        )

    def ride(self, rider: results.Member, id: UUID) -> results.Ride:
        """Return one of the rider's own rides. Raises RideNotFound."""
        wanted = {**_rider_parameters(rider), "id": id, "limit": 1}
        rows = self._database.read(queries.RIDE, **wanted) if rider.cities_ridden else ()
        if not rows:
            raise errors.RideNotFound
        return rows_to.named_tuples(results.Ride, rows)[0]

    def rides(
        self, rider: results.Member, *, before: tuple[datetime, UUID] | None, size: int
    ) -> Page[results.Ride]:
        """Return a page of the rider's rides, as `history` does, without totals."""
        if before or not rider.cities_ridden:
            return self.history(rider, before=before, size=size).rides
        first = {"before": datetime.max.replace(tzinfo=UTC), "after": LAST_ID, "limit": size + 1}
        rows = self._database.read(queries.RIDES, **_rider_parameters(rider), **first)
        return rows_to.page_of_rides(rows, size)

    def history(
        self, rider: results.Member, *, before: tuple[datetime, UUID] | None, size: int
    ) -> results.History:
        """Return a page of the rider's history, newest first.

        `before` is the start time and id of the last ride of the previous page. The first page
        also has the monthly totals and spending of the last year and the weekly totals of the last
        half year, in the time zone of the rider's home city. The following pages of a rider who has
        been in other regions are read from the nearest replicas
        (docs/decisions/0018-follower-reads.md).
        """
        if not rider.cities_ridden:
            return results.History(Page((), None), (), ())
        last, after = before or (datetime.max.replace(tzinfo=UTC), LAST_ID)
        wanted = {**_rider_parameters(rider), "before": last, "after": after, "limit": size + 1}
        if before:
            is_abroad = _has_been_abroad(rider)
            found = self._database.read(
                queries.OLDER_RIDES if is_abroad else queries.RIDES, **wanted
            )
            rides = sorted(found, key=attrgetter("start_time", "id"), reverse=True)
            is_stale = is_abroad and is_cockroachdb(self.engine.url)
            return results.History(rows_to.page_of_rides(rides, size), (), (), is_stale=is_stale)
        rows = self._database.read(
            queries.HISTORY,
            **wanted,
            **totals_since(served_city(rider.city), self._now()),
            **money_since(served_city(rider.city), self._now()),
        )
        page = rows_to.page_of_rides(rows, size)
        if not rows:
            return results.History(page, (), ())
        months, weeks = (rows_to.ride_totals(text) for text in (rows[0].months, rows[0].weeks))
        return results.History(page, months, weeks, rows_to.sums(rows[0].spent))

    # Money

    def tariffs(self, city: str) -> tuple[results.CityTariff, ...]:
        """Return all tariffs of a city, also past and future ones, in the order of their begin."""
        return tuple(
            rows_to.named_tuples(
                results.CityTariff, self._database.read(queries.TARIFFS, city=city)
            )
        )

    def add_tariff(self, city: str, tariff: results.CityTariff) -> bool:
        """Add a tariff; return False if the vehicle type has one from this moment on."""
        return self._database.write(transactions.add_tariff, city, tariff)

    def unpaid_fares(self, city: str, *, after: UUID | None, size: int) -> list[results.UnpaidFare]:
        """Return the next fares of a city's rides that are not paid, in the order of their ids."""
        wanted = {"city": city, "after": after or FIRST_ID, "limit": size}
        return rows_to.named_tuples(
            results.UnpaidFare, self._database.read(queries.UNPAID_FARES, **wanted)
        )

    def book_payment(self, city: str, ride_id: UUID) -> bool:
        """Book that the fare of a ride is paid; return False if it was before."""
        return self._database.write(
            transactions.book_payment, RideKey(city, ride_id), now=self._now()
        )

    def refund_fare(self, city: str, ride_id: UUID) -> bool:
        """Take the fare of a ride back from its owner's earnings and MovR's, for its rider.

        Return False if there is no fare, or if it was refunded before.
        """
        return self._database.write(
            transactions.refund_fare, RideKey(city, ride_id), now=self._now()
        )

    def earnings(
        self, owner: UserKey, proof: Proof, *, before: tuple[date, UUID] | None, size: int
    ) -> MemberAndPage[results.Earnings]:
        """Return the session's member and a page of what their vehicles have earned by month.

        Months are those of the last year, in the time zone of the home city, newest first. `before`
        is the month and vehicle of the last item of the previous page. If the session has ended,
        the member is None and the page empty.
        """
        month, after = before or (date.max, LAST_ID)
        member, rows = self._read_with_member(
            owner,
            proof,
            queries.EARNINGS,
            city=owner.city,
            owner_id=owner.id,
            **money_since(served_city(owner.city), self._now()),
            before=month,
            after=after,
            limit=size + 1,
        )
        return MemberAndPage(member, rows_to.page_of_earnings(rows if member else (), size))

    def all_rides(self, rider: results.Member) -> Iterator[tuple[results.Ride, ...]]:
        """Yield all of the rider's rides, newest first, in batches of BATCH."""
        before: tuple[datetime, UUID] | None = (datetime.max.replace(tzinfo=UTC), LAST_ID)
        while before and rider.cities_ridden:
            time, after = before
            wanted = {"before": time, "after": after, "limit": BATCH + 1}
            deadline.restart()
            rows = self._database.read(queries.RIDES, **_rider_parameters(rider), **wanted)
            page = rows_to.page_of_rides(rows, BATCH)
            yield page.items
            before = (page.items[-1].start_time, page.items[-1].id) if page.next else None

    # Regions

    def placement(self) -> inspection.CurrentPlacement:
        """Return the placement of the database."""
        return self._database.with_retry(
            lambda: inspection.current_placement(self._database.autocommit)
        )

    def estimated_rows(self) -> statistics.EstimatedRows:
        """Return the number of rows of each city in each table, estimated without counting."""
        return self._database.with_retry(
            lambda: statistics.estimated_rows(self._database.autocommit)
        )

    def last_placement_check(self) -> str | None:
        """Return what `placement check` last said of this database, or None."""
        return self._database.with_retry(lambda: last_check.read(self._database.autocommit))

    # Operators

    def update_region(self) -> None:
        """Set the hidden `crdb_region` of every row to the region of its city, city by city."""
        for city in CITIES:
            self._database.write(transactions.update_region, city.name, city.region)

    def _search(
        self, search: Search, radius: float, rider: UserKey | None = None
    ) -> Sequence[Row[Any]]:
        viewer = {**_viewer(rider), "now": self._now()}
        return self._database.read(search.statement(radius), **search.parameters(radius), **viewer)

    def _page_of_vehicles(
        self,
        search: Search,
        radius: float,
        rows: Sequence[Row[Any]],
        rider: UserKey | None = None,
    ) -> Page[results.NearbyVehicle]:
        """Return a page from `rows`, found within `radius` metres.

        Repeats the search with a larger radius while there are fewer vehicles than a page holds.
        """
        while len(rows) <= search.size and radius < search.farthest:
            radius *= RADIUS_GROWTH
            rows = self._search(search, radius, rider)
        found = rows_to.nearby_vehicles(rows)
        self._radii.learn(search, found)
        return rows_to.page_of_vehicles(found, search.size)

    def _change(
        self,
        ways: tuple[Callable[..., bool], Callable[..., Result]],
        subject: tuple[object, ...],
        request: Repeatable,
        *,
        result: Result,
        decode: Callable[[Any], Result] = lambda result: result,
        **wanted: Any,
    ) -> Result:
        """Make a change by one statement, and return `result`; else run the transaction.

        The second one of `ways` is the transaction, which says why if it is not possible either.
        """
        attempt, transaction = ways
        wanted |= {"now": request.at}
        proof = with_result(request.proof, result)
        if self._database.attempt(attempt, *subject, proof=proof, **wanted):
            return result
        wanted |= {"proof": without_key(proof)}
        return request.write(self._database, transaction, *subject, decode=decode, **wanted)

    def _numbered(
        self, user: UserKey, proof: Proof, statement: Select[Any], **wanted: object
    ) -> MemberAndPage[results.NumberedVehicle]:
        """Return the session's member and a page of at most one vehicle."""
        member, rows = self._read_with_member(user, proof, statement, **wanted)
        return MemberAndPage(member, rows_to.whole_list(results.NumberedVehicle, rows))

    def _read_with_member(
        self, user: UserKey, proof: Proof, statement: Select[Any], **parameters: object
    ) -> tuple[results.Member | None, Sequence[Row[Any]]]:
        return read_with_member(
            self._database, user, proof, statement, at=self._now(), **parameters
        )

    def _register(
        self, user: UserKey, password: str, account: results.Account, *, sends_link: bool
    ) -> None:
        hashed = passwords.hash_password(password)
        self._database.write(
            transactions.register,
            user,
            account,
            password_hash=hashed,
            sends_link=sends_link,
            now=self._now(),
        )

    def _delete_account(self, user: UserKey, epoch: int, now: datetime) -> None:
        while not self._database.write(transactions.delete_account, user, epoch, now=now):
            pass

    def _set_password(self, user: UserKey, epoch: int, password: str) -> str:
        hashed = passwords.hash_password(password)
        return self._database.write(transactions.set_password, user, epoch, password_hash=hashed)


def _id(namespace: UUID, idempotency_key: str) -> UUID:
    """Return a new random id, or the id derived from the idempotency key if there is one."""
    return uuid5(namespace, idempotency_key) if idempotency_key else uuid4()


def _viewer(user: UserKey | None) -> dict[str, Any]:
    """Return the query parameters for whose reservation is shown: NULL for a visitor."""
    city, id_ = user or (None, None)
    return {"member_city": city, "member_id": id_}


def _rider_parameters(rider: results.Member) -> dict[str, Any]:
    """Return the query parameters for a rider's rides."""
    return {"rider_city": rider.city, "rider_id": rider.id, "cities": rider.cities_ridden}


def _has_been_abroad(rider: results.Member) -> bool:
    """Return True if the rider has ridden in another region than that of their home city."""
    home = served_city(rider.city).region
    return any(served_city(name).region != home for name in rider.cities_ridden)
