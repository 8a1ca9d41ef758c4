"""A search for texts that make judging slow: pieces of phrases and strange signs, mixed at random; what is slow is kept and changed.

Usage: python bench/hostile.py [SEED] [SECONDS] [SCORER]

SEED is a number (1), SECONDS the CPU time to spend (60), SCORER the name of a sentiment scorer; without it the mood is left out. Prints
one JSON line a figure: the slowest text of 40,000 characters, in CPU time, with the recipe that makes it, then what a thread of
twenty such texts and a rulebook with patterns add. The slowest finds belong into
tests/judgement/hostile.yaml, which bench/judging.py and the tests read.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from listener.model import Author, Post
from listener.rules.rulebook import Scoring, SignalSettings, UrgencySettings
from listener.scoring.assessor import Assessor
from listener.scoring.phrases import LANGUAGES, entries, names, small_words
from listener.scoring.sentiment.base import Opinion, SentimentScorer, Weight, Words, make_scorer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUTHOR = Author("x", "7", "marta_k")
SIZE = 40_000  # characters
KEPT = 24  # so many of the slowest are changed further
FRESH = 0.3  # so often a new recipe is tried instead
PARTS = 12  # a recipe has at most so many
TIMES = 3  # a text that seems slow is measured so often; the quickest counts
PATTERNS = (r"(\w+\s?)*fire$", r"\b(a|aa|aaa)+b\b", r".*x.{100}y", r"[\w ]*a[\w ]{120}z", r"(?:[a-z]+ ){8}never")
STRANGE = (
    *(
        " ",
        "\n",
        "\t",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\r\n",
        "  ",
        ".",
        "!",
        "?",
        ";",
        ",",
        ":",
        "...",
        "\u3002",
        "?!",
        "-",
        "'",
        "\u2019",
        "`",
    ),
    *(
        '"',
        "\u201c",
        "\u201d",
        "\u00ab",
        "\u00bb",
        "\u300c",
        "\u300d",
        ">",
        "\n> ",
        "((",
        "))",
        "*",
        "_",
        "~",
        "/",
        "\\",
        "|",
        "#",
        "@",
        "@@@",
    ),
    *("@acme ", "u/x ", "RT @x: ", "#fail ", "https://a.b/c ", "www.", "a.a", "a@b.c ", "0", "12345", "1,000.00", "\u0663", "\u2460"),
    *(
        "a",
        "e",
        "w",
        "k",
        "x",
        "\u00df",
        "\u0130",
        "\u0131",
        "\ufb03",
        "\ufdfa",
        "\u01c4",
        "\u0149",
        "\u1e9e",
        "\u03c2",
        "\u1fb7",
        "\uff21",
    ),
    *(
        "\u0301",
        "\u0345",
        "\u0489",
        "\u200b",
        "\u200c",
        "\u200d",
        "\u202e",
        "\u2066",
        "\ufe0f",
        "\ufeff",
        "\u00ad",
        "\x00",
        "\x1b",
        "\ud83d",
    ),
    *("\U000e0041", "\ue000", "\u034f", "\u0627\u0651", "\u0e33", "\u0f77", "\u1100\u1161", "\uac01", "\u0cbe", "\u200d\u0915"),
    *("\u8349", "\u7b11", "\u6b7b", "\u3042w", "\u30ab\u3099", "\uff76\uff9e", "\u3131", "\u52a9\u3051\u3066", "\u30c4"),
    *(
        "\U0001f621",
        "\U0001f602",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f1e9\U0001f1ea",
        "\U0001f44d\U0001f3fd",
        "\u2764\ufe0f",
    ),
    *("haha", "jaja", "hihi", "ksks", "sjsj", "asdf", "lol ", "rsrs", "ahahah", "www", "kkkk", "xd ", "djsk", "loooo", "mdr "),
    *("no ", "not ", "never ", "don't ", "n't", "what if ", "if ", "stop ", "please ", "my ", "the ", "is ", "PLEASE ", "NOT "),
)


class Silent:
    """A scorer that cannot tell, so that everything else is measured."""

    def judge(self, many: Sequence[Words]) -> Sequence[Opinion | None]:
        """Return no opinion for each."""
        return [None] * len(many)

    def weights(self, words: Words) -> Sequence[Weight]:
        """Return nothing."""
        return [Weight(words.text, 0.0)][:0]


@dataclass(frozen=True)
class Recipe:
    """How a text is made: its parts in a row, again and again; `jumbled` draws them at random by `seed`; `shouted` is in capitals."""

    parts: tuple[str, ...]
    seed: int
    jumbled: bool = False
    shouted: bool = False

    def text(self) -> str:
        """Return the text."""
        parts = [part for part in self.parts if part] or ["a"]
        if self.jumbled:
            parts = random.Random(self.seed).choices(parts, k=1 + SIZE // max(1, min(map(len, parts))) // 4)  # noqa: S311 - made to be made again
        once = "".join(parts)
        long = (once * (1 + SIZE // len(once)))[:SIZE]
        return long.upper() if self.shouted else long


class Pantry:
    """Pieces that a hostile text may be made of."""

    def __init__(self, rng: random.Random) -> None:
        """Read every phrase of every language."""
        self._rng = rng
        self._phrases = [(language, entry) for language in LANGUAGES for name in names(language) for entry in entries(language, name)]
        kinds = ("denials", "turns", "denials_after", "tellers", "frequent")
        self._small = sorted({word for language in LANGUAGES for kind in kinds for word in small_words(kind, language)})

    def piece(self) -> str:
        """Return one: a phrase, most of a phrase, its rarest words, small words, or something strange."""
        makes: tuple[Callable[[], str], ...] = (self._phrase, self._nearly, self._anchor, self._any_word, self._strange)
        return self._rng.choices(makes, weights=(3, 4, 3, 2, 3))[0]()

    def _words(self) -> tuple[list[str], str]:
        language, entry = self._rng.choice(self._phrases)
        words = []
        for token in entry.tokens:
            if token.choices:
                words.append(self._rng.choice(token.choices).replace("*", "").replace("_", " "))
            elif token.gap:
                words.extend(["so"] * self._rng.randint(0, min(token.gap, 7)))
            elif token.mark:
                words.append(token.mark[:1])
        return words or [entry.anchors[0].strip()], "" if language == "ja" else " "

    def _phrase(self) -> str:
        words, space = self._words()
        return space.join(words) + self._rng.choice((space, ". ", ", ", "\n"))

    def _nearly(self) -> str:
        words, space = self._words()
        if len(words) > 1:
            words.pop(self._rng.randrange(1, len(words)))
        return space.join(words) + space

    def _anchor(self) -> str:
        _, entry = self._rng.choice(self._phrases)
        return self._rng.choice(entry.anchors)

    def _any_word(self) -> str:
        return self._rng.choice(self._small) + " "

    def _strange(self) -> str:
        return self._rng.choice(STRANGE) * self._rng.choice((1, 1, 1, 2, 5, 24, 400))


class Search:
    """Keeps the slowest recipes, and makes new ones of them."""

    def __init__(self, assessor: Assessor, seed: int) -> None:
        """Begin with nothing."""
        self.rng = random.Random(seed)  # noqa: S311 - the same seed, the same search
        self.pantry = Pantry(self.rng)
        self.assessor = assessor
        self.slowest: list[tuple[float, Recipe]] = []
        self.tried = 0

    def run(self, seconds: float) -> None:
        """Search for so many seconds of CPU time."""
        end = time.process_time() + seconds
        while time.process_time() < end:
            fresh = not self.slowest or self.rng.random() < FRESH
            recipe = self._fresh() if fresh else self._changed(self.rng.choice(self.slowest)[1])
            took = self._took(recipe)
            self.tried += 1
            if len(self.slowest) < KEPT or took > self.slowest[-1][0]:
                took = min(took, *(self._took(recipe) for _ in range(TIMES - 1)))
                others = [one for one in self.slowest if one[1] != recipe]
                self.slowest = sorted([*others, (took, recipe)], key=lambda one: -one[0])[:KEPT]

    def _took(self, recipe: Recipe) -> float:
        return milliseconds(self.assessor, recipe.text())

    def _fresh(self) -> Recipe:
        parts = tuple(self.pantry.piece() for _ in range(self.rng.choice((1, 1, 2, 3, 5, PARTS))))
        return Recipe(parts, self.rng.randrange(1_000), jumbled=self.rng.random() < 1 / 4, shouted=self.rng.random() < 1 / 8)

    def _changed(self, recipe: Recipe) -> Recipe:
        parts = list(recipe.parts)
        place = self.rng.randrange(len(parts))
        kind = self.rng.randrange(6)
        if kind == 0 and len(parts) > 1:
            parts.pop(place)
        elif kind == 1:
            parts[place] = self.pantry.piece()
        elif kind == 2:  # noqa: PLR2004 - one of the kinds
            parts.extend(self.rng.choice(self.slowest)[1].parts)
        elif kind == 3:  # noqa: PLR2004 - one of the kinds
            return replace(recipe, jumbled=not recipe.jumbled, seed=self.rng.randrange(1_000))
        else:
            parts.insert(place, self.pantry.piece())
        return replace(recipe, parts=tuple(parts[-PARTS:]))


def post(text: str, number: int = 99, parent: str = "0") -> Post:
    """Make a post of a text."""
    return Post("x", str(number), text, AUTHOR, NOW - timedelta(minutes=99 - number), parent)


def quickest(assessor: Assessor, text: str, thread: Sequence[Post] = ()) -> float:
    """Return how long judging a text takes when nobody disturbs, as near as a few tries come to it."""
    return min(milliseconds(assessor, text, thread) for _ in range(TIMES))


def milliseconds(assessor: Assessor, text: str, thread: Sequence[Post] = ()) -> float:
    """Return how long judging a text takes, in CPU time."""
    one = post(text)
    begun = time.process_time()
    assessor.assess(one, thread)
    return (time.process_time() - begun) * 1_000


def figure(name: str, value: float, **more: object) -> None:
    """Print one figure."""
    print(json.dumps({"bench": "hostile", "figure": name, "value": round(value, 1), "unit": "ms", **more}))


def with_patterns(scorer: SentimentScorer) -> Assessor:
    """Return an assessor whose rules have patterns that other engines would take for ever over."""
    signals = {f"own_{number}": SignalSettings(points=10, pattern=pattern) for number, pattern in enumerate(PATTERNS)}
    return Assessor(Scoring(urgency=UrgencySettings(signals=signals)), scorer)


def main() -> None:
    """Search, and print what was found."""
    seed, seconds = (int(value) if value.isdigit() else sys.exit(__doc__) for value in (*sys.argv[1:3], *("1", "60")[len(sys.argv[1:3]) :]))
    scorer: SentimentScorer = make_scorer(sys.argv[3]) if len(sys.argv) > 3 else Silent()  # noqa: PLR2004 - the third argument
    assessor = Assessor(Scoring(), scorer)
    for language in LANGUAGES:  # what is read once is no part of the figures
        assessor.assess(post(f"@acme {language} help"))
    search = Search(assessor, seed)
    search.run(seconds)
    for place, (took, recipe) in enumerate(search.slowest[:8]):
        name = "slowest" if not place else f"slowest but {place}"
        figure(name, took, of=search.tried, seed=seed, parts=recipe.parts, jumbled=recipe.jumbled and recipe.seed, shouted=recipe.shouted)
    worst = [recipe.text() for _, recipe in search.slowest]
    thread = [post(worst[number % len(worst)], number) for number in range(20)]
    figure("slowest in a thread of twenty such posts", max(quickest(assessor, text, thread) for text in worst))
    ruled = with_patterns(scorer)
    milliseconds(ruled, "first")
    figure("slowest with five patterns in the rules", max(quickest(ruled, text) for text in worst), patterns=len(PATTERNS))


if __name__ == "__main__":
    main()
