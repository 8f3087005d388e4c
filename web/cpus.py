"""The number of processors that this process may use, including a container's CPU limit."""

import math
import os
from pathlib import Path
from typing import Final

LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")  # cgroup v2: "<quota> <period>", in microseconds


def available_cpus(limit: Path = LIMIT) -> int:
    """Return the number of processors available to this process, limited by cgroup; at least 1."""
    processors = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    )
    return max(1, min(processors or 1, _quota(limit)))


def _quota(limit: Path) -> int:
    """Return the container's CPU limit, rounded up to whole processors; 65536 if there is none."""
    try:
        quota, period = limit.read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no such file, or "max 100000"
        return 2**16
