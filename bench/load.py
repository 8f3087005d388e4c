"""A closed-loop load: clients in one thread, each sending its next request after a reply."""

import selectors
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from bench.http import Connection
from bench.pages import Script
from bench.servers import Serving

MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Load:
    """Results of a load: runs per second; p50, p99 and CPU time per run in milliseconds.

    `cpu` is the time of the server's workers, `database` that of its database; `own` is the share
    of a core that the clients used.
    """

    rate: float
    p50: float
    p99: float
    cpu: float
    database: float
    own: float


class Client:
    """A connection on which a script runs repeatedly."""

    def __init__(self, connection: Connection, script: Script, until: float) -> None:
        """Start the first run. No run starts after `until`; a started run is completed."""
        self._connection, self._script, self._until = connection, script, until
        self.seconds: list[float] = []
        self._begin()

    def handle_reply(self) -> bool:
        """Handle received data. Return False after the last run."""
        reply = self._connection.receive()
        if reply is None:
            return True
        try:
            self._connection.send(self._running.send(reply))
        except StopIteration:
            now = time.perf_counter()
            self.seconds.append(now - self._began)
            if now > self._until:
                return False
            self._begin()
        return True

    def _begin(self) -> None:
        self._running = self._script()
        self._began = time.perf_counter()
        self._connection.send(next(self._running))


def drive(serving: Serving, scripts: Sequence[Script], seconds: float) -> Load:
    """Run each script in a separate client for this many seconds."""
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        connections = [stack.enter_context(Connection(serving.url)) for _ in scripts]
        cpu, database = serving.cpu(), serving.database_cpu()
        own, began = time.process_time(), time.perf_counter()
        clients = [
            Client(connection, script, began + seconds)
            for connection, script in zip(connections, scripts, strict=True)
        ]
        for connection, client in zip(connections, clients, strict=True):
            selector.register(connection.socket, selectors.EVENT_READ, client)
        while selector.get_map():
            for key, _ in selector.select():
                if not key.data.handle_reply():
                    selector.unregister(key.fileobj)
        elapsed = time.perf_counter() - began
        own = time.process_time() - own
        cpu, database = serving.cpu() - cpu, serving.database_cpu() - database
    taken = sorted(second for client in clients for second in client.seconds)
    return Load(
        rate=len(taken) / elapsed,
        p50=statistics.median(taken) * MILLISECONDS,
        p99=taken[int(len(taken) * 0.99)] * MILLISECONDS,
        cpu=cpu / len(taken) * MILLISECONDS,
        database=database / len(taken) * MILLISECONDS,
        own=own / elapsed,
    )
