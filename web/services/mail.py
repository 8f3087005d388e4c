"""Email by SMTP to the server of MAIL_URI; in development without MAIL_URI, written to the log."""

import logging
import smtplib
import ssl
from collections.abc import Callable
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from web.config import MailServer
from web.context import settings
from web.email_addresses import to_ascii

TIMEOUT: Final = 10  # seconds, for each reply of the server

logger = logging.getLogger("movr.mail")


class Email(NamedTuple):
    """A plain-text email to one address. All copies have the same `id`."""

    id: UUID
    to: str
    subject: str
    text: str


def can_send() -> bool:
    """Return True if emails can be sent, or logged in development."""
    return settings().debug or settings().mail_uri is not None


def send(email: Email) -> None:
    """Send the email. Raises what send_by_smtp raises."""
    given = settings()
    if given.mail_uri:
        send_by_smtp(email, given.mail_uri, given.mail_from)
    else:
        log_email(email)


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
    message["Message-ID"] = f"<{email.id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    # Links are not wrapped in 7bit, which has no letters but those of ASCII.
    message.set_content(email.text, cte="7bit" if email.text.isascii() else "quoted-printable")
    return message
