"""The navigation, which all pages share."""

import re

import pytest

from tests.visitor import Visitor


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", ["page /home"]),
        ("/vehicles", ["page /vehicles"]),
        ("/vehicles/add", ["true /vehicles"]),
        ("/rides", ["page /rides"]),
        ("/users", []),
        ("/users/{id}", ["page /users/{id}"]),
        ("/users/{id}/names", ["true /users/{id}"]),
        ("/prices", []),
    ],
)
def test_the_navigation_marks_the_link_to_the_current_page_and_to_its_section(
    visitor: Visitor, path: str, current: list[str]
) -> None:
    member = visitor.register().id
    page = visitor.get(path.format(id=member)).text

    found = re.findall(r'class="[^"]* active" aria-current="([^"]+)" href="([^"]+)"', page)

    assert [" ".join(link) for link in found] == [link.format(id=member) for link in current]
