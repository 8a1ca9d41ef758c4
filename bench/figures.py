"""What every part of the bench shares: a figure is one JSON line, and the percentiles are those people mean."""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
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


def run(command: Sequence[str], *, tell: bytes = b"", **environment: str) -> tuple[float, float, int]:
    """Run the program as a process of its own; return the milliseconds that pass, those of processor time, and its exit code."""
    began = time.perf_counter()
    ran = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if ran.stdin:
        with suppress(BrokenPipeError):
            ran.stdin.write(tell)
            ran.stdin.close()
    _, status, used = os.wait4(ran.pid, 0)
    ran.returncode = os.waitstatus_to_exitcode(status)
    return (time.perf_counter() - began) * 1_000, (used.ru_utime + used.ru_stime) * 1_000, ran.returncode


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
