"""What every part of the bench shares: a figure is one JSON line, and the percentiles are those people mean."""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "earnest-bench"
"""Where a store that takes minutes to make is kept, unless `--cache` names another folder."""


def figure(bench: str, name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": bench, "figure": name, "value": round(value, 3), "unit": unit, **more}, ensure_ascii=False), flush=True)


def say(words: str) -> None:
    """Say on stderr what is going on; stdout holds figures only."""
    print(words, file=sys.stderr, flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that so large a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def peak_memory() -> float:
    """Return the most memory that this process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def memory() -> float:
    """Return the memory that this process holds now, in MiB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 1_048_576
