"""One post in, one assessment out: every judgement of a post comes from here, and none of them can stop the program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from listener.model import Assessment, Intent, Level, Mood, Post, Sentiment, Signal, Urgency
from listener.rules.rulebook import Scoring
from listener.scoring import intent as intents
from listener.scoring import language as languages
from listener.scoring import mood as moods
from listener.scoring.excerpt import EARLIER, excerpt
from listener.scoring.pairs import SAYS_LITTLE
from listener.scoring.phrases import LANGUAGES
from listener.scoring.sentiment.base import Odds, Opinion, SentimentScorer, Words, make_scorer
from listener.scoring.signals import Reading, Signals
from listener.scoring.thread import ThreadReader
from listener.scoring.traced import Judged, Read, Trace
from listener.scoring.urgency import add_up, is_pressing, trim
from listener.scoring.wishes import wishes
from listener.text import fold_with_offsets, hidden, one_line

_OF_NO_LANGUAGE = "zilda morvane kestrou pilvane dorsi hamlet ordre"  # so that all that can tell languages apart is asked
_ROUNDED = 0.01  # how far odds may be from 1 together: a scorer may round them


class Assessor:
    """Judges posts by one rulebook's scoring. Pure: the same post and thread give the same assessment."""

    def __init__(self, scoring: Scoring, scorer: SentimentScorer | None = None) -> None:
        """Make everything ready; `scorer` stands in for the one the rules name.

        Raises:
            EarnestError: there is no scorer of that name.
            ValueError: a pattern of the rules cannot be used.
        """
        self._scoring = scoring
        self._scorer = scorer or make_scorer(scoring.sentiment.scorer, emoji=scoring.sentiment.emoji)
        self._signals = Signals(scoring.urgency)
        self._threads = ThreadReader(self._signals, self._earlier)
        self._pressing = frozenset(name for name in self._signals.names if is_pressing(name, scoring.urgency.signals.get(name)))

    @property
    def scoring(self) -> Scoring:
        """The rules it judges by."""
        return self._scoring

    @property
    def scorer(self) -> SentimentScorer:
        """Who gives the mood its first number."""
        return self._scorer

    @property
    def signals(self) -> Signals:
        """The signals it looks for."""
        return self._signals

    def assess(self, post: Post, thread: Sequence[Post] = ()) -> Assessment:
        """Judge a post, in the light of the thread around it. Never raises: what fails asks for a person."""
        return self.assess_all(((post, thread),))[0]

    def warm_up(self) -> None:
        """Read what else is read when a language is first met, and judge a few words in each."""
        text = fold_with_offsets(_OF_NO_LANGUAGE)
        for language in LANGUAGES:
            self._signals.read(text, language)
        self._score_all([Words(text.text, language) for language in LANGUAGES])
        languages.detect(text.text)

    def assess_all(self, many: Sequence[tuple[Post, Sequence[Post]]]) -> list[Assessment]:
        """Judge posts, each with the thread around it: the same as one by one, at less cost. Never raises."""
        return [trace.assessment for trace in self.trace_all(many)]

    def trace_all(self, many: Sequence[tuple[Post, Sequence[Post]]]) -> list[Trace]:
        """Judge posts, and keep how: what `assess_all` answers, with all that led there. Never raises."""
        by_text = {text: self._read(text) for text in dict.fromkeys(post.text for post, _ in many)}  # in a storm many say the same
        read = [by_text[post.text] for post, _ in many]
        scores = self._score_all([one.words for one in read if isinstance(one, Read)])
        return [
            Trace(self._failed(post, one)) if isinstance(one, str) else self._assess(post, thread, one, *next(scores))
            for (post, thread), one in zip(many, read, strict=True)
        ]

    def _failed(self, post: Post, why: str) -> Assessment:
        urgency = add_up((), self._scoring.urgency.levels, Level.HIGH)
        nothing = Sentiment(Mood.UNKNOWN, 0.0)
        return Assessment(
            languages.UNKNOWN, nothing, (), urgency, Intent.OTHER, needs_reply=True, hidden=bool(hidden(post.text)), failed=why
        )

    def _read(self, words: str) -> Read | str:
        """Read the words of a post; where that fails, return why in words."""
        try:
            text = excerpt(words)
            detected = languages.detect(text.original)
            reading = self._signals.read(text, detected)
            return Read(reading, Words(reading.literally(), _language(detected, reading)))
        except Exception as problem:  # noqa: BLE001 - whatever reading raises, the post must still reach a person
            return _raised_by("a scorer", problem)

    def _score_all(self, many: Sequence[Words]) -> Iterator[tuple[Opinion | None, str]]:
        """Ask the scorer about all at once; where it fails, about each alone, so that one post costs no other its mood."""
        try:
            opinions: Sequence[object] = self._scorer.judge(many)
            if len(opinions) == len(many):
                return iter([_checked(opinion) for opinion in opinions])
        except Exception:  # noqa: BLE001, S110 - a plug-in may raise anything; asked one by one, it says why
            pass
        return iter([self._score(words) for words in many])

    def _score(self, words: Words) -> tuple[Opinion | None, str]:
        """Ask the scorer; the second value says in words why it could not answer."""
        try:
            (opinion,) = self._scorer.judge((words,))
        except Exception as problem:  # noqa: BLE001 - a plug-in may raise anything
            return None, _raised_by("the sentiment scorer", problem)
        return _checked(opinion)

    def _assess(self, post: Post, thread: Sequence[Post], read: Read, opinion: Opinion | None, failed: str) -> Trace:
        try:
            alone = self._judge(post, read.reading, read.words.language, opinion)
            assessment = self._threads.read(alone.assessment, read.reading, post, thread)
            if assessment is not alone.assessment:
                signals, urgency, needed = self._weighed(assessment.signals, assessment.intent, needs_reply=assessment.needs_reply)
                assessment = replace(assessment, signals=signals, urgency=urgency, needs_reply=needed)
        except Exception as problem:  # noqa: BLE001 - whatever judging raises, the post must still reach a person
            return Trace(self._failed(post, _raised_by("a scorer", problem)))
        if not read.reading.places.complete:
            failed = "the text repeats itself too much to be read in whole"
        return Trace(self._raised(assessment, failed) if failed else assessment, read, opinion, alone)

    def _judge(self, post: Post, reading: Reading, language: str, opinion: Opinion | None) -> Judged:
        score = opinion.score if opinion else None
        said = moods.without_what_went_well(self._signals.find(reading, post), reading, score)
        names = {signal.name for signal in said}
        meant = moods.sarcastic(reading, names)
        sarcasm = meant is not None
        felt = moods.sentiment(opinion, reading, names, self._scoring.sentiment, sarcasm=sarcasm)
        found = self._signals.with_mood(said, felt.sentiment.label)
        wanted = intents.intent(reading, names, felt.sentiment.label, sarcasm=sarcasm)
        decisive = intents.moment_of_truth(reading, names, wanted.what)
        signals, urgency, needs_reply = self._weighed(found, wanted.what, needs_reply=intents.needs_reply(wanted.what))
        assessment = Assessment(
            language=language,
            sentiment=felt.sentiment,
            signals=signals,
            urgency=urgency,
            intent=wanted.what,
            needs_reply=needs_reply,
            moment_of_truth=decisive is not None,
            sarcasm=sarcasm,
            informal=intents.informal(reading),
            wishes=wishes(reading),
            hidden=bool(hidden(post.text)),
        )
        return Judged(assessment, found, felt, wanted, decisive, meant)

    def _weighed(self, found: tuple[Signal, ...], what: Intent, *, needs_reply: bool) -> tuple[tuple[Signal, ...], Urgency, bool]:
        """Add up the urgency from the signals and from what the author wants; return it between the signals and whether we must reply."""
        levels = self._scoring.urgency.levels
        signals = () if what is Intent.SPAM else trim(found, self._pressing, levels)
        urgency = add_up(signals, levels, Level.NORMAL if needs_reply else Level.LOW)
        return signals, urgency, needs_reply or urgency.level.rank >= Level.HIGH.rank

    def _raised(self, assessment: Assessment, failed: str) -> Assessment:
        levels = self._scoring.urgency.levels
        urgency = assessment.urgency if assessment.urgency.level.rank >= Level.HIGH.rank else add_up((), levels, Level.HIGH)
        return replace(assessment, urgency=urgency, needs_reply=True, failed=failed)

    def _earlier(self, post: Post) -> tuple[Assessment, Reading]:
        text = excerpt(post.text, EARLIER)
        reading = self._signals.read(text, languages.detect(text.original))
        return self._judge(post, reading, languages.UNKNOWN, None).assessment, reading


