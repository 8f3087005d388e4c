"""The number of processors that this process may use, including a container's CPU limit."""

import math
import os
from pathlib import Path
from typing import Final

LIMIT: Final = Path("/sys/fs/cgroup/cpu.max")  # cgroup v2: "<quota> <period>", in microseconds


def available_cpus(limit: Path = LIMIT) -> int:
    """Return the number of processors available to this process, limited by cgroup; at least 1."""
    has_affinity = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    try:
        quota, period = limit.read_text().split()
        return min(processors, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no such file, or "max 100000"
        return processors
