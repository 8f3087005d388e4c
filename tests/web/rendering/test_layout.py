"""The navigation, which all pages share."""

import re

import pytest

from tests.visitor import Visitor


@pytest.mark.parametrize(("path", "current"), [("/vehicles", ["/vehicles"]), ("/", [])])
def test_the_navigation_marks_the_link_to_the_current_page(
    visitor: Visitor, path: str, current: list[str]
) -> None:
    page = visitor.get(path).text

    assert re.findall(r'aria-current="page"\s+href="([^"]+)"', page) == current
