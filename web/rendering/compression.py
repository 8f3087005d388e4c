"""Compression of responses, by Flask-Compress."""

from typing import Final

from flask import Flask, request
from flask_compress import Compress

ENCODINGS: Final = ["br", "gzip"]  # the preferred one first


def init_app(app: Flask) -> None:
    """Compress what clients accept compressed."""
    app.config.update(
        COMPRESS_ALGORITHM=ENCODINGS,
        COMPRESS_BR_LEVEL=3,  # half the time of 4 for 7 % more bytes
        COMPRESS_STREAMS=False,  # it would leave files open
    )
    Compress(app)
    app.before_request(_leave_out_refused_encodings)


def _leave_out_refused_encodings() -> None:
    """Rewrite Accept-Encoding without refusals, because Flask-Compress accepts `gzip;q=0`."""
    quality = request.accept_encodings.quality
    accepted = [f"{name};q={quality(name)}" for name in (*ENCODINGS, "identity") if quality(name)]
    request.environ["HTTP_ACCEPT_ENCODING"] = ", ".join(accepted)
