"""Letters: emails that a transaction writes into the table `outbox` and that are sent afterwards.

`flask --app server outbox run` sends them at least once (docs/decisions/0024-outbox.md). The text
is composed then, by web/services/letters.py.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, cast
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Row,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from movr import errors, models
from movr.database.access import Database
from movr.database.execution import run
from movr.idempotency import Repeatable
from movr.proofs import Proof
from movr.results import RideKey, UserKey

MAX_PENDING: Final = 20  # letters to a member: as long as they wait, no more can be asked for
MAX_REQUESTS: Final = 1_000  # letters of a city whose recipients are still to be found
MARKED_AT_ONCE: Final = 1_000  # letters, after a restore
LEASE: Final = timedelta(seconds=60)
MAX_ATTEMPTS: Final = 10
FIRST_RETRY: Final = timedelta(minutes=1)
LAST_RETRY: Final = timedelta(hours=6)
STILL_RIDING_AFTER: Final = timedelta(hours=2)
# Riders who were not asked by then, because no process was running, are not asked any more.
NO_REMINDER_AFTER: Final = timedelta(days=1)


class Kind(StrEnum):
    """What a letter is about, with the `data` of its text."""

    VERIFY_EMAIL = "verify_email"
    CONFIRM_NEW_EMAIL = "confirm_new_email"  # epoch; to the new address
    EMAIL_CHANGED = "email_changed"  # new_email; to the old address
    PASSWORD_RESET = "password_reset"  # noqa: S105 - username
    RECEIPT = "receipt"  # ride_id
    STILL_RIDING = "still_riding"  # its id is that of the ride
    RIDE_ENDED_BY_STAFF = "ride_ended_by_staff"  # ride_id
    REPORT_CLOSED = "report_closed"  # color, brand and type of the vehicle; outcome
    ACCOUNT_SUSPENDED = "account_suspended"
    ACCOUNT_RESTORED = "account_restored"


class NewLetter(NamedTuple):
    """A letter to a member; `address` only if it is not the account's."""

    to: UserKey
    kind: Kind
    data: Mapping[str, Any]
    address: str | None = None


class Letter(NamedTuple):
    """A letter that is being sent. `lag` is how long it has waited since it was due."""

    city: str
    id: UUID
    user_id: UUID | None
    kind: str
    data: Mapping[str, Any]
    address: str | None
    attempts: int
    lag: timedelta

    @property
    def recipient(self) -> UserKey | None:
        """The member, or None if `data` has the username that someone entered."""
        return UserKey(self.city, self.user_id) if self.user_id else None


_letters, _rides = (cast("Table", model.__table__) for model in (models.Letter, models.Ride))
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_USER_CITY: Final = bindparam("user_city", type_=String())
_USER_ID: Final = bindparam("user_id", type_=Uuid())
_IS_LETTER: Final = and_(
    _letters.c.city == bindparam("letter_city", type_=String()),
    _letters.c.id == bindparam("letter_id", type_=Uuid()),
)
_IS_PENDING: Final = and_(_letters.c.sent_at.is_(None), _letters.c.failed_at.is_(None))


