"""Scan the site with wapiti, logged in as an owner; the last step of `make test-faults`.

Wapiti follows links and sends forms with known attacks. A finding above informational is
printed, and the exit status is 1.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from scenarios import demo
from scenarios.shared.context import Login
from tests import databases
from tests.browser.demo_server import demo_world
from tests.conftest import ROOT, UNLIMITED
from tests.visitor import Visitor

WAPITI: Final = ROOT / ".wapiti" / "bin" / "wapiti"
# The default modules and more; not those for software that MovR does not use (directories, XML,
# WordPress, TLS), nor those that guess thousands of names or need an external server.
MODULES: Final = (
    *("backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers"),
    *("methods", "permanentxss", "redirect", "shellshock", "sql", "timesql", "upload", "xss"),
)
# Requests that would end the scanner's session.
LEFT_ALONE: Final = ("/logout", "/users/*/logout", "/users/remove/*")


def main() -> int:
    """Scan a site with the demo data, and return 1 if there are findings."""
    with (
        tempfile.TemporaryDirectory(prefix="movr-scan-") as folder,
        Path(folder, "log").open("wb") as log,
        databases.server_uri() as server,
        demo_world(server, log, WRITES_PER_MINUTE=str(UNLIMITED)) as site,
    ):
        cookies = cookies_of(demo.OWNER, site)
        report = scan(site, cookies, Path(folder))
        still_in = httpx.get(f"{site}/users", headers={"Cookie": cookies}).status_code == 200
    found = [*findings(report), *([] if still_in else ["The session has ended on the way."])]
    print(*found, f"{report['infos']['crawled_pages_nbr']} links, {len(found)} findings.", sep="\n")
    return int(bool(found))


def cookies_of(login: Login, site: str) -> str:
    """Log this member in and return the cookies as a request header."""
    with httpx.Client(base_url=site) as client:

        def do_without_tls(_reply: httpx.Response) -> None:
            for cookie in client.cookies.jar:
                cookie.secure = False

        client.event_hooks = {"response": [do_without_tls]}
        visitor = Visitor(client)
        assert visitor.log_in(login.username, login.password).status_code == 303
        visitor.token()  # valid for all forms of the session
        return "; ".join(f"{name}={text}" for name, text in client.cookies.items())


def scan(site: str, cookies: str, folder: Path) -> dict[str, Any]:
    """Run wapiti and return its report."""
    report = folder / "report.json"
    subprocess.run(
        [
            *(WAPITI, "--url", f"{site}/", "--scope", "folder", "--module", ",".join(MODULES)),
            *("--header", f"Cookie: {cookies}", "--skip", "csrf_token"),
            *(word for path in LEFT_ALONE for word in ("--exclude", f"{site}{path}")),
            *("--depth", "5", "--max-files-per-dir", "5", "--max-links-per-page", "60"),
            *("--max-attack-time", "600", "--store-session", folder, "--no-bugreport"),
            *("--format", "json", "--output", report),
        ],
        check=True,
    )
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def findings(report: dict[str, Any]) -> Iterator[str]:
    """Return one line for each finding above informational."""
    for kind in ("vulnerabilities", "anomalies"):
        for name, found in report[kind].items():
            for one in found:
                if one["level"] > 0:
                    yield f"{name}: {one['method']} {one['path']} {one['parameter']}: {one['info']}"


if __name__ == "__main__":
    sys.exit(main())
