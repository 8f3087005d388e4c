"""The bytes transferred by a first visit to each page: less than 100 KB without the map."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import httpx
import pytest

from scenarios import demo
from scenarios.shared.context import Login
from tests.browser.demo_server import demo_world
from tests.visitor import Visitor

MOST = 100_000  # bytes
LOADED = re.compile(
    r'<(?:link[^>]*? rel="(?:stylesheet|icon|apple-touch-icon|manifest|modulepreload)"[^>]*? href'
    r'|script[^>]*? src|img[^>]*? src)="([^"]+)"'
)
IMPORTED = re.compile(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""")
MAP = re.compile(r"leaflet")


@pytest.fixture(scope="module")
def world(server: str) -> Iterator[str]:
    """MovR with the demo data, whose lists are full, in debug mode because of its cookies."""
    with demo_world(server, DEBUG="1", WORKERS="1") as url:
        yield url


@pytest.fixture
def visitor(world: str) -> Iterator[Visitor]:
    with httpx.Client(base_url=world, headers={"Accept-Encoding": "br"}, timeout=30) as client:
        yield Visitor(client)


def weights(visitor: Visitor, path: str) -> dict[str, int]:
    """Return the bytes of the page and of everything that it loads, by URL."""
    found: dict[str, int] = {}
    left = [path]
    while left:
        address = left.pop()
        if address in found or MAP.search(address):
            continue
        with visitor.client.stream("GET", address) as reply:
            reply.read()
            assert reply.status_code == 200, address
            head = sum(len(name) + len(value) + 4 for name, value in reply.headers.raw)
            found[address] = reply.num_bytes_downloaded + head
        pattern = LOADED if address == path else IMPORTED
        left += [urljoin(address, link) for link in pattern.findall(reply.text)]
    return found


@pytest.mark.parametrize("path", ["/", "/vehicles", "/login", "/register", "/home"])
def test_a_page_without_login_is_small(visitor: Visitor, path: str) -> None:
    found = weights(visitor, path)

    assert len(found) >= 7
    assert sum(found.values()) < MOST, found


@pytest.mark.parametrize(
    ("login", "pages"),
    [(demo.RIDER, ("/", "/vehicles", "/rides", "/users")), (demo.OWNER, ("/vehicles/add", "/me"))],
    ids=["rider", "owner"],
)
def test_a_page_of_a_member_is_small(
    visitor: Visitor, login: Login, pages: tuple[str, ...]
) -> None:
    visitor.log_in(login.username, login.password)
    paths = [path.replace("/me", f"/users/{visitor.id}") for path in pages]

    found = {path: weights(visitor, path) for path in paths}

    assert {path: sum(w.values()) for path, w in found.items() if sum(w.values()) >= MOST} == {}
