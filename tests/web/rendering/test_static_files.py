"""Static files: cached forever at URLs with the current fingerprint only."""

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import HERE, ROOT, NewVisitor, settings_for, visiting
from tests.visitor import Visitor
from web.app import create_app
from web.rendering.static_files import files_in, fingerprint, serve_folder

BOOTSTRAP = "/bootstrap/static/css/bootstrap.min.css"
SECURELY = HERE.replace("http:", "https:")
CURRENT = fingerprint(files_in(ROOT / "static"))
STALE = "0123456789ab"


@pytest.fixture
def production(database: str) -> Iterator[NewVisitor]:
    settings = replace(settings_for(database), debug=False, secret_key="eleven dogs sing")
    with visiting(create_app(settings), SECURELY) as new:
        yield new


@pytest.mark.parametrize(
    "name",
    [
        "css/movr.css",
        "favicon.svg",
        "favicon.png",
        "touch-icon.png",
        "share.png",
        "movr.webmanifest",
    ],
)
def test_linked_files_are_cached_for_a_year(production: NewVisitor, name: str) -> None:
    visitor = production()
    page = visitor.get("/login").text

    assert f"/static/{CURRENT}/{name}" in page
    kept = visitor.get(f"/static/{CURRENT}/{name}").headers["Cache-Control"]
    assert {"immutable", "public", "max-age=31536000"} == set(kept.split(", "))


@pytest.mark.parametrize("address", ["/static/css/movr.css", f"/static/{STALE}/css/movr.css"])
def test_files_at_other_urls_are_revalidated(production: NewVisitor, address: str) -> None:
    reply = production().get(address)

    assert reply.status_code == 200
    assert set(reply.headers["Cache-Control"].split(", ")) == {"public", "max-age=0"}


def test_a_missing_file_is_not_cached(production: NewVisitor) -> None:
    reply = production().get(f"/static/{CURRENT}/css/nothing.css")

    assert reply.status_code == 404
    assert "no-store" in reply.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["../web/app.py", "%2e%2e/web/app.py", f"{STALE}/../../server.py"])
def test_nothing_but_static_files_is_served(production: NewVisitor, path: str) -> None:
    assert production().get(f"/static/{path}").status_code == 404


def test_in_development_files_are_revalidated(visitor: Visitor) -> None:
    kept = visitor.get(f"/static/{CURRENT}/css/movr.css").headers["Cache-Control"]

    assert set(kept.split(", ")) == {"public", "max-age=0"}


def test_a_file_that_has_not_changed_is_not_sent_again(visitor: Visitor) -> None:
    first = visitor.get("/static/css/movr.css")

    again = visitor.get("/static/css/movr.css", {"If-None-Match": first.headers["ETag"]})

    assert first.headers["Content-Encoding"] in {"br", "gzip"}
    assert again.status_code == 304


@pytest.mark.parametrize("change", ["another byte", "another name", "another file"])
def test_the_fingerprint_follows_what_is_in_the_folder(tmp_path: Path, change: str) -> None:
    (tmp_path / "one.css").write_text("a { color: red }")
    before = fingerprint(files_in(tmp_path))
    assert fingerprint(files_in(tmp_path)) == before

    if change == "another byte":
        (tmp_path / "one.css").write_text("a { color: tan }")
    elif change == "another name":
        (tmp_path / "one.css").rename(tmp_path / "two.css")
    else:
        (tmp_path / "two.css").touch()

    assert fingerprint(files_in(tmp_path)) != before


def test_a_package_s_folder_is_served_alike(tmp_path: Path) -> None:
    (tmp_path / "map.js").write_text("export {}")
    app = Flask(__name__, static_folder=None)
    serve_folder(app, "leaflet", tmp_path)

    with app.test_request_context():
        address = app.url_for("leaflet", filename="map.js")

    assert address == f"/leaflet/{fingerprint(files_in(tmp_path))}/map.js"
    with app.test_client().get(address) as reply:
        assert reply.cache_control.immutable


def test_bootstrap_s_style_is_cached_and_compressed_like_our_files(
    production: NewVisitor,
) -> None:
    visitor = production()
    (address,) = re.findall(r'href="(/bootstrap/static/[^"]+)"', visitor.get("/login").text)

    style = visitor.get(address, {"Accept-Encoding": "br"})

    assert {"immutable", "public", "max-age=31536000"} == set(
        style.headers["Cache-Control"].split(", ")
    )
    assert style.headers["Content-Encoding"] == "br"
    assert style.headers["Vary"] == "Accept-Encoding"
    assert "default-src 'none'" in style.headers["Content-Security-Policy"]
    assert visitor.get(BOOTSTRAP).headers["Cache-Control"] == "public, max-age=0"


@pytest.mark.parametrize("name", ["js/bootstrap.min.js", "icons/bootstrap-icons.svg"])
def test_only_the_used_files_of_bootstrap_are_served(production: NewVisitor, name: str) -> None:
    assert production().get(f"/bootstrap/static/{name}").status_code == 404


def test_the_manifest_names_icons_of_the_sizes_that_it_says(production: NewVisitor) -> None:
    """Browsers offer to install a site with icons of 192 and 512 pixels."""
    visitor = production()
    address = f"/static/{CURRENT}"
    icons = json.loads(visitor.get(f"{address}/movr.webmanifest").text)["icons"]

    sizes = {}
    for icon in icons:
        if icon["type"] == "image/png":
            content = visitor.get(f"{address}/{icon['src']}").content
            width, height = struct.unpack(">II", content[16:24])  # of the header of a PNG
            sizes[icon["src"]] = f"{width}x{height}", icon["sizes"]
    assert {"192x192", "512x512"} <= {actual for actual, _ in sizes.values()}
    assert all(actual == said for actual, said in sizes.values())


def test_the_service_worker_keeps_static_files_and_its_page_only(production: NewVisitor) -> None:
    """The page is in the language of the page that installs it, and has no token of a session."""
    visitor = production()
    reply = visitor.get("/service-worker.js?lang=fr")

    kept = re.findall(r'"(/[^"]+)"', reply.text)
    assert reply.headers["Cache-Control"] == "no-cache"
    assert kept[0] == "/offline?lang=fr"
    assert all("/static/" in path for path in kept[1:])
    assert {visitor.get(path).status_code for path in kept} == {200}
    page = visitor.get(kept[0]).text
    assert 'lang="fr"' in page
    assert "csrf" not in page
