"""Signals: named findings with points, each with the author's own words that caused it.

The points of the built-in ones follow from what the levels mean. `GRAVE` ones reach critical by themselves: someone is or may be hurt,
stranded, losing money now, or many are cut off. The others press, and together stay below critical: annoyance that adds up is still
no emergency. Signals that only the rules know simply add up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from listener.model import Mood, Post, Signal
from listener.rules.rulebook import SignalSettings, UrgencySettings
from listener.scoring.lexicon import Lexicon, Place, Places
from listener.scoring.patterns import Pattern
from listener.scoring.phrases import LANGUAGES, literal, small_words
from listener.scoring.standing import laughs, standing
from listener.scoring.told import ACTED, TOLD
from listener.text import Folded, clean

BUILTIN: Mapping[str, int] = {
    "self_harm": 100,
    "safety": 80,
    "medical": 80,
    "account": 80,
    "losing_money": 80,
    "stranded": 80,
    "many": 75,
    "bereaved": 50,
    "asked_before": 50,
    "legal": 50,
    "press": 50,
    "churn": 50,
    "privacy": 50,
    "deadline": 50,
    "money": 40,
    "outage": 30,
    "waiting": 25,
    "reach": 15,
    "anger": 15,
}
GRAVE = frozenset({"self_harm", "safety", "medical", "account", "losing_money", "stranded", "many"})
PRESSING = frozenset(BUILTIN) - GRAVE
_ACROSS_LANGUAGES = {f"signals.{name}" for name in GRAVE} | {"wishes.stop", "wishes.no_dm", "marks.wish_to_die", "marks.figurative"}
# Languages that are taken for one another where a post is short.
_NEIGHBOURS = {"es": ("pt", "it"), "pt": ("es",), "it": ("es",), "nl": ("de",), "fr": ()}
_REACH_FROM = 10_000  # followers
_TOKEN = re.compile(r"[\w']+")
_QUESTION = re.compile(r"[?\u037e\u061f]")  # the Japanese one is folded into the first
_QUOTES = 3  # so many of the author's words are enough to show for one signal


def builtin_signal_names() -> tuple[str, ...]:
    """Return the names of the signals that need no rules, the gravest first."""
    return tuple(BUILTIN)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a text found: the folded text, everything that stands in it, and whether all of it could be looked at.

    `marks` are the short names of those marks that stand, and `asks` is whether the text asks something.
    """

    folded: Folded
    places: Places
    stands: Mapping[str, tuple[Place, ...]]
    language: str
    marks: frozenset[str]
    asks: bool

    @classmethod
    def of(cls, folded: Folded, places: Places, language: str) -> Reading:
        """Tell what stands of all that was found, once for all that is judged by it."""
        stands = standing(places, language)
        marks = frozenset([name.removeprefix("marks.") for name in stands if name.startswith("marks.")])
        return cls(folded, places, stands, language, marks, "question" in marks or _asks(folded.text, stands.get(ACTED, ())))

    def quotes(self, name: str) -> tuple[str, ...]:
        """Return the author's own words behind a finding, at most three, the longest where they overlap."""
        return _quotes(self.folded, self.stands[name]) if name in self.stands else ()

    def has(self, *names: str) -> bool:
        """Whether any of the marks of these names stands."""
        return not self.marks.isdisjoint(names)

    @property
    def told(self) -> bool:
        """Whether the text only tells of something: news, or a notice such as a job that is offered."""
        return TOLD in self.stands

    @property
    def addressed(self) -> bool:
        """Whether the author speaks to the brand: "your courier", "ihr habt", "jullie app"."""
        return not _small("address", self.language).isdisjoint(_TOKEN.findall(self.places.text))

    @property
    def about_service(self) -> bool:
        """Whether the text is about what a brand does for people: an order, a train, a bill, a room."""
        return not _small("topic", self.language).isdisjoint(_TOKEN.findall(self.places.text))

    @property
    def near(self) -> bool:
        """Whether somebody speaks of themselves or to somebody."""
        return not _small("near", self.language).isdisjoint(_TOKEN.findall(self.places.text))

    def literally(self) -> str:
        """Return the text without figures of speech and quoted titles, so that no mood is read from "these shoes are fire".

        Where less than half would be left, it is not what the text is about, and all of it is returned.
        """
        whole = text = self.folded.original
        for place in sorted((*self.places.of("marks.figurative"), *self.stands.get(ACTED, ())), key=_start, reverse=True):
            start, end = self.folded.span(place.start, place.end)
            text = f"{text[:start]} {text[end:]}"
        return text if 2 * len(text) >= len(whole) else whole


