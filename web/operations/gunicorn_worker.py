"""gunicorn's worker of threads, which loses no request when it stops."""

from socket import socket

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Closes its listeners as soon as it stops, once it has accepted who is waiting there.

    gunicorn's own keeps them open, unheeded, until its last request is done: the kernel goes on
    welcoming connections and resets them in the end, and a proxy may not send a POST again that
    was reset. Refused at once, it sends it elsewhere (tests/web/operations/test_shutdown.py).
    """

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
