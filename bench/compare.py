"""`make bench-compare`: whether MovR became faster or slower than it was."""

import argparse
import sys
from pathlib import Path

from bench import servers, terminal
from bench.http import Unexpected
from bench.results import Results, compare

BASELINE = servers.ROOT / "docs" / "bench.json"
KEPT = servers.ROOT / "bench" / "results"


def main() -> int:
    """Compare two results; the exit status."""
    parser = argparse.ArgumentParser(prog="make bench-compare", description=__doc__)
    parser.add_argument("old", nargs="?", type=Path, default=BASELINE, help="docs/bench.json")
    parser.add_argument("new", nargs="?", type=Path, help="the newest of bench/results")
    options = parser.parse_args()
    return terminal.run(lambda: _compare(options.old, options.new or _newest()))


def _compare(old: Path, new: Path) -> None:
    for path in (old, new):
        if not path.exists():
            raise Unexpected(f"There is no {path}.")
    print(f"{old} → {new}; * is beyond the noise: the runs of both do not overlap.\n")
    print(compare(Results.read(old), Results.read(new)))


def _newest() -> Path:
    kept = sorted(KEPT.glob("*.json"))  # named by time
    if not kept:
        raise Unexpected("There are no results yet: run `make bench` first.")
    return kept[-1]


if __name__ == "__main__":
    sys.exit(main())