def _asks(text: str, acted: Collection[Place]) -> bool:
    """Whether a question mark stands outside of what is quoted of a film or the like."""
    marks = (found.start() for found in _QUESTION.finditer(text))
    return any(not any(one.start <= mark < one.end for one in acted) for mark in marks)


def _small(name: str, language: str) -> frozenset[str]:
    return small_words(name, language) if language in LANGUAGES else frozenset()


def _start(place: Place) -> int:
    return place.start


def _quotes(folded: Folded, places: Iterable[Place]) -> tuple[str, ...]:
    kept: list[Place] = []
    for place in sorted(places, key=lambda one: (one.start, -one.end)):
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
        elif place.end > kept[-1].end:
            kept[-1] = Place(kept[-1].start, place.end, place.language)
    return tuple(dict.fromkeys(" ".join(folded.quote(place.start, place.end).split()) for place in kept))[:_QUOTES]


class Signals:
    """The signals of one rulebook, ready to be looked for."""

    def __init__(self, settings: UrgencySettings) -> None:
        """Put the rules' words beside the built-in ones, or in their place.

        Raises:
            ValueError: a pattern cannot be used, or a word holds nothing that could be found.
        """
        self._settings: Mapping[str, SignalSettings] = settings.signals
        replaced = {f"signals.{name}" for name, signal in settings.signals.items() if signal.replace}
        own = [
            literal(f"signals.{name}" if name in BUILTIN else f"rules.{name}", word, clean(word))
            for name, signal in settings.signals.items()
            for word in signal.words
        ]
        self._lexicon = Lexicon(own, replaced, _ACROSS_LANGUAGES)
        self._patterns = {name: Pattern.of(signal.pattern) for name, signal in settings.signals.items() if signal.pattern}
        by_author = {name for name, signal in settings.signals.items() if signal.followers}
        self._beyond_words = {"reach", "self_harm", *self._patterns, *by_author}
        self.names = tuple(dict.fromkeys([*BUILTIN, *settings.signals]))

    def points(self, name: str) -> int:
        """Return the points of a signal: the rules', else the built-in ones."""
        return self._settings[name].points if name in self._settings else BUILTIN[name]

    def read(self, folded: Folded, language: str) -> Reading:
        """Look for everything once, in the language of the text and, in case that was guessed wrong, in its neighbours."""
        spoken = {language, *_NEIGHBOURS.get(language, ())} if language in LANGUAGES else LANGUAGES
        places = self._lexicon.find(folded, spoken, {"en"} if language == "en" else LANGUAGES)
        return Reading.of(folded, places, language)

    def find(self, reading: Reading, post: Post) -> tuple[Signal, ...]:
        """Return the signals that the words and the author give, in the order of the names here: the gravest first."""
        said = {name.partition(".")[2] for name in reading.stands if name.startswith(("signals.", "rules."))} | self._beyond_words
        candidates = [name for name in self.names if name in said]
        return tuple([Signal(name, self.points(name), why) for name in candidates if (why := self._because(name, reading, post))])

    def with_mood(self, signals: tuple[Signal, ...], mood: Mood) -> tuple[Signal, ...]:
        """Return the signals and those that the mood gives."""
        more = [name for name, settings in self._settings.items() if settings.sentiment is mood]
        if not more:
            return signals
        found = {signal.name: signal for signal in signals}
        for name in more:
            because = found[name].because if name in found else ()
            found[name] = Signal(name, self.points(name), (*because, f"the mood is {mood.value}")[:_QUOTES])
        return tuple(found[name] for name in self.names if name in found)

    def _because(self, name: str, reading: Reading, post: Post) -> tuple[str, ...]:
        settings = self._settings.get(name)
        why = list(reading.quotes(f"signals.{name}" if name in BUILTIN else f"rules.{name}"))
        if name == "self_harm" and reading.has("wish_to_die") and not laughs(reading.places.text):
            why.extend(reading.quotes("marks.wish_to_die"))
        if settings and (pattern := self._patterns.get(name)) and (found := pattern.find(reading.folded.text)):
            why.append(" ".join(reading.folded.quote(*found).split()))
        followers = settings.followers if settings else _REACH_FROM if name == "reach" else None
        if followers and post.author.followers is not None and post.author.followers >= followers:
            why.append(f"{post.author.followers} followers")
        return tuple(dict.fromkeys(why))[:_QUOTES]
