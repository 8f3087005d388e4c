"""Facts about the machine and the software that are measured."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

PACKAGES: Final = ("flask", "gunicorn", "jinja2", "psycopg2-binary", "sqlalchemy", "werkzeug")
_CPUINFO: Final = Path("/proc/cpuinfo")


def facts() -> dict[str, str]:
    """Return the CPU, the operating system, and the versions of Python and packages."""
    return {
        "cpu": f"{os.cpu_count()} of {_cpu()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def database(engine: Engine) -> str:
    """Return the name and version of the database server."""
    with engine.connect() as connection:
        version: str = connection.exec_driver_sql("SELECT version()").scalar_one()
    return " ".join(version.split()[:2])


def described() -> str:
    """Return a line that describes the machine."""
    known = facts()
    return f"{known['cpu']}, {known['system']}, Python {known['python']}"


def _cpu() -> str:
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
