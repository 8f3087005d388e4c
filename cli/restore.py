"""What `flask db settle-restore` does after a backup was restored."""

from collections import Counter
from collections.abc import Iterable, Iterator

from movr.errors import VehiclesInUse
from movr.results import UserKey
from web.context import movr
from web.security import account_log
from web.security.account_log import DELETED, PASSWORD_CHANGED


def settle(lines: Iterable[str]) -> Iterator[str]:
    """Apply the log of accounts and end all sessions; yield what was done, in sentences."""
    log = account_log.read(lines)
    if log.unsigned:
        yield f"{_count(log.unsigned, 'line')} ignored: not signed by SECRET_KEY or its fallbacks."
    # First, because the epochs of the backup tell which passwords were changed since.
    epochs = {event.user: event.epoch for event in log.events if event.what == PASSWORD_CHANGED}
    locked = sum(movr().lock_password(user, epoch) for user, epoch in epochs.items())
    movr().end_all_sessions()
    yield f"All sessions have ended. {_count(locked, 'old password')} locked."
    deleted = {event.user: _delete(event.user) for event in log.events if event.what == DELETED}
    # Once more, because the riders of an owner's vehicles may be among those who were deleted.
    deleted |= {user: _delete(user) for user, result in deleted.items() if result is None}
    results = Counter(deleted.values())
    yield f"{_count(results[True], 'account')} deleted again."
    if in_use := results[None]:
        yield f"{_count(in_use, 'account')} kept, with a vehicle in use: run this again later."


def _delete(user: UserKey) -> bool | None:
    """Return True if the account was deleted, False if it was before, None while it cannot be."""
    try:
        return movr().delete_restored_account(user)
    except VehiclesInUse:
        return None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
