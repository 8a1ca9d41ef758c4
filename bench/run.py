"""The figures of Earnest, all of them or the parts that are named: `make bench`, or python bench/run.py street latency stored.

Usage: python bench/run.py [PART …] [--quick] [--list] [-- ARGUMENTS]

Each part is a script of its own in this folder and can be run by itself, with flags for its sizes; ARGUMENTS behind `--` go to every part
named. Without a name all parts run that need nothing but this machine: some 25 minutes on two cores, the first time five more, since a
store of a million mentions is made and kept (see `--cache` of stored). `--quick` takes sizes for a look within three minutes. stdout holds
one JSON line a figure; on a terminal a table of all follows. What happens meanwhile is said on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_WHOLE = 100  # from here on a figure is read without its fraction
HERE = Path(__file__).resolve().parent
PARTS = {
    "street": "from a page of JSON to a drafted row: mentions a second, and what each stage takes",
    "latency": "how long a mention waits at 100 and 1,000 a second",
    "burst": "100,000 mentions at once, with cries for help among them",
    "loop": "how late the event loop runs at full load",
    "stored": "how long people wait when a million mentions are stored",
    "startup": "how long commands take from the key to the last line",
    "week": "a week in a clock of its own: memory, files, tasks, the log of the store",
    "machines": "several processes on one PostgreSQL store, and larger fleets on paper",
    "firehose": "sifting a public stream",
    "importing": "taking in history",
    "judging": "judging posts, one by one and many at once",
    "pages": "judging whole pages of a hundred posts, by each scorer",
    "drafting": "deciding and drafting once a mention is judged, and checking what is to leave",
    "replay": "playing the past again by other rules",
    "rulebooks": "rules with hundreds of routes",
    "reloading": "taking edited rules while mentions come",
    "judgement": "how well each scorer judges, how fast, and how large it is",
    "language": "telling languages apart",
    "vader": "the English scorer beside the package it is made of",
    "poisons": "patterns and posts made to take long",
    "hostile": "a minute's search for posts that take long",
}
QUICK: dict[str, tuple[str, ...]] = {
    "street": ("--mentions", "1000"),
    "latency": ("--rates", "100", "--seconds", "5"),
    "burst": ("--mentions", "2000", "--cries", "200"),
    "pages": ("--posts", "1500"),
    "loop": ("--mentions", "1000"),
    "stored": ("--mentions", "20000", "--runs", "5", "--commands", "1"),
    "startup": ("--runs", "2", "--empty"),
    "week": ("--days", "1"),
}


def told(part: str, arguments: Sequence[str]) -> Iterator[dict[str, object]]:
    """Run a part; pass its lines on and yield them.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, str(HERE / f"{part}.py"), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent, env=environment) as running:  # noqa: S603 - ours
        for line in running.stdout or ():
            if not sys.stdout.isatty():
                print(line, end="", flush=True)
            if line.startswith("{"):
                yield json.loads(line)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)


def table(figures: Sequence[dict[str, object]]) -> Iterator[str]:
    """Yield the lines of a table of all figures."""
    wide = max((len(str(one["figure"])) for one in figures), default=0)
    part = ""
    for one in figures:
        if one["bench"] != part:
            part = str(one["bench"])
            yield f"\n{part}: {PARTS.get(part, '')}".rstrip(": ")
        more = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in one.items() if name not in {"bench", "figure", "value", "unit"}
        )
        yield f"  {one['figure']!s:<{wide}}  {_short(one['value']):>12} {one['unit']!s:<14} {more}".rstrip()


def _short(value: object) -> str:
    if isinstance(value, float) and abs(value) >= _WHOLE:
        return f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def main() -> None:
    """Run the parts and print what they told."""
    words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    arguments = argparse.ArgumentParser(description="The figures of Earnest.")
    arguments.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    arguments.add_argument("--quick", action="store_true", help="small sizes, for a look")
    arguments.add_argument("--list", action="store_true", help="say which parts there are")
    given = arguments.parse_args(words[:split])
    if given.list:
        print("\n".join(f"{name:<10} {words}" for name, words in PARTS.items()))
        return
    odd = [name for name in given.parts if name not in PARTS]
    if odd:
        arguments.error(f'there is no part "{odd[0]}"; there are: {", ".join(PARTS)}')
    figures: list[dict[str, object]] = []
    failed: list[str] = []
    for part in given.parts or (QUICK if given.quick else PARTS):
        began = time.monotonic()
        print(f"{part}: {PARTS[part]} …", file=sys.stderr, flush=True)
        try:
            figures += told(part, (*(QUICK.get(part, ()) if given.quick else ()), *words[split + 1 :]))
        except subprocess.CalledProcessError as problem:
            failed.append(f"{part} failed with exit code {problem.returncode}")
        print(f"{part} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    if sys.stdout.isatty():
        print("\n".join(table(figures)))
    if failed:
        sys.exit("; ".join(failed))


if __name__ == "__main__":
    main()