def _row(**values: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """Return the columns of a new letter; those that are not given are parameters."""
    names = ("city", "id", "user_id", "kind", "data", "address")
    parameters: dict[str, ColumnElement[Any]] = {
        name: bindparam(name, type_=_letters.c[name].type) for name in names
    }
    return parameters | values | {"created_at": _NOW, "due_at": _NOW}


def _is_below(most: int, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return a condition: fewer letters than `most` that meet these conditions are pending.

    The CASE keeps CockroachDB from reading the partial index of all cities' pending letters, as it
    does while it has no statistics of the table.
    """
    number = func.count(case((_letters.c.failed_at.is_(None), 1)))
    unsent = select(number).where(_letters.c.sent_at.is_(None), *conditions)
    return unsent.scalar_subquery() < most


def _put(*where: ColumnElement[bool]) -> ReturningInsert[Any]:
    row = _row()
    return (
        pg_insert(_letters)
        .from_select(list(row), select(*row.values()).where(*where))
        .on_conflict_do_nothing()
        .returning(_letters.c.id)
    )


def _is_of(city: ColumnElement[Any], user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(_letters.c.city == city, _letters.c.user_id == user_id)


_PUT: Final = _put()
_PUT_IF_FEW: Final = _put(_is_below(MAX_PENDING, _is_of(_row()["city"], _row()["user_id"])))
_REQUEST: Final = _put(
    _is_below(MAX_REQUESTS, _letters.c.city == _row()["city"], _letters.c.user_id.is_(None))
)
_EXISTS: Final = select(_letters.c.id).where(_IS_LETTER)


def put_receipt(ended: CTE, rider: CTE) -> CTE:
    """Return the part of a statement that writes the receipt of a ride that it ends.

    `rider` has the columns of a user that say whether the rider wants it. The letter has the
    parameters `user_city`, `user_id`, `letter_id` and `letter_data`; there is none unless
    `mails_receipts`. It may be one of more than MAX_PENDING: counting them takes time, and there is
    one receipt a ride at most.
    """
    row = _row(
        city=_USER_CITY,
        id=bindparam("letter_id", type_=Uuid()),
        user_id=_USER_ID,
        kind=literal(str(Kind.RECEIPT)),
        data=bindparam("letter_data", type_=String()),
        address=null(),
    )
    letter = (
        select(*row.values())
        .select_from(ended.join(rider, rider.c.id == ended.c.rider_id))
        .where(
            bindparam("mails_receipts", type_=Boolean()),
            rider.c.receipts_by_mail,
            rider.c.email_verified_at.is_not(None),
        )
    )
    return insert(_letters).from_select(list(row), letter).returning(_letters.c.id).cte("receipt")


def receipt(ride: RideKey) -> dict[str, object]:
    """Return the parameters of `put_receipt` for a ride."""
    data = json.dumps({"ride_id": str(ride.id)})
    return {"letter_id": uuid5(ride.id, Kind.RECEIPT), "letter_data": data}


def _claim() -> ReturningUpdate[Any]:
    """Claim the letter that has been due for the longest time, until its lease ends.

    Another process that has found the same letter waits for the lock, and finds it leased then.
    CockroachDB has SKIP LOCKED since v22.2 only.
    """
    is_due = and_(
        _letters.c.city.in_(bindparam("cities", expanding=True)),
        _IS_PENDING,
        _letters.c.due_at <= _NOW,
    )
    key = (_letters.c.city, _letters.c.id)
    due = select(*key).where(is_due).order_by(_letters.c.due_at).limit(1).cte("due")
    is_found = and_(_letters.c.city == due.c.city, _letters.c.id == due.c.id)
    locked = (
        select(*key, _letters.c.due_at)
        .select_from(due.join(_letters, is_found))
        .where(is_due)
        .with_for_update(of=_letters)
        .cte("locked")
    )
    columns = ("city", "id", "user_id", "kind", "data", "address", "attempts")
    return (
        update(_letters)
        .where(_letters.c.city == locked.c.city, _letters.c.id == locked.c.id)
        .values(
            due_at=bindparam("leased_until", type_=DateTime(timezone=True)),
            attempts=_letters.c.attempts + 1,
        )
        .returning(*(_letters.c[name] for name in columns), locked.c.due_at.label("was_due_at"))
    )


_CLAIM: Final = _claim()
_NOTHING_LEFT: Final = {"data": null(), "address": null(), "failed_at": null()}
_SENT: Final = (
    update(_letters)
    .where(_letters.c.sent_at.is_(None))
    .values(sent_at=_NOW, last_error=null(), **_NOTHING_LEFT)
    .returning(_letters.c.id)
)
_MARK_SENT: Final = _SENT.where(_IS_LETTER)
_MARK_ALL_SENT: Final = _SENT.where(
    _letters.c.city == bindparam("letter_city", type_=String()),
    _letters.c.id.in_(bindparam("letter_ids", expanding=True)),
)
# Only by the process that made the last attempt: another one may be sending it now.
_MARK_FAILED: Final = (
    update(_letters)
    .where(
        _IS_LETTER,
        _IS_PENDING,
        _letters.c.attempts == bindparam("attempt", type_=Integer()),
    )
    .values(
        due_at=bindparam("retry_at", type_=DateTime(timezone=True)),
        failed_at=case((_letters.c.attempts >= MAX_ATTEMPTS, _NOW)),
        last_error=bindparam("error", type_=String()),
    )
    .returning(_letters.c.failed_at)
)


def erase_letters() -> CTE:
    """Return the part of a statement that erases the letters of a user that were not sent.

    They are not sent any more. The parameters are `user_city`, `user_id` and `now`. The recipient
    is set to itself, because SQLAlchemy would set it to the parameter of its name.
    """
    key = (_letters.c.city, _letters.c.id)
    is_unsent = _letters.c.sent_at.is_(None)
    unsent = select(*key).where(_is_of(_USER_CITY, _USER_ID), is_unsent).cte("unsent")
    is_found = and_(_letters.c.city == _USER_CITY, _letters.c.id == unsent.c.id)
    locked = (
        select(*key)
        .select_from(unsent.join(_letters, is_found))
        .where(is_unsent)
        .with_for_update(of=_letters)
        .cte("locked")
    )
    return (
        update(_letters)
        .where(_letters.c.city == _USER_CITY, _letters.c.id == locked.c.id)
        .values(
            user_id=_letters.c.user_id,
            sent_at=_NOW,
            last_error=literal("erased"),
            **_NOTHING_LEFT,
        )
        .returning(_letters.c.id)
        .cte("erased")
    )


def _remind() -> ReturningInsert[Any]:
    """Write a letter to the rider of each ride that has been under way for a long time, once."""
    row = _row(
        city=_rides.c.rider_city,
        id=_rides.c.id,
        user_id=_rides.c.rider_id,
        kind=literal(str(Kind.STILL_RIDING)),
        data=literal("{}"),
        address=null(),
    )
    rides = select(*row.values()).where(
        _rides.c.city == bindparam("ride_city", type_=String()),
        _rides.c.end_time.is_(None),
        _rides.c.start_time <= bindparam("started_before", type_=DateTime(timezone=True)),
        _rides.c.start_time > bindparam("started_after", type_=DateTime(timezone=True)),
    )
    return (
        pg_insert(_letters)
        .from_select(list(row), rides)
        .on_conflict_do_nothing()
        .returning(_letters.c.id)
    )


_REMIND: Final = _remind()


def put(
    connection: Connection,
    to: UserKey,
    kind: Kind,
    data: Mapping[str, Any],
    *,
    id: UUID,
    now: datetime,
    address: str | None = None,
) -> bool:
    """Write a letter in this transaction, with its cause; one of the same id changes nothing.

    `data` is what the text needs beyond the account, as JSON. Returns False if it was written
    before. Letters that wait are not counted: their causes are bounded.
    """
    row = _values(NewLetter(to, kind, data, address), id)
    return run(connection, _PUT, **row, now=now).one_or_none() is not None


def _values(letter: NewLetter, id_: UUID) -> dict[str, object]:
    """Return the columns of a letter's row, except its time."""
    return {
        "city": letter.to.city,
        "id": id_,
        "user_id": letter.to.id,
        "kind": str(letter.kind),
        "data": json.dumps(letter.data),
        "address": letter.address,
    }


def retry_time(attempts: int, now: datetime) -> datetime:
    """Return when a letter is due again after this number of attempts."""
    wait: timedelta = FIRST_RETRY * 2 ** (min(attempts, MAX_ATTEMPTS) - 1)
    return now + min(wait, LAST_RETRY)


class Outbox:
    """The letters that are to be sent, in all cities."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        """Use this database and clock."""
        self._database = database
        self._now = clock

    def put(self, *letters: NewLetter, proof: Proof = 0) -> None:
        """Write letters that a member asks for. Raises TooManyLetters.

        A request whose `proof` has an idempotency key is repeatable.
        """
        with_ids = [(uuid4(), letter) for letter in letters]
        now = self._now()
        once = Repeatable(letters[0].to, proof, now)
        once.write(self._database, _put_if_few, with_ids, now=now)

    def request_password_reset(self, city: str, username: str, idempotency_key: str = "") -> None:
        """Write a letter to the member of this username, who is looked up when it is sent.

        The letter is stored in `city`, which need not be the member's. Whether there is such a
        member makes no difference here, so that neither the answer nor its time tells. Raises
        TooManyResets.
        """
        id_ = uuid5(NAMESPACE_OID, idempotency_key) if idempotency_key else uuid4()
        row = {"city": city, "id": id_, "user_id": None, "kind": str(Kind.PASSWORD_RESET)}
        data = json.dumps({"username": username})
        key = {"letter_city": city, "letter_id": row["id"]}
        if self._database.read(_REQUEST, **row, data=data, address=None, now=self._now()):
            return
        if not self._database.read(_EXISTS, **key):  # written by an attempt whose reply was lost
            raise errors.TooManyResets

    def remind_riders(self, city: str) -> int:
        """Ask the riders whose rides in this city began two hours ago, once; return how many."""
        now = self._now()
        period = {
            "started_before": now - STILL_RIDING_AFTER,
            "started_after": now - NO_REMINDER_AFTER,
        }
        return len(self._database.read(_REMIND, ride_city=city, **period, now=now))

    def claim(self, cities: Iterable[str]) -> Letter | None:
        """Return the next letter to be sent in these cities, or None if none is due.

        No other process gets it before the lease ends.
        """
        now = self._now()
        parameters = {"cities": list(cities), "leased_until": now + LEASE, "now": now}
        rows = self._database.read(_CLAIM, **parameters)
        return _letter(rows[0], now) if rows else None

    def mark_sent(self, letter: Letter) -> None:
        """Note that a letter was sent, or that it is out of date."""
        self._database.read(
            _MARK_SENT, letter_city=letter.city, letter_id=letter.id, now=self._now()
        )

    def mark_all_sent(self, city: str, ids: Iterable[UUID]) -> int:
        """Note that those of a city's letters that are not sent were; return how many there are.

        A restored backup brings back letters that were sent after it was made.
        """
        rest = list(ids)
        pages = (rest[n : n + MARKED_AT_ONCE] for n in range(0, len(rest), MARKED_AT_ONCE))
        parameters = {"letter_city": city, "now": self._now()}
        return sum(
            len(self._database.read(_MARK_ALL_SENT, **parameters, letter_ids=page))
            for page in pages
        )

    def mark_failed(self, letter: Letter, error: str) -> bool:
        """Note that an attempt failed; return True if it was the last one."""
        now = self._now()
        key = {"letter_city": letter.city, "letter_id": letter.id, "attempt": letter.attempts}
        retry_at = retry_time(letter.attempts, now)
        rows = self._database.read(_MARK_FAILED, **key, retry_at=retry_at, error=error, now=now)
        return any(row.failed_at for row in rows)


def _letter(row: Row[Any], now: datetime) -> Letter:
    columns = row._asdict()
    lag = now - columns.pop("was_due_at")
    return Letter(**columns | {"data": json.loads(row.data or "{}")}, lag=lag)


def _put_if_few(
    connection: Connection, letters: Iterable[tuple[UUID, NewLetter]], *, now: datetime
) -> None:
    """Write the letters, unless many to the member wait; they are sent in this order."""
    for n, (id_, letter) in enumerate(letters):
        at = now + n * timedelta.resolution
        if run(connection, _PUT_IF_FEW, **_values(letter, id_), now=at).first():
            continue
        if not run(connection, _EXISTS, letter_city=letter.to.city, letter_id=id_).first():
            raise errors.TooManyLetters
