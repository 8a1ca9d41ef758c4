"""How fast the past is played again: CPU time for each stored mention and peak memory, by one file and by two in two processes.

Usage: python bench/replay.py [FILE] [--network NETWORK] [--mentions NUMBER]

FILE holds conversations as `earnest import` takes them; without one, NUMBER mentions of its own are made up (10,000 unless said otherwise).
The rules are the repository's own rules.yaml, and the same with `mode: send`. Prints one JSON line a figure. CPU time is that of all
processes; `judged anew` is a replay by rules whose scoring is another one, so that no judgement can be used again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = (
    "@acme you charged me twice and support ignores me, order {n}",
    "@acme the app keeps crashing since update {n}, anybody there?",
    "Love the new shoes @acme, thank you so much! {n}",
    "@acme how do I return pair {n} that does not fit?",
    "Day {n} of waiting for an answer from @acme. Still nothing.",
    "Walked past the Acme shop in street {n} today",
)


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "replay", "figure": name, "value": round(value, 3), "unit": unit, **more}))


def earnest(*arguments: str) -> tuple[dict[str, object], resource.struct_rusage, float]:
    """Run the program; return what it told, what it and the processes it started used, and its seconds."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "responders", *arguments, "--json"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        ran = subprocess.Popen(command, cwd=ROOT, stdout=out)  # noqa: S603  # our own program
        _, status, used = os.wait4(ran.pid, 0)
        ran.returncode = os.waitstatus_to_exitcode(status)
        if ran.returncode:
            raise subprocess.CalledProcessError(ran.returncode, command)
        out.seek(0)
        told: dict[str, object] = json.load(out)
    return told, used, time.perf_counter() - began


def made_up(folder: Path, number: int) -> Path:
    """Write posts of our own, one every five seconds, one author in ten writing again."""
    path = folder / "made_up.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for n in range(number):
            author = n // 10 if n % 10 == 0 else n
            post = {"id": str(n), "text": WORDS[n % len(WORDS)].format(n=n), "author": f"person{author}"}
            out.write(json.dumps(post) + "\n")
    return path


def play(name: str, store: str, *arguments: str) -> None:
    """Replay once and print what it took."""
    told, used, seconds = earnest("rules", "replay", "--since", "3650d", "--store", store, *arguments)
    mentions = int(str(told["mentions"]))
    figure(f"{name}, CPU", (used.ru_utime + used.ru_stime) / mentions * 1_000, "ms/mention", mentions=mentions)
    figure(name, seconds, "s", mentions=mentions, would_send=told["would_send"])
    figure(f"{name}, peak memory of its largest process", used.ru_maxrss / 1_024, "MB", mentions=mentions)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How fast the past is played again.")
    arguments.add_argument("file", type=Path, nargs="?", help="conversations to import; made up where none is given")
    arguments.add_argument("--network", default="x")
    arguments.add_argument("--mentions", type=int, default=10_000)
    given = arguments.parse_args()
    own = (ROOT / "rules.yaml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = f"sqlite:///{folder}/bench.db"
        earnest("import", str(given.file or made_up(folder, given.mentions)), "--network", given.network, "--store", store)
        (folder / "send.yaml").write_text(own.replace("mode: draft", "mode: send"), encoding="utf-8")
        (folder / "judged.yaml").write_text(own.replace("negative: -0.35", "negative: -0.36"), encoding="utf-8")
        play("one file", store)
        play("against another", store, "--against", str(folder / "send.yaml"))
        play("judged anew", store, "--rules", str(folder / "judged.yaml"))


if __name__ == "__main__":
    main()
