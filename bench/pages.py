"""How fast whole pages are judged, as a listener hears them: a hundred posts at once are matched with a brand, read, and judged.

Usage: python bench/pages.py [FOLDER] [--posts NUMBER]

FOLDER holds texts: every *.jsonl.gz in it is read, each line's `text` and the `text` of each of its `turns`; without one a few made-up
posts are read, each with a number. Prints one JSON line a figure, in CPU time of this process: the first pages, which make phrases
ready, then the pages behind them, by each scorer. Bare vaderSentiment reads the same pages in turn with them, since no two minutes of
a busy machine are the same.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from judging import POSTS  # noqa: E402 - after the path
from vader import texts  # noqa: E402
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: E402

from listener.matching import Matcher  # noqa: E402
from listener.model import Account, Author, Post  # noqa: E402
from listener.rules.rulebook import Brand, Scoring, SentimentSettings  # noqa: E402
from listener.scoring.assessor import Assessor  # noqa: E402

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PAGE, FIRST = 100, 10
OURS = (Account("x", "1", "acme"),)
BRANDS = {"acme": Brand(names=("Acme", "Acme Shoes"), handles={"x": "acme"}, hashtags=("acmefail",))}
Page = Sequence[Post]


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "pages", "figure": name, "value": round(value, 3), "unit": unit, **more}))


def judge_of(scorer: str) -> Callable[[Page], object]:
    """Return what matches and judges a page as a listener does."""
    matcher, assessor = Matcher(BRANDS), Assessor(Scoring(sentiment=SentimentSettings(scorer=scorer)))

    def judge(page: Page) -> object:
        return assessor.assess_all([(post, ()) for post in page if matcher.match(post, OURS)])

    return judge


def seconds(work: Callable[[Page], object], page: Page) -> float:
    """Return the CPU time that a page takes."""
    begun = time.process_time()
    work(page)
    return time.process_time() - begun


def pages(folder: Path | None, number: int) -> list[Page]:
    """Return the posts, mixed by chance that is the same each time."""
    said = list(texts(folder)) if folder else [f"{text} {turn}" for turn in range(-(-number // len(POSTS))) for text in POSTS]
    random.Random(1).shuffle(said)  # noqa: S311 - the same posts each time
    posts = [
        Post("x", str(place), f"@acme {text}", Author("x", str(place), "someone"), NOW, str(place))
        for place, text in enumerate(said[:number])
    ]
    return [posts[start : start + PAGE] for start in range(0, len(posts), PAGE)]


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description="How fast whole pages are judged.")
    arguments.add_argument("folder", type=Path, nargs="?", help="texts to judge; made up where none is given")
    arguments.add_argument("--posts", type=int, default=5_000)
    given = arguments.parse_args()
    heard = pages(given.folder, given.posts)
    judges = {scorer: judge_of(scorer) for scorer in ("default", "vader")}
    for scorer, judge in judges.items():
        took = sum(seconds(judge, page) for page in heard[:FIRST])
        figure(f"first pages, scorer {scorer}", took, "s", posts=sum(map(len, heard[:FIRST])))
    bare = SentimentIntensityAnalyzer()
    works = {**judges, "bare vaderSentiment": lambda page: [bare.polarity_scores(post.text) for post in page]}
    took_each = dict.fromkeys(works, 0.0)
    for page, (name, work) in itertools.product(heard[FIRST:], works.items()):
        took_each[name] += seconds(work, page)
    posts = sum(map(len, heard[FIRST:]))
    for name, took in took_each.items():
        what = f"scorer {name}" if name in judges else f"{name}, mood alone"
        figure(what, posts / took if took else 0.0, "posts/s", posts=posts, page=PAGE)
        figure(what, took / posts * 1_000 if posts else 0.0, "ms/post", posts=posts, page=PAGE)


if __name__ == "__main__":
    main()
