"""The browser of the tests: the system's Chromium, or one that Playwright has installed.

`python -m tests.browser.chromium` installs one if there is none, and prints a warning on failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

NONE_FOUND: Final = "no Chromium found (Debian: apt-get install chromium)"
NO_TESTS: Final = f"NO BROWSER TESTS: {NONE_FOUND}"
INSTALL_TIMEOUT: Final = 300  # seconds
ARGUMENTS: Final = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking")
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
# Debian's Chromium without a user interface, which opens a page in a quarter of the CPU time.
_SHELL: Final = "chromium-headless-shell"


def find(names: Sequence[str] = (_SHELL, *_NAMES)) -> str | None:
    """Return the path of a Chromium, or None."""
    if system := next(filter(None, map(shutil.which, names)), None):
        return system
    with sync_playwright() as playwright:
        installed = playwright.chromium.executable_path
    return installed if os.access(installed, os.X_OK) else None


def needed() -> str:
    """Return the path of a whole Chromium, or exit with a message."""
    return find(_NAMES) or sys.exit(NONE_FOUND)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Start the Chromium at this path."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


def install() -> None:
    """Let Playwright download its Chromium. Raises the errors of subprocess.run."""
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
