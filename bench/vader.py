"""Whether `listener.scoring.valence` gives the numbers of the installed vaderSentiment, and how fast both are.

Usage: python bench/vader.py [FOLDER]

FOLDER holds texts: every *.jsonl.gz in it is read, each line's `text` and the `text` of each of its `turns`. Without a folder a few made-up
posts are read. All four numbers are compared on every text. Prints one JSON line a figure, in CPU time of this process, and the first
texts that differ; ends with 1 if any do.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from listener.scoring.valence import read

Answer = TypeVar("Answer")
SHOWN = 5
MADE_UP = (
    "@acme you charged me twice and support ignores me",
    "@acme the app keeps crashing since the update, anybody there?",
    "Love the new shoes @acme, thank you so much!",
    "The delivery was not bad at all, but the box... NEVER so HAPPY to see tape!!! 😊",
    "Day 3 of waiting for an answer from @acme. Still nothing.",
) * 500
EMOJI, EMOJI_FOR_THEM = 4_000, 1_000  # 4,000 take vaderSentiment most of a minute


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "vader", "figure": name, "value": round(value, 1), "unit": unit, **more}, ensure_ascii=False))


def texts(folder: Path) -> Iterator[str]:
    """Return every text of a folder."""
    for file in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                yield from (one["text"] for one in (row, *row.get("turns", ())) if "text" in one)


def timed(ask: Callable[[str], Answer], many: list[str]) -> tuple[list[Answer], float]:
    """Return the answers for many texts, and the seconds they took."""
    begun = time.process_time()
    answers = [ask(text) for text in many]
    return answers, time.process_time() - begun


def main() -> int:
    """Compare, and print the figures."""
    many = list(texts(Path(sys.argv[1]))) if sys.argv[1:] else list(MADE_UP)
    if not many:
        print(f"no text was found in {sys.argv[1]}: name a folder with *.jsonl.gz files", file=sys.stderr)
        return 2
    bare = SentimentIntensityAnalyzer()
    read("ready?")
    theirs, their_time = timed(bare.polarity_scores, many)
    ours, our_time = timed(read, many)
    numbers = [(one["neg"], one["neu"], one["pos"], one["compound"]) for one in theirs]
    different = [(text, one[:4], other) for text, one, other in zip(many, ours, numbers, strict=True) if one[:4] != other]
    for text, one, other in different[:SHOWN]:
        print(json.dumps({"text": text, "ours": one, "theirs": other}))
    figure("texts compared", len(many), "texts")
    figure("texts of which a number differs", len(different), "texts")
    figure("vaderSentiment", len(many) / their_time, "posts/s")
    figure("listener.scoring.valence", len(many) / our_time, "posts/s")
    figure("listener.scoring.valence, emoji count", len(many) / timed(lambda text: read(text, emoji=True), many)[1], "posts/s")
    figure("vaderSentiment, a row of emoji", timed(bare.polarity_scores, ["😊" * EMOJI_FOR_THEM])[1] * 1_000, "ms", emoji=EMOJI_FOR_THEM)
    for emoji in (EMOJI_FOR_THEM, EMOJI):
        figure("listener.scoring.valence, a row of emoji", timed(read, ["😊" * emoji])[1] * 1_000, "ms", emoji=emoji)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
