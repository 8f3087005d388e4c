"""Compression of responses."""

import pytest

from tests.visitor import Visitor

BOOTSTRAP = "/bootstrap/static/css/bootstrap.min.css"
TEXTS = ("/", "/login", "/static/css/movr.css", BOOTSTRAP)


def arrived(visitor: Visitor, path: str, encodings: str) -> tuple[str, int, str]:
    """Return a response's encoding, number of bytes, and text without tokens."""
    reply = visitor.get(path, {"Accept-Encoding": encodings})
    assert "accept-encoding" in reply.headers["Vary"].lower()
    text = "\n".join(line for line in reply.text.splitlines() if "csrf_token" not in line)
    return reply.headers.get("Content-Encoding", ""), int(reply.headers["Content-Length"]), text


@pytest.mark.parametrize("path", TEXTS)
def test_text_is_compressed_as_the_browser_accepts(visitor: Visitor, path: str) -> None:
    visitor.get("/")  # this page shows the default city message

    whole = arrived(visitor, path, "identity")
    brotli = arrived(visitor, path, "gzip, deflate, br, zstd")
    gzip = arrived(visitor, path, "gzip")

    assert [whole[0], brotli[0], gzip[0]] == ["", "br", "gzip"]
    assert whole[2] == brotli[2] == gzip[2]
    assert max(brotli[1], gzip[1]) < whole[1] / 2


def test_pictures_are_not_compressed(visitor: Visitor) -> None:
    assert arrived(visitor, "/static/favicon.png", "br")[0] == ""


@pytest.mark.parametrize("path", [*TEXTS, "/gbfs/v3/new-york/vehicle_status.json"])
@pytest.mark.parametrize(
    ("encodings", "encoding"),
    [
        ("gzip;q=0", ""),
        ("br;q=0, gzip;q=0", ""),
        ("*;q=0", ""),
        ("identity", ""),
        ("", ""),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=x", ""),
    ],
)
def test_a_refused_encoding_is_not_sent(
    visitor: Visitor, path: str, encodings: str, encoding: str
) -> None:
    assert arrived(visitor, path, encodings)[0] == encoding
