"""How long a command takes from the key to its last line, and the daemon until it works: on an empty store and on a full one.

Usage: python bench/startup.py [--runs 10] [--mentions 1000000] [--cache FOLDER] [--empty]

Each command is a process of its own; the empty store has six cases of the demo's kind in it. The full one is that of `stored.py`, made
where the cache folder has none; `--empty` leaves it out. `cpu` is the least processor time of a run, in milliseconds: on a machine that
has more to do it says more than the time that passes. Prints one JSON line a figure.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import filling
import house
import stored
from figures import CACHE, ROOT, figure, percentile, run

from listener.store.base import number
from responders.house import open_store

COMMANDS: dict[str, tuple[str, ...]] = {
    "--help": ("--help",),
    "status": ("status",),
    "inbox": ("inbox",),
    "mentions": ("mentions",),
    "show": ("show", "CASE"),
    "log of a case": ("log", "CASE"),
    "review --help": ("review", "--help"),
    "rules check": ("rules", "check"),
    "explain": ("explain", "--post", "@acme charged me twice and support ignores me"),
    "score": ("score",),
}


def several(bench_name: str, runs: int, command: tuple[str, ...], **environment: str) -> None:
    """Run a command some times and print what it took."""
    tell = b'{"id": "1", "text": "@acme charged me twice"}\n' if command[-1:] == ("score",) else b""
    took = [run(command, tell=tell, **environment) for _ in range(runs)]
    wall, cpu = [one[0] for one in took], min(one[1] for one in took)
    odd = {"exit_codes": sorted({one[2] for one in took})} if any(one[2] for one in took) else {}
    figure("startup", bench_name, percentile(wall, 0.5), "ms p50", p95=round(percentile(wall, 0.95)), cpu=round(cpu), runs=runs, **odd)


def daemon(url: str, name: str, runs: int) -> None:
    """Print how long it takes until the daemon has heard its town for the first time."""
    with tempfile.TemporaryDirectory() as folder, house.town(10) as address:
        rules = Path(folder) / "rules.yaml"
        words = (ROOT / "rules.yaml").read_text(encoding="utf-8")
        head, rest = words.split("\nsources:\n", 1)
        here = f"\nsources:\n  mastodon: {{instance: '{address}', tags: [acme], every: 1s}}\n"
        rules.write_text(head + here + rest[rest.index("\nscoring:") :], encoding="utf-8")
        told = {"EARNEST_STORE": url or f"sqlite:///{folder}/empty.db", "EARNEST_RULES": str(rules)}
        several(f"daemon until it has heard, {name} store", runs, ("-m", "responders", "run", "--once"), **told)


def each(url: str, name: str, runs: int) -> None:
    """Print what each command takes on a store."""
    store = open_store(url)
    row = store.read().one("SELECT MIN(id) AS id FROM cases")
    store.close()
    case = f"A-{number(row, 'id') if row else 1}"
    for title, command in COMMANDS.items():
        words = (case if word == "CASE" else word for word in command)
        several(f"{title}, {name} store", runs, ("-m", "responders", *words), EARNEST_STORE=url)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How long commands take to start.")
    arguments.add_argument("--runs", type=int, default=10)
    arguments.add_argument("--mentions", type=int, default=1_000_000)
    arguments.add_argument("--cache", type=Path, default=CACHE)
    arguments.add_argument("--empty", action="store_true", help="only on an empty store")
    given = arguments.parse_args()
    several("Python alone", given.runs, ("-c", "pass"))
    several("importing the program", given.runs, ("-c", "import responders.cli.main"))
    with tempfile.TemporaryDirectory() as folder:
        each(filling.store(Path(folder), 10, stored.NOW), "empty", given.runs)
    daemon("", "empty", max(given.runs // 3, 1))
    if not given.empty:
        each(filling.store(given.cache, given.mentions, stored.NOW), "full", given.runs)


if __name__ == "__main__":
    main()
