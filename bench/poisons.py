"""How long it takes to say no to files that hurt programs which read YAML, or to read them as they are written: tests/rules/poisons.

Usage: python bench/poisons.py

Prints one JSON line a file: the CPU seconds of reading and checking it as the daemon does, examples and tests included.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from listener.errors import RulesWrong  # noqa: E402  # the folder must be known first
from responders.rulefile import load_rehearsed  # noqa: E402
from tests.poisons import poisons  # noqa: E402


def refused(path: Path) -> bool:
    """Read a file as the daemon does; return whether it says no."""
    try:
        load_rehearsed(path)
    except RulesWrong:
        return True
    return False


def main() -> None:
    """Print the figures."""
    refused(ROOT / "rules.yaml")  # imports and lexicons are read once
    with tempfile.TemporaryDirectory() as folder:
        for one in poisons():
            path = Path(folder) / "rules.yaml"
            path.write_text(one.words, encoding="utf-8")
            began = time.process_time()
            no = refused(path)
            figures = {"bench": "poisons", "figure": one.name, "value": round(time.process_time() - began, 3), "unit": "s", "refused": no}
            print(json.dumps(figures))


if __name__ == "__main__":
    main()
