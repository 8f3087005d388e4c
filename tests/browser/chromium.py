"""The browser of these tests: the system's Chromium, else one that Playwright has installed.

`python -m tests.browser.chromium` installs one if there is none, and says so loudly if it can't.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

NONE_FOUND: Final = "no Chromium found (Debian: apt-get install chromium)"
NO_TESTS: Final = f"NO BROWSER TESTS: {NONE_FOUND}"
INSTALL_TIMEOUT: Final = 300  # seconds
ARGUMENTS: Final = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find() -> str | None:
    """The path of a Chromium, if there is one."""
    if system := next(filter(None, map(shutil.which, _NAMES)), None):
        return system
    with sync_playwright() as playwright:
        installed = playwright.chromium.executable_path
    return installed if os.access(installed, os.X_OK) else None


def needed() -> str:
    """The path of a Chromium, for what can do nothing without; else the end of this program."""
    return find() or sys.exit(NONE_FOUND)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """The Chromium at this path, running."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


def install() -> None:
    """Have Playwright download its Chromium. Raises what subprocess raises."""
    subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        check=True,
        timeout=INSTALL_TIMEOUT,
    )


if __name__ == "__main__" and find() is None:
    try:
        install()
    except (subprocess.SubprocessError, OSError) as error:
        print(f"\n  {NO_TESTS}\n  Playwright could not install one: {error}\n", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else 0)
