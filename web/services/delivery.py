"""Delivery of the letters in the outbox, one at a time.

No transaction is open while MovR talks to the mail server. A process that is killed after it has
sent a letter, and before it has noted that, leaves the letter to be sent again with the same
Message-ID when its lease ends.
"""

import logging
import time
from collections.abc import Iterable
from smtplib import SMTPDataError, SMTPRecipientsRefused
from threading import Event
from typing import Final

from flask import Flask

from movr.database import deadline
from movr.errors import Refusal
from movr.outbox import MAX_ATTEMPTS, Letter
from web.context import movr, settings
from web.security import account_log
from web.services import letters, mail

IDLE: Final = 1.0  # seconds until the next look, if no letter is due
TROUBLE: Final = 10.0  # seconds, if the database or the mail server does not answer
REMINDERS: Final = 60.0  # seconds between looks for long rides

logger = logging.getLogger("movr.outbox")


class MailServerDown(Exception):  # noqa: N818 - as a refusal
    """The mail server takes no email now. The letter is sent later."""


class Abandoned(Exception):  # noqa: N818 - as a refusal
    """The processes that have tried to send this letter ended without a result."""


def run(app: Flask, base_url: str, cities: Iterable[str], stop: Event) -> None:
    """Send letters as they become due, until `stop` is set, which is noticed after each letter.

    If the database or the mail server does not answer, wait and go on.
    """
    next_reminders = time.monotonic()
    while not stop.is_set():
        wait = IDLE
        try:
            with app.test_request_context(base_url=base_url):
                if time.monotonic() >= next_reminders:
                    remind_riders(cities)
                    next_reminders += REMINDERS
                deliver_due(cities, stop)
        except MailServerDown:
            wait = TROUBLE
        except Refusal as error:
            logger.warning("The database does not answer: %s", type(error).__name__)
            wait = TROUBLE
        stop.wait(wait)


def deliver_due(cities: Iterable[str], stop: Event) -> None:
    """Send letters until none is due or `stop` is set. Raises what deliver_next raises."""
    while not stop.is_set() and deliver_next(cities):
        pass


def remind_riders(cities: Iterable[str]) -> None:
    """Write letters to riders whose rides have been under way for long, where mail can be sent."""
    for city in cities if settings().mail_uri else ():
        deadline.start()
        movr().outbox.remind_riders(city)


def deliver_next(cities: Iterable[str]) -> bool:
    """Send the next letter that is due; return False if there is none.

    A letter that is out of date is marked as sent. Raises MailServerDown, and what class MovR
    raises if the database does not answer; then the letter is due again when its lease ends.
    """
    deadline.start()
    letter = movr().outbox.claim(cities)
    if letter is None:
        return False
    try:
        _send(letter)
    except Refusal:
        raise
    except Exception as error:
        _note_failure(letter, error)
        if is_of_server(error):
            raise MailServerDown from error
    else:
        movr().outbox.mark_sent(letter)
    return True


def is_of_server(error: Exception) -> bool:
    """Return True if the error would have hit any letter, and not this one only."""
    return isinstance(error, OSError) and not isinstance(
        error, SMTPRecipientsRefused | SMTPDataError
    )


def _send(letter: Letter) -> None:
    if letter.attempts > MAX_ATTEMPTS:
        raise Abandoned
    email = letters.compose(letter)
    if email:
        mail.send(email)
        account_log.record(account_log.LETTER_SENT, letter.city, letter.id)
    logger.info(
        "%s: %s, %.1f s after it was due", "Sent" if email else "Out of date", *_facts(letter)
    )


def _note_failure(letter: Letter, error: Exception) -> None:
    """Note that a letter was not sent, with the type of the error only: it may have the address."""
    name = type(error).__name__
    if movr().outbox.mark_failed(letter, name):
        logger.error("Given up after %d attempts: %s: %s", letter.attempts, letter.kind, name)
    else:
        logger.warning("Not sent at attempt %d: %s: %s", letter.attempts, letter.kind, name)


def _facts(letter: Letter) -> tuple[str, float]:
    return letter.kind, letter.lag.total_seconds()
