"""`make lighthouse`: measure MovR's pages with Lighthouse and write docs/lighthouse.md."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser

from scenarios import demo
from tests import databases
from tests.browser import chromium
from tests.browser.demo_server import demo_world, log_in
from tests.conftest import ROOT

LIGHTHOUSE: Final = "lighthouse@12.8.2"
REPORT: Final = ROOT / "docs" / "lighthouse.md"
LEAST: Final = 95
RUNS: Final = 3  # runs; the median counts, because other load on the machine lowers the scores
PAGES: Final = {"home": "/", "login": "/login", "vehicles": "/vehicles", "rides": "/rides"}
OF_MEMBERS: Final = frozenset({"rides"})
CATEGORIES: Final = ("performance", "accessibility", "best-practices", "seo")
FIGURES: Final = {
    "first-contentful-paint": "First paint",
    "largest-contentful-paint": "Largest paint",
    "total-blocking-time": "Blocked",
    "cumulative-layout-shift": "Shift",
    "total-byte-weight": "Transferred",
}
HEAD: Final = f"""# Lighthouse

[Lighthouse](https://developer.chrome.com/docs/lighthouse)'s scores of MovR's pages with its mobile
settings: a simulated mid-range phone on slow 4G. `make lighthouse` serves the demo data with
gunicorn and `DEBUG=0` on the loopback, writes this file, and fails if a score is below {LEAST}. The
page of rides is measured as a member, the others as an anonymous visitor; each is a first visit.
The result is the median of {RUNS} runs. It needs Node and a Chromium; npx fetches {LIGHTHOUSE}.

"""


def cookie(browser: Browser, site: str) -> str:
    """Log the demo rider in and return the session as a request header."""
    context = browser.new_context(base_url=site)
    log_in(context.new_page(), demo.RIDER)
    found = "; ".join(f"{item['name']}={item['value']}" for item in context.cookies())
    context.close()
    return found


def measure(path: str, url: str, headers: dict[str, str]) -> dict[str, Any]:
    """Return Lighthouse's report of this page, made with the Chromium at this path."""
    with tempfile.TemporaryDirectory() as folder:
        extra = Path(folder, "headers.json")
        extra.write_text(json.dumps(headers))
        run = subprocess.run(
            [
                *("npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json"),
                f"--chrome-flags=--headless=new {' '.join(chromium.ARGUMENTS)}",
                f"--extra-headers={extra}",
                f"--only-categories={','.join(CATEGORIES)}",
            ],
            check=True,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1", "CHROME_PATH": path},
        )
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def scores(report: dict[str, Any]) -> list[int]:
    """Return the scores (0 to 100) by category; performance, the only one that varies, is first."""
    return [round(report["categories"][category]["score"] * 100) for category in CATEGORIES]


def failures(report: dict[str, Any]) -> list[str]:
    """Return the failed audits."""
    weights = {
        audit["id"]: audit["weight"]
        for category in report["categories"].values()
        for audit in category["auditRefs"]
    }
    return [
        f"{audit['id']}: {audit['title']} ({audit.get('displayValue', audit['score'])})"
        for audit in report["audits"].values()
        if weights.get(audit["id"]) and audit["score"] is not None and audit["score"] < 1
    ]


def table(reports: dict[str, dict[str, Any]]) -> str:
    names = [category.replace("-", " ").capitalize() for category in CATEGORIES]
    heads = ["Page", *names[:-1], "SEO", *FIGURES.values()]
    rows = [heads, ["---"] * len(heads)]
    for page, report in reports.items():
        figures = [report["audits"][audit] for audit in FIGURES]
        said = [f.get("displayValue", "").replace("Total size was ", "") for f in figures]
        rows.append([page, *map(str, scores(report)), *said])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows).replace("\xa0", " ")


def main() -> int:
    """Measure all pages, print and write the results; return 1 if a score is too low."""
    path = chromium.needed()
    reports = {}
    with databases.server_uri() as server, demo_world(server) as site:
        with chromium.launched(path) as browser:
            session = {"Cookie": cookie(browser, site)}
        for page, address in PAGES.items():
            headers = session if page in OF_MEMBERS else {}
            runs = [measure(path, f"{site}{address}", headers) for _ in range(RUNS)]
            reports[page] = sorted(runs, key=scores)[RUNS // 2]
            print(page, *scores(reports[page]), *failures(reports[page]), sep="\n  ", flush=True)
    REPORT.write_text(HEAD + table(reports))
    return int(any(score < LEAST for report in reports.values() for score in scores(report)))


if __name__ == "__main__":
    sys.exit(main())
