"""Static files: their addresses name what is in them, so that browsers may keep them for good."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, request

CACHE_FOREVER: Final = 365 * 24 * 3600  # seconds
REVALIDATE: Final = 0  # browsers keep it too, but ask whether it has changed

_DIGITS: Final = 12
_LEADING_FINGERPRINT: Final = re.compile(rf"^[0-9a-f]{{{_DIGITS}}}/")


def serve_folder(app: Flask, name: str, folder: Path) -> None:
    """Serve this folder at `/name/`; `url_for(name, filename=…)` leads to its files as they are."""
    app.add_url_rule(f"/{name}/<path:filename>", endpoint=name)
    serve_files(app, name, _files(folder))


def serve_files(app: Flask, endpoint: str, files: Mapping[str, Path]) -> None:
    """Serve these files at an endpoint that takes a `filename`; it may be an extension's.

    The fingerprint in an address is that of all of them: scripts and styles name each other by
    relative addresses. Without it, or with that of another release, browsers ask each time whether
    a file has changed; while developing always, because files change under their addresses.
    """
    current = f"{_fingerprint(files)}/"

    def name_content(requested: str, values: dict[str, Any]) -> None:
        if requested == endpoint:
            values["filename"] = f"{current}{values['filename']}"

    def send(filename: str) -> Response:
        file = files.get(_LEADING_FINGERPRINT.sub("", filename, count=1)) or abort(
            HTTPStatus.NOT_FOUND
        )
        # Whole, and not as a stream: Flask-Compress would leave the file open.
        reply = Response(file.read_bytes(), mimetype=mimetypes.guess_type(file)[0])
        is_for_good = filename.startswith(current) and not app.debug
        reply.cache_control.public = True
        reply.cache_control.max_age = CACHE_FOREVER if is_for_good else REVALIDATE
        reply.cache_control.immutable = is_for_good
        reply.add_etag()
        reply.make_conditional(request)
        return reply

    app.url_defaults(name_content)
    app.endpoint(endpoint)(send)


def fingerprint(folder: Path) -> str:
    """Digits that are others as soon as a name or a byte in this folder is another."""
    return _fingerprint(_files(folder))


def _fingerprint(files: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]


def _files(folder: Path) -> dict[str, Path]:
    """All files within a folder, by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
