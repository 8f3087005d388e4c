"""What `flask db settle-restore` does after a backup was restored."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from uuid import UUID

from movr.results import UserKey
from web.context import movr
from web.security import account_log
from web.security.account_log import DELETED, LETTER_SENT, PASSWORD_CHANGED, Event


def settle(lines: Iterable[str]) -> Iterator[str]:
    """Apply the log of accounts and end all sessions; yield what was done, in sentences."""
    log = account_log.read(lines)
    if log.unsigned:
        yield f"{_count(log.unsigned, 'line')} ignored: not signed by SECRET_KEY or its fallbacks."
    # First, because the epochs of the backup tell which passwords were changed since.
    epochs = {_user(event): event.epoch for event in log.events if event.what == PASSWORD_CHANGED}
    locked = sum(movr().lock_password(user, epoch) for user, epoch in epochs.items())
    movr().end_all_sessions()
    yield f"All sessions have ended. {_count(locked, 'old password')} locked."
    users = {_user(event) for event in log.events if event.what == DELETED}
    deleted = sum(movr().delete_restored_account(user) for user in users)
    yield f"{_count(deleted, 'account')} deleted again."
    yield f"{_count(_mark_sent(log.events), 'letter')} not sent again."


def _mark_sent(events: Iterable[Event]) -> int:
    """Mark the letters that were sent after the backup; return how many there are."""
    sent = defaultdict[str, set[UUID]](set)
    for event in events:
        if event.what == LETTER_SENT:
            sent[event.city].add(event.id)
    return sum(movr().outbox.mark_all_sent(city, ids) for city, ids in sent.items())


def _user(event: Event) -> UserKey:
    return UserKey(event.city, event.id)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
