"""How many processors this process may use, which a container is told by its limit."""

import math
import os
from pathlib import Path
from typing import Final

LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")  # cgroup v2: "<quota> <period>", in microseconds


def available_cpus(limit: Path = LIMIT) -> int:
    """The processors of the machine that this process may run on, or fewer by the limit; from 1."""
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    return max(1, min(processors or 1, _quota(limit)))


def _quota(limit: Path) -> int:
    """The limit of this container in whole processors, rounded up; a great number without one."""
    try:
        quota, period = limit.read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no such file, or "max 100000"
        return 2**16
