"""The Markdown files of the repository: each link in them leads to a file and a heading."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.test_readme import anchors

LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
PAGES = sorted(
    page for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md") for page in ROOT.glob(pattern)
)


def local_links(page: Path) -> set[str]:
    """The links of a page that do not lead to another site."""
    text = re.sub(r"`[^`]*`", "", page.read_text())
    links = {link or source for link, source in LINK.findall(text)}
    return {link for link in links if "://" not in link}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_has_a_target(page: Path) -> None:
    for link in local_links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_of_the_documentation_links_to_each_page_or_to_its_folder() -> None:
    folder = ROOT / "docs"
    linked = {(folder / link).resolve() for link in local_links(folder / "README.md")}

    pages = {page for page in PAGES if page.is_relative_to(folder)} - {folder / "README.md"}
    assert {page for page in pages if not {page, page.parent} & linked} == set()


def test_the_readme_is_at_most_120_lines_long() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120
