"""The service worker, and the page that it shows when the browser has no network.

https://www.w3.org/TR/service-workers/
"""

import hashlib
from typing import Final

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from web.languages import current_language
from web.rendering.bootstrap import STYLE

blueprint = Blueprint("offline", __name__)

# What the page needs, by the endpoints that serve it.
FILES: Final = (
    ("bootstrap.static", STYLE),
    ("static", "css/movr.css"),
    ("static", "favicon.svg"),
    ("static", "js/offline.js"),
    ("static", "js/clock.js"),
)


@blueprint.get("/offline")
def page() -> ResponseReturnValue:
    """Say that the device has no network; the script adds the ride under way."""
    return render_template("offline.html")


@blueprint.get("/service-worker.js")
def worker() -> ResponseReturnValue:
    """Return the service worker of this language; it changes when a file or the page does."""
    files = [url_for(endpoint, filename=name) for endpoint, name in FILES]
    address = url_for("offline.page", lang=current_language())
    version = hashlib.sha256(render_template("offline.html").encode()).hexdigest()
    script = render_template("service-worker.js", page=address, files=files, version=version)
    response = Response(script, mimetype="text/javascript")
    response.cache_control.no_cache = True
    return response
