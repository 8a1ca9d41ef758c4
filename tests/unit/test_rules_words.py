"""Words of every script, held against every place where rules match words: tests/rules/words/scripts.yaml."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from listener.matching import Matcher
from listener.model import Author, Because, Ground, Mention, Post
from listener.rules.conditions import When
from listener.rules.rulebook import Brand, Rulebook, Scoring
from listener.scoring.assessor import Assessor
from responders import guard
from responders.conditions import compiled
from responders.model import Circumstances, Heard, Kind
from responders.personal import find_patterns

AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[1] / "rules" / "words" / "scripts.yaml").read_text(encoding="utf-8"))
TAG = "theonlytag"


def post(text: str) -> Post:
    return Post("mastodon", "1", text, Author("mastodon", "9", "marta"), AT, "1", tags=(TAG,))


def book(**more: object) -> Rulebook:
    routes = [{"name": "rest", "when": "always"}]
    return Rulebook.model_validate({"version": 1, "brands": {"b": {"hashtags": [TAG]}}, "routes": routes, **more})


def heard(text: str, scoring: Scoring) -> Heard:
    one = post(text)
    return Heard(Mention(one, "b", (Because(Ground.HASHTAG, "#" + TAG),), addressed=False), Assessor(scoring).assess(one))


def by_brand(text: str, **brand: object) -> bool:
    return bool(Matcher({"b": Brand.model_validate(brand)}).match(post(text)))


def by_signal(text: str, **signal: object) -> bool:
    scoring = Scoring.model_validate({"urgency": {"signals": {"mine": {"points": 1, **signal}}}})
    return any(found.name == "mine" for found in heard(text, scoring).assessment.signals)


def by_text(text: str, word: str) -> bool:
    return compiled(When.model_validate({"text": [word]}), book())(heard(text, Scoring()), Circumstances(now=AT))[0]


def by_never_say(text: str, word: str) -> bool:
    said = guard.check(text, kind=Kind.PRIVATE, book=book(boundaries={"never_say": [word]}), post=None)
    return any("never allow" in one for one in said)


def whole(word: str) -> str:
    """Write a word as a pattern for whole words; at a sign that is no letter, a pattern's own end is the end."""
    opens, closes = (r"\b" if unicodedata.category(sign)[0] in "LNM" else "" for sign in (word[0], word[-1]))
    return opens + re.sub(r"[.+*?!&'|()\[\]{}^$\\-]", r"\\\g<0>", word) + closes


PLACES: dict[str, Callable[[str, str], bool]] = {
    "names": lambda text, word: by_brand(text, names=[word]),
    "ignore": lambda text, word: not by_brand(text, hashtags=[TAG], ignore={"phrases": [word]}),
    "queries": lambda text, word: by_brand(text, queries=[f'"{word}"']),
    "text": by_text,
    "signals": lambda text, word: by_signal(text, words=[word]),
    "pattern": lambda text, word: by_signal(text, pattern=whole(word)),
    "private_patterns": lambda text, word: bool(find_patterns(text, {"mine": whole(word)})),
    "never_say": by_never_say,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(f"{row['word']} in {row['text']}"))
def test_a_word_is_found_where_a_reader_would_find_it(row: dict[str, Any], place: str) -> None:
    assert PLACES[place](row["text"], row["word"]) is row.get("but", {}).get(place, row["found"])
