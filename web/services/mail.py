"""Email, composed and sent in a background thread so that no response waits for it.

Sent by SMTP to the server of MAIL_URI; in development without MAIL_URI, written to the log.
"""

import logging
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from functools import partial
from threading import BoundedSemaphore
from typing import Any, Final, NamedTuple

from flask import Flask, current_app, url_for

from web.config import MailServer, Settings
from web.context import site_url
from web.email_addresses import to_ascii

MAX_QUEUED: Final = 100  # emails
TIMEOUT: Final = 10  # seconds, for each reply of the server

logger = logging.getLogger("movr.mail")


class Email(NamedTuple):
    """A plain-text email to one address."""

    to: str
    subject: str
    text: str


class Outbox:
    """Sends emails one at a time in a thread; the process exits only when all are sent."""

    def __init__(self, app: Flask, send: Callable[[Email], None] | None) -> None:
        """Use this function to send; None disables sending."""
        self._app = app
        self._send = send
        self._thread = ThreadPoolExecutor(1, "mail")  # started by the first email
        self._free_slots = BoundedSemaphore(MAX_QUEUED)

    @property
    def is_open(self) -> bool:
        """True if emails can be sent."""
        return self._send is not None

    def put(self, write: Callable[[], Email | None]) -> None:
        """Queue a function that composes an email to send; drop it if the queue is full.

        The function runs in an application context, without a request.
        """
        if not self._free_slots.acquire(blocking=False):
            logger.warning("Too many emails wait to be sent; one was dropped.")
            return
        self._thread.submit(self._write_and_send, write)

    def close(self) -> None:
        """Wait until all emails are sent."""
        self._thread.shutdown()

    def _write_and_send(self, write: Callable[[], Email | None]) -> None:
        try:
            with self._app.app_context():
                email = write()
            if email and self._send:
                self._send(email)
        except Exception as error:  # noqa: BLE001 - the thread must go on with the next email
            # Only the type: the message may contain the address.
            logger.error("An email was not sent: %s", type(error).__name__)  # noqa: TRY400
        finally:
            self._free_slots.release()


def init_app(app: Flask) -> None:
    """Create the outbox."""
    given: Settings = app.extensions["settings"]
    send: Callable[[Email], None] | None = log_email if given.debug else None
    if given.mail_uri:
        send = partial(send_by_smtp, server=given.mail_uri, sender=given.mail_from)
    app.extensions["outbox"] = Outbox(app, send)


def outbox() -> Outbox:
    """Return the outbox of the current app."""
    found: Outbox = current_app.extensions["outbox"]
    return found


def absolute_url(endpoint: str, **values: Any) -> str:
    """Return the URL of an endpoint, for emails."""
    return f"{site_url()}{url_for(endpoint, **values)}"


def log_email(email: Email) -> None:
    """Write the email to the log, for development."""
    logger.warning("An email, not sent because MAIL_URI is not set:\n%s", email.text)


def send_by_smtp(email: Email, server: MailServer, sender: str) -> None:
    """Send the email with this server, over TLS if it supports it; log in only over TLS.

    Raises OSError (including SMTPException), and ValueError for an invalid address.
    """
    message = _message(email, sender)
    context = ssl.create_default_context()
    by_tls = partial(smtplib.SMTP_SSL, context=context)
    connect: Callable[..., smtplib.SMTP] = by_tls if server.is_tls else smtplib.SMTP
    with connect(server.host, server.port, timeout=TIMEOUT) as smtp:
        try:
            if not server.is_tls:
                smtp.starttls(context=context)
        except smtplib.SMTPNotSupportedError:
            if server.user:
                raise
        if server.user:
            smtp.login(server.user, server.password)
        smtp.send_message(message)


def _message(email: Email, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = Address(addr_spec=to_ascii(email.to))
    message["Subject"] = email.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    # Links are not wrapped in 7bit, which has no letters but those of ASCII.
    message.set_content(email.text, cte="7bit" if email.text.isascii() else "quoted-printable")
    return message
