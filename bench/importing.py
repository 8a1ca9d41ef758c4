"""How fast history is taken in: posts a second, from JSON lines to stored, judged, routed cases, in one process.

Usage: python bench/importing.py [FILE] [--network NETWORK]

Without a file it makes 3,000 conversations of its own. Prints one JSON line a figure; the second import of the same file shows what
repeats cost, and `bare insert` what the database alone would take for as many rows, one transaction for each batch.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = (
    "@acme you charged me twice and support ignores me",
    "@acme the app keeps crashing since the update, anybody there?",
    "Love the new shoes @acme, thank you so much!",
    "@acme how do I return a pair that does not fit?",
    "Day 3 of waiting for an answer from @acme. Still nothing.",
)


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "importing", "figure": name, "value": round(value, 1), "unit": unit, **more}))


def made_up(folder: Path) -> Path:
    """Write conversations of our own."""
    path = folder / "made_up.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for number in range(3_000):
            turns = [
                {"from": "customer", "text": WORDS[number % len(WORDS)]},
                {"from": "brand", "text": "@customer Which order was it? *JO"},
            ]
            out.write(json.dumps({"id": str(number), "turns": turns}) + "\n")
    return path


def earnest_import(file: Path, network: str, store: str) -> dict[str, int]:
    """Run the real program once and return what it told."""
    command = [sys.executable, "-m", "responders", "import", str(file), "--network", network, "--store", store, "--json"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603  # our own program
    result: dict[str, int] = json.loads(found.stdout)
    return result


def bare(folder: Path, rows: int) -> float:
    """Return the rows a second that SQLite alone stores, durably, in batches."""
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE posts (id INTEGER PRIMARY KEY, text TEXT)")
    began = time.perf_counter()
    for start in range(0, rows, 1_000):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO posts (text) VALUES (?)", [(WORDS[0],)] * min(1_000, rows - start))
        database.execute("COMMIT")
    return rows / (time.perf_counter() - began)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How fast history is taken in.")
    arguments.add_argument("file", type=Path, nargs="?", help="JSON lines to import; made up where none is given")
    arguments.add_argument("--network", default="x")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, network = given.file or made_up(folder), given.network
        store = f"sqlite:///{folder}/bench.db"
        first = earnest_import(file, network, store)
        figure("import", first["posts_per_second"], "posts/s", posts=first["posts"], new=first["new"])
        again = earnest_import(file, network, store)
        figure("import again", again["posts_per_second"], "posts/s", posts=again["posts"], new=again["new"])
        figure("size on disk", (folder / "bench.db").stat().st_size / first["new"], "bytes/post")
        figure("bare insert", bare(folder, first["posts"]), "rows/s", limit=True)


if __name__ == "__main__":
    main()