def _raised_by(whom: str, problem: Exception) -> str:
    return f"{whom} failed: {type(problem).__name__}: {one_line(str(problem), 200)}"


def _checked(opinion: object) -> tuple[Opinion | None, str]:
    """Return what a scorer said, or why that is no opinion."""
    if opinion is None:
        return None, ""
    score = opinion.score if isinstance(opinion, Opinion) else opinion
    if not isinstance(opinion, Opinion) or isinstance(score, bool) or not isinstance(score, int | float) or not -1 <= score <= 1:
        return None, f"the sentiment scorer gave {one_line(repr(score), 40)}, which is no number from -1 to 1"
    if opinion.odds is not None and not _are_odds(opinion.odds):
        return None, f"the sentiment scorer gave {one_line(repr(opinion.odds), 60)}, which are no three odds that add up to 1"
    return opinion, ""


def _are_odds(odds: object) -> bool:
    if not isinstance(odds, tuple) or len(odds) != len(Odds._fields):
        return False
    numbers = all(isinstance(one, int | float) and 0 <= one <= 1 for one in odds)
    return numbers and abs(sum(odds) - 1) <= _ROUNDED


def _language(language: str, reading: Reading) -> str:
    """Return the detected language; where the text was too short to tell, the phrases found may."""
    if language != languages.UNKNOWN:
        return language
    spoken = {place.language for name, places in reading.stands.items() if name not in SAYS_LITTLE for place in places} - {""}
    return spoken.pop() if len(spoken) == 1 else language
