"""Static files with a fingerprint in their URLs, so that browsers may cache them forever."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, request

CACHE_FOREVER: Final = 365 * 24 * 3600  # seconds
REVALIDATE: Final = 0  # browsers cache it, but check whether it has changed

_DIGITS: Final = 12
_LEADING_FINGERPRINT: Final = re.compile(rf"^[0-9a-f]{{{_DIGITS}}}/")


def serve_folder(app: Flask, name: str, folder: Path) -> None:
    """Serve this folder at `/name/`; `url_for(name, filename=…)` returns fingerprinted URLs."""
    app.add_url_rule(f"/{name}/<path:filename>", endpoint=name)
    serve_files(app, name, files_in(folder))


def serve_at_root(app: Flask, endpoint: str, files: Mapping[str, str]) -> None:
    """Serve files of this endpoint at the root, where clients look for them without a link."""
    for name, filename in files.items():

        @app.get(f"/{name}", endpoint=name)
        def send(filename: str = filename) -> Response:
            file: Response = app.ensure_sync(app.view_functions[endpoint])(filename)
            return file


def serve_files(app: Flask, endpoint: str, files: Mapping[str, Path]) -> None:
    """Serve these files at an endpoint that takes a `filename`, such as an extension's.

    All files share one fingerprint because scripts and styles refer to each other by relative
    URLs. Browsers revalidate URLs without the current fingerprint each time; in development they
    revalidate all URLs, because files change while the server runs.
    """
    current = f"{fingerprint(files)}/"

    def name_content(requested: str, values: dict[str, Any]) -> None:
        if requested == endpoint:
            values["filename"] = f"{current}{values['filename']}"

    def send(filename: str) -> Response:
        name = _LEADING_FINGERPRINT.sub("", filename)
        file = files.get(name) or abort(HTTPStatus.NOT_FOUND)
        # Not streamed: Flask-Compress would leave the file open.
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


def fingerprint(files: Mapping[str, Path]) -> str:
    """Return a hash of the names and contents of these files."""
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]


def files_in(folder: Path) -> dict[str, Path]:
    """Map the relative path of each file in the folder to the file."""
    return {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }
