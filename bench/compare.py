"""`make bench-compare`: compare two results of `make bench`."""

import argparse
import sys
from pathlib import Path

from bench import servers, terminal
from bench.http import Unexpected
from bench.results import Results, compare

BASELINE = servers.ROOT / "docs" / "bench.json"
KEPT = servers.ROOT / "bench" / "results"


def main() -> int:
    """Compare two results and return the exit status."""
    parser = argparse.ArgumentParser(prog="make bench-compare", description=__doc__)
    parser.add_argument("--old", type=Path, default=BASELINE, help="docs/bench.json")
    parser.add_argument("--new", type=Path, help="the newest of bench/results")
    options = parser.parse_args()
    return terminal.run(lambda: _compare(options.old, options.new))


def _compare(old: Path, new: Path | None) -> None:
    was = _read(old)
    new = new or _newest()
    table = compare(was, _read(new))
    print(f"{old} → {new}; * is beyond the noise: the runs of both do not overlap.\n\n{table}")


def _read(path: Path) -> Results:
    try:
        return Results.read(path)
    except OSError as error:
        raise Unexpected(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError):
        raise Unexpected(f"{path} holds no results of `make bench`.") from None


def _newest() -> Path:
    kept = sorted(KEPT.glob("*.json"))  # names begin with the time
    if not kept:
        raise Unexpected("There are no results yet: run `make bench` first.")
    return kept[-1]


if __name__ == "__main__":
    sys.exit(main())
