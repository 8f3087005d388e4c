"""A bound on the requests that are at work at once in a process.

gunicorn has more threads than that, for requests that hash a password or wait for it
(movr/passwords.py). Without this bound all threads would compete for the database connections.
"""

import time
from threading import BoundedSemaphore
from typing import Final

from flask import Flask, g, request

from movr.database import deadline
from movr.errors import DatabaseBusy

# Endpoints that hash passwords, which have a bound of their own.
HASHING: Final = frozenset(
    {
        "auth.create_account",
        "auth.create_session",
        "users.change_password",
        "users.remove",
        "password_reset.reset",
    }
)
# Health checks, which have threads of their own (web/operations/gunicorn_worker.py).
PROBES: Final = frozenset({"health.alive", "health.ready"})


def init_app(app: Flask, *, slots: int) -> None:
    """Let each request wait for one of the slots, except those to HASHING and PROBES.

    The wait counts towards the request's deadline.
    """
    free = BoundedSemaphore(slots)

    @app.before_request
    def take() -> None:
        if request.endpoint in HASHING | PROBES:
            return
        began = time.monotonic()
        if not free.acquire(timeout=deadline.REQUEST_DEADLINE):
            raise DatabaseBusy
        g.has_slot = True
        deadline.add_queued(time.monotonic() - began)

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        if g.pop("has_slot", False):
            free.release()
