"""What was measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("flask", "gunicorn", "jinja2", "psycopg2-binary", "sqlalchemy", "werkzeug")
_CPUINFO: Final = Path("/proc/cpuinfo")


def facts() -> dict[str, str]:
    """The machine, its system, Python and the packages that serve."""
    return {
        "cpu": f"{os.cpu_count()} of {_cpu()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def described() -> str:
    """The machine in a line."""
    known = facts()
    return f"{known['cpu']}, {known['system']}, Python {known['python']}"


def _cpu() -> str:
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
