"""How well the language of posts is found: right, unknown, and wrong, for each language and by length; and how fast.

Usage: python bench/language.py FOLDER

FOLDER holds sentiment_multi_train.jsonl.gz, sentiment_multi_val.jsonl.gz (columns text and language; hi-Latn is Hindi in Latin letters)
and sentiment_en_val.jsonl.gz (text). Without it only the short posts of tests/judgement/languages.yaml are measured. Prints one JSON
line a figure: shares in percent of the posts, times in CPU time of this process. Labels of such collections are not all right.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import yaml

BEGUN = time.process_time()

from listener.scoring.language import UNKNOWN, detect  # noqa: E402 - its loading is measured

SHORT_POSTS = Path(__file__).resolve().parent.parent / "tests" / "judgement" / "languages.yaml"
FILES = ("sentiment_multi_train", "sentiment_multi_val", "sentiment_en_val")
LENGTHS = ((40, "under 40 characters"), (80, "under 80 characters"), (sys.maxsize, "all"))

Posts = list[tuple[str, str]]  # the language and the text


def figure(name: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "language", "figure": name, **more}, ensure_ascii=False))


def short_posts() -> Posts:
    """Return the short posts written for the tests."""
    written = yaml.safe_load(SHORT_POSTS.read_text(encoding="utf-8"))
    return [(language, line) for language, lines in written.items() for line in lines.splitlines()]


def collected(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the posts of a collection."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            post = json.loads(line)
            yield post.get("language", "en").removesuffix("-Latn"), post["text"]


def shares(posts: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Return how many posts there are, and the shares found right, unknown and wrong."""
    found = [(language, detect(text)) for language, text in posts]
    wrong: dict[str, int] = {}
    for language, said in found:
        if said not in {language, UNKNOWN}:
            wrong[said] = wrong.get(said, 0) + 1
    right = sum(language == said for language, said in found)
    number = max(len(found), 1)
    return {
        "right": round(100 * right / number, 2),
        "und": round(100 * (len(found) - right - sum(wrong.values())) / number, 2),
        "wrong": round(100 * sum(wrong.values()) / number, 2),
        "posts": len(found),
        "taken for": dict(sorted(wrong.items(), key=lambda one: -one[1])[:4]),
    }


def measure(name: str, posts: Posts) -> None:
    """Print the figures of a collection: for each length all languages together, then one by one."""
    for below, length in LENGTHS:
        some = [post for post in posts if len(post[1]) < below]
        for language in ("", *sorted({language for language, _ in some})):
            these = [post for post in some if language in {"", post[0]}]
            figure(name, length=length, language=language or "all", **shares(these))
        if all(len(text) < below for _, text in posts):
            return


def speed(name: str, posts: Posts) -> None:
    """Print how many posts a second one core reads."""
    begun = time.process_time()
    for _, text in posts:
        detect(text)
    figure(f"speed, {name}", value=round(len(posts) / (time.process_time() - begun)), unit="posts/s", posts=len(posts))


def main() -> None:
    """Print the figures."""
    figure("loading the module", value=round((time.process_time() - BEGUN) * 1_000), unit="ms")
    begun = time.process_time()
    detect("wo bleibt denn mein Paket")
    figure("the first post", value=round((time.process_time() - begun) * 1_000), unit="ms")
    measure("short posts", short_posts())
    if len(sys.argv) == 1:
        return
    folder = Path(sys.argv[1])
    if not folder.is_dir():
        sys.exit(f"{folder} is no folder: name the one that holds {', '.join(f'{name}.jsonl.gz' for name in FILES)}")
    for name in FILES:
        posts = list(collected(folder / f"{name}.jsonl.gz"))
        measure(name, posts)
        speed(name, posts)


if __name__ == "__main__":
    main()
