"""The reasons of a judgement in words: one for each part of it, with the author's own words, and some of the reasons why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from listener.model import Assessment, Intent, Level
from listener.scoring import intent as intents
from listener.scoring.language import UNKNOWN, detect, wordless
from listener.scoring.pairs import SAYS_LITTLE
from listener.scoring.signals import GRAVE, Reading
from listener.scoring.steps import proof, quotes_of, told_apart
from listener.scoring.traced import Judged, Trace
from listener.scoring.why import Why
from listener.text import hidden

_MARKS = {  # what speaks for an intent, in words
    "complaint": "complaint",
    "question": "a question",
    "request": "a request",
    "praise": "praise",
    "thanks": "thanks",
    "buying": "somebody who may buy",
    "suggestion": "a suggestion",
}
_NAMED = {
    Intent.COMPLAINT: "a complaint",
    Intent.QUESTION: "a question",
    Intent.REQUEST: "a request",
    Intent.BUYING: "somebody who may buy",
    Intent.SUGGESTION: "a suggestion",
    Intent.PRAISE: "praise",
    Intent.SPAM: "spam",
    Intent.OTHER: "chatter or news",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one part of a judgement came out as it did: `about` what, the `answer`, the reason in our words, and the author's (`quotes`).

    `beside` says what else stands there and did not decide.
    """

    about: str
    answer: str
    because: str
    quotes: tuple[str, ...] = ()
    beside: str = ""

    def to_json(self) -> dict[str, object]:
        """Return it for scripts."""
        found: dict[str, object] = {"about": self.about, "answer": self.answer, "because": self.because, "quotes": list(self.quotes)}
        return found | ({"beside": self.beside} if self.beside else {})


def reasons(trace: Trace, seen: Assessment) -> tuple[Reason, ...]:
    """Return a reason for each part of a judgement; `seen` is the judgement of the trace, or that with storms on top."""
    if trace.read is None or trace.alone is None:
        return (Reason("failed", "yes", seen.failed), _needs_reply(seen, seen, seen.failed))
    return tuple(_Parts(trace.read.reading, trace.alone, trace, seen).all())


