"""A bound on the requests that are at work at once in a process.

gunicorn has more threads than that, for requests that hash a password or wait for it
(movr/passwords.py). Without this bound all threads would compete for the database connections.
"""

from threading import BoundedSemaphore
from typing import Final

from flask import Flask, g, request

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


def init_app(app: Flask, *, slots: int) -> None:
    """Let each request wait for one of the slots, except those to HASHING."""
    free = BoundedSemaphore(slots)

    @app.before_request
    def take() -> None:
        if request.endpoint not in HASHING:
            free.acquire()
            g.has_slot = True

    @app.teardown_request
    def give_back(_error: BaseException | None) -> None:
        if g.pop("has_slot", False):
            free.release()
