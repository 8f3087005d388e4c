"""What axe finds wrong with a page, in light and in the dark."""

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# The rules that look at colors; a page's other properties are the same in the dark.
OF_COLORS: Final = ("color-contrast", "link-in-text-block")
_AXE: Final = Axe()
_RUN: Final = "rules => axe.run({runOnly: rules, resultTypes: ['violations']})"


def violations(page: Page) -> list[str]:
    """Return a sentence for each violation; the page must not animate its change of colors."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = _sentences("", _AXE.run(page).response)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += _sentences("in the dark: ", page.evaluate(_RUN, OF_COLORS))
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return found


def _sentences(scheme: str, response: dict[str, Any]) -> list[str]:
    return [
        f"{scheme}{violation['id']} at {node['target']}"
        for violation in response["violations"]
        for node in violation["nodes"]
    ]
