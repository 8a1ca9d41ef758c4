"""How fast posts are judged: one by one, from a cold start, and when somebody tries to make it slow.

Usage: python bench/judging.py

Prints one JSON line a figure, in CPU time of this process. Beside Earnest's own stands bare vaderSentiment over the same posts, which
does nothing but count the mood of English words.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402 - after the path

BEGUN = time.process_time()

from listener.model import Author, Post  # noqa: E402 - its loading is measured
from listener.rules.rulebook import Scoring  # noqa: E402
from listener.scoring.assessor import Assessor  # noqa: E402

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUTHOR = Author("x", "7", "marta_k")
POSTS = (
    "@acme you charged me twice and support ignores me",
    "@acme the app keeps crashing since the update, anybody there?",
    "Love the new shoes @acme, thank you so much!",
    "@acme how do I return a pair that does not fit?",
    "Day 3 of waiting for an answer from @acme. Still nothing.",
    "lol ok",
    "@acme wo bleibt denn mein Paket? Seit zwei Wochen warte ich",
    "La app no funciona desde ayer y nadie contesta",
    "The charger started smoking and burned my daughter's hand",
)
PIECES: list[str] = [*yaml.safe_load((ROOT / "tests" / "judgement" / "hostile.yaml").read_text(encoding="utf-8")), "\ud83d"]
SIZE = 40_000


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "judging", "figure": name, "value": round(value, 1), "unit": unit, **more}))


def post(text: str) -> Post:
    """Make a post of a text."""
    return Post("x", "9", text, AUTHOR, NOW, "9")


def slowest(assessor: Assessor) -> tuple[float, str]:
    """Return the milliseconds that the slowest hostile text takes, the best of three, and what it repeats."""
    worst = (0.0, "")
    for piece in PIECES:
        long = post(piece * (SIZE // len(piece.encode(errors="surrogatepass"))))
        took = []
        for _ in range(3):
            begun = time.process_time()
            assessor.assess(long)
            took.append((time.process_time() - begun) * 1_000)
        worst = max(worst, (min(took), piece))
    return worst


def main() -> None:
    """Print the figures."""
    assessor = Assessor(Scoring())
    figure("ready to judge", (time.process_time() - BEGUN) * 1_000, "ms")
    begun = time.process_time()
    for text in POSTS:
        assessor.assess(post(text))
    figure("first posts, which load phrases and languages", (time.process_time() - begun) * 1_000, "ms", posts=len(POSTS))
    rounds = 300
    posts = [post(f"{text} {number}") for number in range(rounds) for text in POSTS]
    begun = time.process_time()
    for one in posts:
        assessor.assess(one)
    figure("one by one", len(posts) / (time.process_time() - begun), "posts/s", posts=len(posts))
    worst, piece = slowest(assessor)
    figure("slowest hostile text of 40 kB", worst, "ms", repeats=piece, of=len(PIECES))
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - what it costs is not ours

    bare = SentimentIntensityAnalyzer()
    begun = time.process_time()
    for one in posts:
        bare.polarity_scores(one.text)
    figure("bare vaderSentiment, mood alone", len(posts) / (time.process_time() - begun), "posts/s", posts=len(posts))


if __name__ == "__main__":
    main()
