"""Files that are written while they are read, so that a long one takes no more memory."""

from collections.abc import Iterator

from flask import Response

from movr.database import deadline


def attachment(parts: Iterator[str], name: str, mimetype: str) -> Response:
    """Return a response that sends these parts as a file of this name.

    If a part can't be read, the response breaks off, and browsers say that the file is not whole.
    """
    reply = Response(_with_deadlines(parts), mimetype=mimetype)
    reply.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply


def _with_deadlines(parts: Iterator[str]) -> Iterator[str]:
    """Yield the parts, each of which has the time of a request: the request's own is over."""
    while True:
        deadline.set_queued(0)
        deadline.start()
        try:
            part = next(parts, None)
        finally:
            deadline.end()
        if part is None:
            return
        yield part
