"""What people's corrections teach: how the mood of a brand's posts is moved, on top of whatever scorer is in force.

Two things are learned. The same words again (or nearly) are judged as the person said, from the first correction on. And a word that
stands in several corrected texts moves other texts a little, and more with each. A text that shares nothing with them stays as it is.
Urgency, intent and sarcasm are not learned: a cry for help that was learned away would be missed. Pure; the order of corrections and
the time they were made do not matter.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from listener.model import Assessment, Mood, Sentiment
from listener.rules.rulebook import SentimentSettings
from listener.scoring.corrected import moved as clearly
from listener.scoring.learning import Item, Lesson, Shape, fit, points_of, shape
from listener.scoring.mood import label_of
from listener.scoring.sentiment.base import Weight

_NEARLY = 0.8  # how much of two texts must be the same
_MOST = 1.5  # points that all lessons together may move a score
_EACH_ALONE = 50  # up to so many texts each is left out once; of more, every fifth
_FOLDS = 5


class Taught(NamedTuple):
    """One correction (or confirmation): the words, how they are judged without anything learned, and the mood a person says it is."""

    words: str
    judged: Sentiment
    mood: Mood


class Figures(NamedTuple):
    """How often Earnest and people agree on texts that it had not learned from: of how many, without the lessons, and with them."""

    of: int = 0
    before: int = 0
    after: int = 0


_NO_FIGURES = Figures()


class _Said(NamedTuple):
    """A corrected text: what it is made of, how it is judged, and how many corrections say which mood."""

    whole: frozenset[str]
    was: Mood
    moods: tuple[tuple[Mood, int], ...]


@dataclass(frozen=True)
class Adjustment:
    """What was learned for one brand. `lessons` are empty where they would have done harm, which `figures` tell."""

    lessons: Mapping[str, Lesson] = field(default_factory=dict)
    said: tuple[_Said, ...] = ()
    without: frozenset[str] = frozenset()
    figures: Figures = _NO_FIGURES
    held: Mapping[str, Lesson] = field(default_factory=dict)
    """Lessons that are not used, since they would do harm."""

    def __post_init__(self) -> None:
        """Make it quick to find what a text shares with those corrected."""
        places: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(self.said):
            for piece in one.whole:
                places[piece].append(number)
        object.__setattr__(self, "_places", dict(places))

    @property
    def seal(self) -> str:
        """Eight hex digits that change with what this adjustment does; "" where it does nothing."""
        if not self.said and not self.lessons:
            return ""
        facts = (sorted(self.lessons.items()), [(sorted(one.whole), one.was, one.moods) for one in self.said], sorted(self.without))
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]

    def sentiment(self, text: str, bare: Sentiment, settings: SentimentSettings) -> Sentiment:
        """Return the mood of a text whose mood is `bare` without anything learned."""
        return self.moved(shape(text, self.without), bare, settings)

    def moved(self, found: Shape, bare: Sentiment, settings: SentimentSettings) -> Sentiment:
        """Do the same with a text that was read already."""
        mood = self._same_words(found.whole, bare.label)
        if mood:
            return bare if mood is bare.label else Sentiment(mood, round(clearly(bare.score, mood, settings), 4))
        points = max(-_MOST, min(_MOST, sum(lesson.points for _, lesson in points_of(found.telling, self.lessons))))
        score = round(max(-1.0, min(1.0, bare.score + points)), 4)
        if score == bare.score:
            return bare
        label = label_of(score, settings)
        return Sentiment(label, score, bare.sure if label is bare.label else None)

    def weights(self, text: str, bare: Sentiment, settings: SentimentSettings) -> tuple[Weight, ...]:
        """Return what moved the score of a text, in its order; together it is exactly how far the score moved."""
        whole = round(self.sentiment(text, bare, settings).score - bare.score, 4)
        found = shape(text, self.without)
        if not whole:
            return ()
        if self._same_words(found.whole, bare.label):
            return (Weight("learned from a person's word on the same text", whole),)
        weights = [
            Weight(f'learned from {lesson.posts} corrections: "{word}"', lesson.points)
            for word, lesson in points_of(found.telling, self.lessons)
        ]
        rest = round(whole - sum(weight.points for weight in weights), 4)
        return (*weights, Weight("the limit of what is learned", rest)) if rest else tuple(weights)

    def _same_words(self, whole: frozenset[str], was: Mood) -> Mood | None:
        """Return what people said of the same words, judged the same; None where they said nothing, or one this and one that."""
        places: Mapping[str, Sequence[int]] = getattr(self, "_places")  # noqa: B009  # made in __post_init__; the record is frozen
        # A text that shares so much shares one of these: of all its pieces at most a fifth can be missing. The rarest find the fewest.
        rarest = sorted(whole, key=lambda piece: len(places.get(piece, ())))[: int(len(whole) * (1 - _NEARLY) + 0.001) + 1]
        found = {number for piece in rarest for number in places.get(piece, ())}
        near = {number: _share(whole, self.said[number].whole) for number in found if self.said[number].was is was}
        best = max(near.values(), default=0.0)
        alike = [number for number, share in near.items() if share >= _NEARLY and (best < 1 or share == 1)]
        moods: Counter[Mood] = Counter()
        for number in alike:
            moods.update(dict(self.said[number].moods))
        ranked = moods.most_common(2)
        return ranked[0][0] if ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]) else None


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


NOTHING = Adjustment()


class Adjustments(NamedTuple):
    """What was learned for each brand; `seal` names all of it, and is "" where that is nothing."""

    by_brand: Mapping[str, Adjustment]
    seal: str

    def of(self, brands: Collection[str]) -> Adjustment:
        """Return what moves the mood of a post about these brands: nothing where it is about several, since they may not agree."""
        only = set(brands)
        return self.by_brand.get(next(iter(only)), NOTHING) if len(only) == 1 else NOTHING


NONE = Adjustments({}, "")


def together(by_brand: Mapping[str, Adjustment]) -> Adjustments:
    """Return the adjustments of all brands under one seal."""
    seals = sorted((brand, one.seal) for brand, one in by_brand.items() if one.seal)
    return Adjustments(by_brand, hashlib.sha256(repr(seals).encode()).hexdigest()[:8] if seals else "")


def put(seen: Assessment, text: str, adjustment: Adjustment, settings: SentimentSettings) -> Assessment:
    """Return a judgement with what was learned put on top: its mood may change, and nothing else."""
    if seen.failed or not (adjustment.said or adjustment.lessons):
        return seen
    sentiment = adjustment.sentiment(text, seen.sentiment, settings)
    if sentiment is seen.sentiment:
        return seen
    return replace(seen, sentiment=sentiment, learned=round(sentiment.score - seen.sentiment.score, 4))


class _Text(NamedTuple):
    """All that was said of one text."""

    said: _Said
    item: Item
    judged: Sentiment


def adjustment(taught: Sequence[Taught], settings: SentimentSettings, without: frozenset[str] = frozenset()) -> Adjustment:
    """Return what corrections teach. `without` are words that mean nothing here: the brand's own names.

    Its lessons are used only where they do no harm, measured on the corrections themselves: each text (or every fifth) is left out
    once, and judged by what the others teach.
    """
    texts = _texts(taught, settings, without)
    figures = _measured(texts, settings, without)
    lessons = fit([one.item for one in texts])
    said = tuple(one.said for one in texts)
    if figures.after < figures.before:
        return Adjustment({}, said, without, figures, lessons)
    return Adjustment(lessons, said, without, figures)


def _texts(taught: Sequence[Taught], settings: SentimentSettings, without: frozenset[str]) -> list[_Text]:
    """Put what was said of the same text together, in an order that does not hang on when it was said."""
    found: dict[frozenset[str], list[tuple[Taught, tuple[str, ...]]]] = defaultdict(list)
    for one in sorted(taught, key=lambda each: (each.words, each.mood, each.judged.score)):
        made = shape(one.words, without)
        if made.whole:
            found[made.whole].append((one, made.telling))
    texts = []
    for whole, all_said in sorted(found.items(), key=lambda pair: sorted(pair[0])):
        first, telling = all_said[0]
        moods = Counter(one.mood for one, _ in all_said)
        missing = [_missing(one, settings) for one, _ in all_said]
        said = _Said(whole, first.judged.label, tuple(sorted(moods.items())))
        texts.append(_Text(said, Item(telling, sum(missing) / len(missing)), first.judged))
    return texts


def _missing(one: Taught, settings: SentimentSettings) -> float:
    """Return how far the score of a text was from what a person says; a word that confirms it says: not at all."""
    return 0.0 if one.mood is one.judged.label else clearly(one.judged.score, one.mood, settings) - one.judged.score


def _measured(texts: Sequence[_Text], settings: SentimentSettings, without: frozenset[str]) -> Figures:
    folds = len(texts) if len(texts) <= _EACH_ALONE else _FOLDS
    of = before = after = 0
    for fold in range(folds):
        rest = [one for number, one in enumerate(texts) if number % folds != fold]
        taught = Adjustment(fit([one.item for one in rest]), tuple(one.said for one in rest), without)
        for one in texts[fold::folds]:
            moods, now = dict(one.said.moods), taught.moved(Shape(one.said.whole, one.item.telling), one.judged, settings).label
            of += sum(moods.values())
            before += moods.get(one.judged.label, 0)
            after += moods.get(now, 0)
    return Figures(of, before, after)
