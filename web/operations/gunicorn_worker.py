"""gunicorn's worker of threads: it shares work fairly, and loses no request when it stops."""

import time
from socket import socket
from typing import Final

from gunicorn.workers.gthread import ThreadWorker

ACCEPT_DELAY: Final = 0.0001  # seconds for each connection that a worker has already
MAX_ACCEPT_DELAY: Final = 0.001


class Worker(ThreadWorker):
    """Closes its listeners as soon as it stops, once it has taken in who is waiting there.

    gunicorn's own keeps them open, unheeded, until its last request is done: the kernel goes on
    welcoming connections and resets them in the end, and a proxy may not send a POST again that
    was reset. Refused at once, it sends it elsewhere.
    """

    def accept(self, listener: socket) -> None:
        """Take a connection, unless a worker with fewer does.

        All are woken by a new connection. Whoever is fastest would take it, and that is often the
        same one; but a proxy keeps its connections open, and so one worker would do all the work.
        """
        time.sleep(min(self.nr_conns * ACCEPT_DELAY, MAX_ACCEPT_DELAY))
        super().accept(listener)

    def set_accept_enabled(self, enabled: bool | None) -> None:  # noqa: FBT001 - gunicorn's
        """Heed the listeners or not; the latter is the first that a worker does when it stops."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            while self.sockets:
                listener = self.sockets.pop()
                self._accept_all(listener)
                listener.close()

    def _accept_all(self, listener: socket) -> None:
        connections = -1
        while connections != self.nr_conns:
            connections = self.nr_conns
            self.accept(listener)