class _Parts:
    """The parts of one judgement, each asked why."""

    def __init__(self, reading: Reading, alone: Judged, trace: Trace, seen: Assessment) -> None:
        """Keep what was read, what was judged of the post alone, and the whole judgement."""
        self._reading, self._alone, self._trace, self._seen = reading, alone, trace, seen
        self._found = [(signal.name, told_apart(signal.because, reading.folded.original)[0]) for signal in alone.found]

    def all(self) -> Iterator[Reason]:
        """Yield the reasons, in the order in which a person asks."""
        if self._seen.failed:
            yield Reason("failed", "yes", self._seen.failed)
        yield self._language()
        yield self._intent()
        yield _needs_reply(self._seen, self._alone.assessment, self._trace.assessment.failed)
        yield self._moment_of_truth()
        yield self._sarcasm()
        if spam := self._no_spam():
            yield spam
        yield from self._tone()
        yield from self._left_out()
        for wish in self._seen.wishes:
            yield Reason("wish", wish.name, "the author asks for it", wish.because)
        if found := hidden(self._reading.folded.original):
            yield Reason("hidden", "yes", f"characters that nobody sees: {', '.join(found)}")

    def _told(self, about: str, answer: str, why: Why, beside: str = "") -> Reason:
        return Reason(about, answer, why.rule, quotes_of(proof(why, self._alone), self._reading, self._found), beside)

    def _marks(self, *names: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(words for name in names for words in self._reading.quotes(f"marks.{name}")))

    def _language(self) -> Reason:
        language = self._seen.language
        if language == UNKNOWN:
            if wordless(self._reading.folded.original):
                return Reason("language", language, "there are no words to tell it by")
            return Reason("language", language, "too short, too mixed, or in none of the languages that are told apart")
        if detect(self._reading.folded.original) == UNKNOWN:
            stands = self._reading.stands
            spoken = [one for one in stands if one not in SAYS_LITTLE and any(place.language == language for place in stands[one])]
            quotes = tuple(dict.fromkeys(quote for name in spoken for quote in self._reading.quotes(name)))[:2]
            return Reason("language", language, "too short to tell by its letters; words are known from this language", quotes)
        return Reason("language", language, "its words and letters are likeliest in this language")

    def _intent(self) -> Reason:
        what, then = self._seen.intent, self._alone.wanted
        if what is not then.what:
            return Reason("intent", what.value, "it goes on with an earlier post of the author, which nobody answered")
        decided = {name.removeprefix("marks.") for name in then.why.findings}
        others = [f"{told} ({_quoted(words)})" for name, told in _MARKS.items() if name not in decided and (words := self._marks(name))]
        reason = self._told("intent", what.value, then.why, f"words of {' and of '.join(others)} stand beside it" if others else "")
        link = intents.link(self._reading) if what is Intent.SPAM else ""
        return Reason("intent", what.value, f"{reason.because} ({link}…)", reason.quotes, reason.beside) if link else reason

    def _moment_of_truth(self) -> Reason:
        about = "moment_of_truth"
        if why := self._alone.decisive:
            return self._told(about, "yes", why)
        if self._seen.moment_of_truth:
            return Reason(about, "yes", "what was grave in an earlier post, which nobody answered, still is")
        if at_stake := self._marks("occasion", "vulnerable"):
            return Reason(about, "no", "the author neither complains nor asks us for anything", at_stake)
        return Reason(about, "no", "nothing says that somebody is in grave trouble, or that a day or a person cannot wait")

    def _sarcasm(self) -> Reason:
        if why := self._alone.sarcasm:
            return self._told("sarcasm", "yes", why)
        praise = self._marks("praise")
        if praise and any(name == "outage" for name, _ in self._found):
            because = "what went wrong is over" if self._reading.has("resolved") else "nobody is thanked for what went wrong"
            return Reason("sarcasm", "no", f"praise stands beside trouble, but {because}", praise)
        return Reason("sarcasm", "no", "the words may be meant as they stand")

    def _no_spam(self) -> Reason | None:
        """Return why words of spam are none, where there are some."""
        words = self._marks("spam", "scam")
        if not words or self._seen.intent is Intent.SPAM:
            return None
        if GRAVE & {name for name, _ in self._found}:
            return Reason("spam", "no", "words of spam, but somebody may be in grave trouble", words)
        return Reason("spam", "no", "words of spam, but neither a second one nor a link beside them", words)

    def _tone(self) -> Iterator[Reason]:
        informal, formal = self._marks("informal"), self._marks("formal")
        if informal and not formal:
            yield Reason("informal", "yes", "the author speaks informally", informal)
        elif informal:
            yield Reason("informal", "no", f"some words are informal ({_quoted(informal)}), but others are formal", formal)

    def _left_out(self) -> Iterator[Reason]:
        """Yield what was found and is not counted: figures of speech, what the thread or spam undoes, and an emergency that went well."""
        places = self._reading.places.of("marks.figurative")
        idioms = tuple(dict.fromkeys(" ".join(self._reading.folded.quote(place.start, place.end).split()) for place in places))[:3]
        if idioms:
            yield Reason("figure of speech", "left out", "it says something else than its words", idioms)
        stands = [name for name in self._reading.stands if name.startswith("signals.")]
        known = {name for name, _ in self._found}
        kept = {signal.name for signal in self._seen.signals}
        because = "signals of spam count for nothing" if self._seen.intent is Intent.SPAM else "by the thread it counts no longer"
        yield from (Reason(name, "left out", because, quotes) for name, quotes in self._found if name not in kept)
        for name in stands:
            if name.removeprefix("signals.") not in known:
                yield Reason(
                    name.removeprefix("signals."), "left out", "told of with warm thanks: it went well", self._reading.quotes(name)
                )


def _needs_reply(seen: Assessment, alone: Assessment, failed: str) -> Reason:
    about = "needs_reply"
    if not seen.needs_reply:
        return Reason(about, "no", f"{_NAMED[seen.intent]} needs none")
    if failed:
        return Reason(about, "yes", "what cannot be judged is looked at by a person")
    if intents.needs_reply(alone.intent):
        return Reason(about, "yes", f"a good brand answers {_NAMED[alone.intent]}")
    if seen.intent is not alone.intent:
        return Reason(about, "yes", "an earlier post of the author still waits for an answer")
    return Reason(
        about, "yes", f"whatever is {seen.urgency.level} is answered" if seen.urgency.level.rank >= Level.HIGH.rank else "it is asked for"
    )


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f'"{one}"' for one in words)
