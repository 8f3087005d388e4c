"""A mail server on the loopback that stores what it receives."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from typing import NamedTuple

from flask import Flask

from movr.cities import CITIES
from web.config import MailServer
from web.services import delivery

LOOPBACK = "127.0.0.1"


class Received(NamedTuple):
    """A message and the recipients of its envelope."""

    recipients: list[str]
    message: EmailMessage


class _Conversation(socketserver.StreamRequestHandler):
    server: "Postbox"

    def handle(self) -> None:
        self.say("220 post.test")
        recipients: list[str] = []
        for line in self.rfile:
            verb = line[:4].upper()
            self.server.heard.append(line)
            if verb == b"RCPT" and self.server.refused.encode() in line:
                self.say("550 no such mailbox")
                continue
            if verb == b"RCPT":
                recipients.append(line.decode().partition("<")[2].partition(">")[0])
            if verb == b"DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                message = message_from_bytes(text, _class=EmailMessage, policy=policy.default)
                self.server.emails.put(Received(recipients, message))
            if verb == b"QUIT":
                self.server.answers_quit.wait()
                self.say("221 bye")
                return
            self.say("250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Postbox(socketserver.ThreadingTCPServer):
    """The server, with the `emails` that it received in order, and all lines as `heard`.

    `deliver` is called before emails are read. While `answers_quit` is not set, the other side has
    sent an email and waits. There is no mailbox of the address `refused`.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Conversation)
        self.emails: Queue[Received] = Queue()
        self.heard: list[bytes] = []
        self.refused = "nobody@refused.example"
        self.answers_quit = threading.Event()
        self.answers_quit.set()
        self.deliver: Callable[[], object] = list

    def next(self) -> Received:
        """Return the next email, after all letters that are due were delivered."""
        self.deliver()
        return self.emails.get_nowait()

    def rest(self) -> list[Received]:
        """Return all further emails."""
        self.deliver()
        return [self.emails.get_nowait() for _ in range(self.emails.qsize())]

    @property
    def settings(self) -> MailServer:
        return MailServer(LOOPBACK, self.server_address[1], is_tls=False)


def deliver(app: Flask) -> None:
    """Send the letters that are due, as `flask outbox run` does."""
    base_url = app.extensions["settings"].site_url or "http://movr.test"
    with app.test_request_context(base_url=base_url):
        delivery.deliver_due([city.name for city in CITIES], threading.Event())


@contextmanager
def receiving() -> Iterator[Postbox]:
    with Postbox() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
