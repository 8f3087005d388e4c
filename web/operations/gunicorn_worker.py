"""gunicorn's threaded worker with a shutdown that loses no request."""

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Accepts all waiting connections and closes its listeners as soon as it stops.

    gunicorn's worker keeps its listeners open until its last request is done. Meanwhile the kernel
    accepts connections and resets them at the end. A proxy must not repeat a POST after a reset,
    but it sends it elsewhere if the connection is refused (tests/web/operations/test_shutdown.py).
    """

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
