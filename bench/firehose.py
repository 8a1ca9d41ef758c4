"""How fast a public stream is sifted: from a message as it came to "not about us", or to a post that is, on one core.

A thousand names are looked for. One message in a hundred speaks of one of them; a third of all is not plain ASCII, as on the real
network. Beside it, in the same run, stands what decoding the same messages costs with Python's own json, before anything is looked for.
Usage: python bench/firehose.py

Prints one JSON line a figure; rates are the best of five rounds of processor time.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from listener.model import Account
from listener.rules.rulebook import Brand, Route, Rulebook
from listener.sources._bluesky_frames import Frames

MESSAGES, NAMES, ROUNDS = 20_000, 1_000, 5
WORDS = (
    *(
        "the",
        "a",
        "to",
        "and",
        "of",
        "in",
        "is",
        "it",
        "you",
        "that",
        "he",
        "was",
        "for",
        "on",
        "are",
        "with",
        "as",
        "his",
        "they",
        "at",
        "be",
        "this",
        "have",
    ),
    *(
        "from",
        "or",
        "one",
        "had",
        "by",
        "word",
        "but",
        "not",
        "what",
        "all",
        "were",
        "we",
        "when",
        "your",
        "can",
        "said",
        "there",
        "use",
        "an",
        "each",
    ),
    *(
        "which",
        "she",
        "do",
        "how",
        "their",
        "if",
        "will",
        "up",
        "other",
        "about",
        "out",
        "many",
        "then",
        "them",
        "these",
        "so",
        "some",
        "her",
    ),
    *("would", "make", "coffee", "morning", "train", "lunch", "football", "rain", "cat", "album", "season", "finally"),
    *("literally", "weekend"),
)
OTHERS = ("今日はいい天気ですね", "お腹すいた", "größer", "què", "não", "сегодня", "😂😂", "❤️", "🏳️‍🌈", "ขอบคุณ", "…", "it\u2019s")
SYLLABLES = ("va", "ri", "no", "tel", "mar", "ko", "zen", "plu", "dor", "qui", "sha", "bex")


def figure(name: str, value: float, unit: str, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "firehose", "figure": name, "value": round(value, 2), "unit": unit, **more}))


def names(chance: random.Random) -> list[str]:
    """Make up a thousand names of one to three words that no ordinary post holds."""
    made: dict[str, None] = {}
    while len(made) < NAMES:
        words = ("".join(chance.choices(SYLLABLES, k=3)).capitalize() for _ in range(chance.choice((1, 1, 2, 3))))
        made[" ".join(words)] = None
    return list(made)


def message(chance: random.Random, number: int, known: list[str]) -> str:
    """Make one message as Jetstream writes it: a post with links, an answer, or plain words; deletions are one in twenty."""
    at = 1_760_000_000_000_000 + number * 10_000
    did = "did:plc:" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=24))
    rkey = "3l" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=11))
    commit: dict[str, object] = {"rev": rkey, "operation": "create", "collection": "app.bsky.feed.post", "rkey": rkey}
    if number % 20 == 0:
        commit["operation"] = "delete"
    else:
        words = chance.choices(WORDS, k=chance.randint(3, 40))
        if number % 3 == 0:
            words += chance.choices(OTHERS, k=3)
        if number % 100 == 1:
            words.insert(chance.randrange(len(words)), chance.choice(known).upper())
        record: dict[str, object] = {"$type": "app.bsky.feed.post", "createdAt": "2026-11-20T12:00:00.000Z", "langs": ["en"]}
        if number % 2:
            above = {"cid": "bafyreid" + "x" * 51, "uri": f"at://did:plc:{did[:7:-1]}/app.bsky.feed.post/{rkey}"}
            record["reply"] = {"parent": above, "root": above}
        record["text"] = " ".join(words)
        commit |= {"record": record, "cid": "bafyreid" + "y" * 51}
    event = {"did": did, "time_us": at, "kind": "commit", "commit": commit}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def rate(work: Callable[[str], object], messages: Sequence[str]) -> float:
    """Return how many messages a second of processor time are worked on, in the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for one in messages:
            work(one)
        best = min(best, time.process_time() - begun)
    return len(messages) / best


def main() -> None:
    """Print the figures."""
    chance = random.Random(7)  # noqa: S311 - the same posts each time
    known = names(chance)
    book = Rulebook(version=1, brands={"brand": Brand(names=tuple(known))}, routes=(Route(name="all", when="always"),))
    frames = Frames(book, (Account("bluesky", "did:plc:ouraccount", "brand.example"),))
    messages = [message(chance, number, known) for number in range(MESSAGES)]
    told = [frames.read(one) for one in messages]
    posts = sum(one.item is not None and "delete" not in one.name.split() for one in told)
    size = sum(len(one.encode()) for one in messages) / len(messages)
    facts = {"messages": MESSAGES, "names": NAMES, "bytes_each": round(size)}
    bare = rate(json.loads, messages)
    sifted = rate(frames.read, messages)
    figure("decoded and matched", sifted, "posts/s", **facts)
    figure("bare json decoding of the same", bare, "posts/s", **facts)
    figure("of bare json decoding", 100 * sifted / bare, "%")
    figure("posts that speak of us", 100 * posts / MESSAGES, "%", found=posts, hidden=sum(1 for n in range(MESSAGES) if n % 100 == 1))


if __name__ == "__main__":
    main()
