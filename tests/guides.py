"""The commands of a guide, run in a clone as a reader types them."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cli.test_serve import NO_SETTINGS
from tests.conftest import ROOT

# The environment of a reader: no settings of MovR, and no identity or configuration of git.
GIT: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "ada@movr.invalid" for who in ("AUTHOR", "COMMITTER")},
}
VENV: Final = Path(sys.prefix)
TIMEOUT: Final = 120  # seconds


@dataclass(frozen=True)
class Block:
    """A block of code: its language, the words after it, which no reader sees, and its text."""

    language: str
    words: str
    text: str


def blocks(page: str) -> list[Block]:
    """Return the blocks of code of a page in Markdown."""
    found = re.findall(r"^```(\w*) ?(.*)\n((?:(?!```).*\n)*)```$", page, re.MULTILINE)
    return [Block(*parts) for parts in found]


class Clone:
    """A folder with the files of a clone, and with its virtual environment."""

    def __init__(self, folder: Path, *copied: str) -> None:
        """Link to all that git knows at the top, and copy what the guide changes."""
        self.folder = folder
        for path in ROOT.iterdir():
            if path.name in copied:
                copy = shutil.copytree if path.is_dir() else shutil.copy2
                copy(path, folder / path.name)
            elif not path.name.startswith(".") and path.name != "server.py":
                (folder / path.name).symlink_to(path)
        shutil.copy(ROOT / "server.py", folder)  # no symlink, which Python would resolve
        for name in (".flaskenv", ".gitignore"):
            shutil.copy(ROOT / name, folder)
        (folder / ".venv").symlink_to(VENV)

    def environment(self, **variables: str) -> dict[str, str]:
        unset = {*NO_SETTINGS, "WORKERS", "FLASK_DEBUG"}
        kept = {name: text for name, text in os.environ.items() if name not in unset}
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**kept, **GIT, "PATH": path, **variables}

    def follow(self, commands: str, variables: Mapping[str, str], typed: str = "") -> str:
        """Run these commands in a new shell, which ends at the first that fails.

        Returns their output. `typed` is what the reader types when asked.
        """
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.folder,
            env=self.environment(**variables),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        return done.stdout
