"""gunicorn's threaded worker: probes never wait, and a shutdown loses no request."""

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from socket import MSG_DONTWAIT, MSG_PEEK
from typing import Final

from gunicorn.workers.gthread import TConn, ThreadWorker

from movr import passwords
from movr.database import deadline

PROBES: Final = tuple(
    b"%b %b " % (method, path) for method in (b"GET", b"HEAD") for path in (b"/healthz", b"/readyz")
)
# The requests with a password, which may wait for one another (movr/passwords.py).
PASSWORD_FORMS: Final = (
    *(b"POST /login", b"POST /register", b"POST /reset", b"POST /users/"),
    b"POST /api/v1/tokens ",
)
END: Final = b"\r\n\r\n"
MAX_HEAD: Final = 4096  # bytes of a probe
BODY: Final = re.compile(rb"^(content-length|transfer-encoding)\b", re.IGNORECASE | re.MULTILINE)
PROBE_THREADS: Final = 2  # only one at a time waits for the database (web/operations/health.py)
CLOSING_THREADS: Final = 16
IDLE: Final = 1  # seconds after which a connection may be closed for another
LINGER: Final = 2  # seconds that a stopping worker waits for requests on idle connections


class Worker(ThreadWorker):
    """Serves probes and forms with a password in threads of their own.

    So probes do not wait for pages, and pages do not wait for members who log in. It also tells
    MovR how long a request was queued.

    The threads are chosen by the first bytes that a client has sent. A form with a password that
    other bytes hide reaches the threads of pages, where it waits for no other password.

    gunicorn's worker occupies a thread with each new connection until its client has sent
    something, and its event loop for up to two seconds with each connection that its client does
    not close, and with too many idle connections it accepts no other. It keeps its listeners open
    until its last request is done. Meanwhile the kernel accepts connections and resets them at the
    end. A proxy must not repeat a POST after a reset, but it sends it elsewhere if the connection
    is refused (tests/web/operations/test_shutdown.py).
    """

    def init_process(self) -> None:
        """Create the additional threads, which start when they are needed."""
        self.probe_threads = ThreadPoolExecutor(PROBE_THREADS)
        self.password_threads = ThreadPoolExecutor(passwords.MAX_AT_ONCE)
        self.closing_threads = ThreadPoolExecutor(CLOSING_THREADS)
        self.nr_closing = 0
        super().init_process()

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return the threads of pages."""
        return ThreadPoolExecutor(self.cfg.threads, initializer=passwords.never_wait)

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a connection to a thread, as soon as its client has sent something."""
        if not (conn.initialized or conn.data_ready):
            self.wait_for_data(conn)
            return
        future = self.threads_for(conn).submit(self.handle_queued, conn, time.monotonic())
        future.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def threads_for(self, conn: TConn) -> ThreadPoolExecutor:
        """Return the threads for the request that a client has sent."""
        head = b""
        with suppress(OSError):  # nothing is there, or the client is gone
            head = conn.sock.recv(MAX_HEAD, MSG_PEEK | MSG_DONTWAIT)
        if head.startswith(PASSWORD_FORMS):
            return self.password_threads
        is_probe = not conn.initialized and _is_probe(head)
        return self.probe_threads if is_probe else self.tpool

    def handle_queued(self, conn: TConn, since: float) -> bool:
        """Handle a request in a thread. The time in the queue counts towards its deadline."""
        deadline.set_queued(time.monotonic() - since)
        return self.handle(conn)

    def finish_request(self, conn: TConn, fs: "Future[bool]") -> None:
        """Keep the connection, or close it in a thread, which waits for the client to close it.

        If all threads wait already, it is closed without waiting.
        """
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        elif self.nr_closing < CLOSING_THREADS:
            self.nr_closing += 1
            closing = self.closing_threads.submit(conn.close, graceful=True)
            closing.add_done_callback(lambda _: self.method_queue.defer(self.count_closed))
        else:
            self.nr_conns -= 1
            conn.close()

    def count_closed(self) -> None:
        """Count a connection less."""
        self.nr_conns -= 1
        self.nr_closing -= 1

    def set_accept_enabled(self, enabled: bool | None) -> None:  # noqa: FBT001 - gunicorn's
        """Start or stop accepting connections; a worker that stops calls this first."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            while self.sockets:
                listener = self.sockets.pop()
                connections = -1
                while connections != self.nr_conns:
                    connections = self.nr_conns
                    self.accept(listener)
                listener.close()
            for conn in self.pending_conns:
                conn.timeout = time.monotonic() + LINGER

    def wait_for_data(self, conn: TConn) -> None:
        """Watch a connection in the event loop, as gunicorn does after five seconds."""
        conn.sock.settimeout(0)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def murder_pending(self) -> None:
        """Close connections that have expired without a request; gunicorn calls this each second.

        If the worker has as many connections as it accepts, the oldest of these expires early.
        """
        if self.pending_conns and self.nr_conns >= self.worker_connections:
            oldest = self.pending_conns[0]
            if (oldest.timeout or 0) < time.monotonic() + self.cfg.keepalive - IDLE:
                oldest.timeout = 0
        super().murder_pending()


def _is_probe(head: bytes) -> bool:
    """Return True if this is a whole request for a health check, without a body.

    Only a connection's first request counts: its response fits into the connection's buffer, and no
    other request can be in front of it.
    """
    is_whole = head.find(END) == len(head) - len(END)
    return head.startswith(PROBES) and is_whole and not BODY.search(head)
