"""What `flask db settle-restore` does after a backup was restored."""

from collections.abc import Iterable, Iterator

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
    users = {event.user for event in log.events if event.what == DELETED}
    deleted = sum(movr().delete_restored_account(user) for user in users)
    yield f"{_count(deleted, 'account')} deleted again."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
