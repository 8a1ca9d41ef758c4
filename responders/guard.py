"""The voice check: every text that leaves passes here, whether a machine or a person wrote it.

A problem blocks the text until it is edited. It is said in words for a person and names what was found, personal data masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from listener.model import Post
from listener.rules.answers import Answer
from listener.rules.rulebook import Rulebook
from listener.text import Folded, clean, hidden, one_line
from responders import foreign, linking, personal
from responders.handles import readings
from responders.lexicon import AGAINST_OURSELVES, PROFANITY, PROMISES_OF_LAW
from responders.model import Kind
from responders.ours import Ours
from responders.promising import promises, promises_anything, unsourced
from responders.wording import Listed, any_number, flat, quoted, words

_LONGEST = 20_000  # twice what any network takes; beyond it reading would take its time
_BOOKS_KEPT = 8  # the rules at work, those that they are compared with, and some that are being checked
_TEXTS_KEPT = 512  # of each
_LONGEST_KEPT = 2_000  # characters: nothing is remembered of a longer text
_LONGEST_TOKEN = 64  # the same for what stands between two spaces
_SHORTEST_STARRED = 4
_SHORTEST_RUDE = min(map(len, PROFANITY))
_NO_LETTER = re.compile(r"[-2.,:;'\"/#%&()=~<>_\[\]]")
_QUOTE_WIDTH = 60
_AROUND = ".,;:?!\"'()[]*_~-"
_SENTENCE_END = re.compile(r"[.!?](?:\s+|$)|[\u3002\uff01\uff1f\n]")
_KINDS = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "card": "a card number",
    "iban": "an IBAN",
    "order_number": "an order number",
}


@cache
def _always() -> tuple[Listed, Listed, Listed]:
    """Return what no rules allow: what speaks against ourselves, what makes a contract, rude words."""
    return Listed(AGAINST_OURSELVES), Listed(PROMISES_OF_LAW), Listed(PROFANITY)


def _never_said(read: Folded, ours: Ours) -> Iterator[str]:
    against, law, _ = _always()
    if found := ours.never_said.find(read):
        yield f"it says {quoted(found)}, which the boundaries never allow"
    if found := against.find(read):
        yield f"it speaks against ourselves: {quoted(found)}"
    if found := law.find(read):
        yield f"it makes a contract: {quoted(found)}"


def _is_starred(token: str) -> bool:
    """Return whether a token is a rude word with letters starred out."""
    if "*" not in token or len(token) < _SHORTEST_STARRED:
        return False
    seen = re.compile(re.escape(token).replace(r"\*", "."))
    return any(seen.fullmatch(word) for word in PROFANITY)


def _rude(token: str) -> tuple[str, ...]:
    """Return what is rude of what stands between two spaces in a folded text."""
    parts = dict.fromkeys((token.strip(_AROUND), *words(token)))
    return tuple(part for part in parts if _is_rude(part) or _is_starred(part))


def _is_rude(part: str) -> bool:
    """Return whether a word may be read as a rude one. No reading makes a letter of what is read as none, and none adds letters."""
    if part.isascii() and (len(part) < _SHORTEST_RUDE or _NO_LETTER.search(part)):
        return False
    return not PROFANITY.isdisjoint(readings(part))


_rude_kept = lru_cache(maxsize=8_192)(_rude)


def _swears(listed: Iterable[str], tokens: Iterable[str]) -> tuple[str, ...]:
    """Return what to say of rude words: those that were found as they are listed, and what of tokens (see `_rude`) may be read as one."""
    found = dict.fromkeys(listed)
    for token in tokens:
        if rude := (_rude_kept if len(token) <= _LONGEST_TOKEN else _rude)(token):
            found |= dict.fromkeys(rude)
    return (f"it swears: {quoted(tuple(found))}",) if found else ()


def _profanity(text: str) -> tuple[str, ...]:
    return _swears(_always()[-1].find(text), clean(text).split())


def _personal(text: str, book: Rulebook) -> Iterator[str]:
    for found in personal.find(text, book.boundaries.keep_private):
        yield f'it shows {_KINDS[found.kind]} in public: "{found.masked}"'

    for found in personal.find_patterns(text, book.boundaries.private_patterns):
        yield f'it shows what the boundaries keep private ({found.kind}) in public: "{found.masked}"'


def _promises(text: str, ours: Ours, today: date | None) -> Iterator[str]:
    """Yield what is promised without a source."""
    if found := unsourced(text, ours.templates, lambda: _backed(ours, today)):
        yield f"it promises {quoted(found)}, and neither a template nor boundaries.may_promise says that we do"


def _backed(ours: Ours, today: date | None) -> tuple[str, ...]:
    """Return what may be promised. An entry with an end counts only where the day is known and has not passed it."""
    entries = ours.book.boundaries.may_promise
    valid = (entry for entry in entries if entry.until is None or (today is not None and today <= entry.until))
    answers = tuple(answer for answer in ours.answers if today is not None and today <= answer.review_by)
    return (*(words for entry in valid for words in entry.say), *_sentences(answers))


@lru_cache(maxsize=16)
def _sentences(answers: tuple[Answer, ...]) -> tuple[str, ...]:
    """Return the sentences in which written answers that still count promise something: each has a named source."""
    whole = (wording.text for answer in answers for wording in answer.wordings)
    said = (one.strip(_AROUND + " ") for text in whole for one in _SENTENCE_END.split(text))
    return tuple(dict.fromkeys(one for one in said if promises(one)))


def _past(text: str, ours: Ours, today: date | None) -> Iterator[str]:
    """Yield which written answer a text tells whose last day is over."""
    over = [answer for answer in ours.answers if today is not None and today > answer.review_by]
    shown = " ".join(clean(text).split()) if over else ""
    for answer in over:
        if any(" ".join(clean(wording.text).split()) in shown for wording in answer.wordings):
            name = one_line(answer.file, _QUOTE_WIDTH)
            yield f"it tells the answer {name}, which was to be looked at again by {answer.review_by.isoformat()}"


class _Guard:
    """The check of one rulebook. What a text says by itself is remembered: most drafts say what another one said before."""

    def __init__(self, book: Rulebook) -> None:
        self.ours = Ours(book)
        self._unsaid = Listed((*book.boundaries.never_say, *AGAINST_OURSELVES, *PROMISES_OF_LAW))
        self._kept = lru_cache(maxsize=_TEXTS_KEPT)(self._look)
        self._harmless_kept = lru_cache(maxsize=_TEXTS_KEPT)(self._harmless)

    def never_said(self, text: str) -> Iterable[str]:
        """Return what a text says that nobody may say. All of that is looked for at once: most texts hold none of it."""
        read = flat(text)
        return _never_said(read, self.ours) if self._unsaid.stands_in(read) else ()

    def alone(self, body: str, today: date | None) -> tuple[str, ...]:
        """Return what is wrong with a text whomever it is said to."""
        if len(body) > _LONGEST_KEPT:
            return self._look(body, today)
        harmless = self._harmless_kept(any_number(body), today)
        if harmless is None:
            return self._kept(body, today)
        return _swears((), [token for token in clean(body).split() if token not in harmless])

    def _harmless(self, body: str, today: date | None) -> frozenset[str] | None:
        """Return the tokens of a text that is fine whatever its numbers are, as far as no number makes a rude word of one; else None.

        Such a text holds no rude word, no promise and no link, and there is no answer that it must not tell any more.
        """
        over = any(today is not None and today > answer.review_by for answer in self.ours.answers)
        fine = not (over or _profanity(body) or promises_anything(body) or linking.may_link(body))
        return frozenset(clean(body).split()) if fine else None

    def _look(self, body: str, today: date | None) -> tuple[str, ...]:
        ours = self.ours
        said = (*_profanity(body), *_promises(body, ours, today), *_past(body, ours, today))
        return (*said, *linking.problems(body, ours.sites))


class _Itself:
    """A rulebook as a key: nothing but itself is equal to it, whatever another one says."""

    __slots__ = ("book",)

    def __init__(self, book: Rulebook) -> None:
        self.book = book

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.book is self.book

    def __hash__(self) -> int:
        return id(self.book)


@lru_cache(maxsize=_BOOKS_KEPT)
def _guard(key: _Itself) -> _Guard:
    return _Guard(key.book)


def today_of(book: Rulebook, at: datetime) -> date:
    """Return which day it is, at a moment, in the zone that the rules are meant in; UTC's where there is no such zone."""
    return _day(book.timezone, at)


@lru_cache(maxsize=16)  # a page of mentions is decided at one moment
def _day(timezone: str, at: datetime) -> date:
    try:
        return at.astimezone(ZoneInfo(timezone)).date()
    except (ValueError, KeyError):
        return at.astimezone(UTC).date()


def check(
    text: str,
    *,
    kind: Kind,
    book: Rulebook,
    post: Post | None,
    name_allowed: bool = False,
    today: date | None = None,
    limits: Callable[[str], str] | None = None,
) -> tuple[str, ...]:
    """Return what is wrong with a text that is about to leave, in words for a person; empty where nothing is.

    `post` is what is answered, so that nothing of it is repeated in public; the author's handle in front, for addressing, is fine.
    `name_allowed` says that the handle may stand elsewhere too. Personal data and foreign text count in public only; other
    people's handles count in private only, where a mention may let them read along. `today` is the day in the rules' own zone: without
    it, nothing that may be promised up to some day may be. `limits` says in the network's own count why a text does not fit, or "".
    """
    if len(text) > _LONGEST:
        return (f"it is far too long: {len(text)} characters",)
    body, door = foreign.unaddressed(text, post), _guard(_Itself(book))
    problems = [] if body.strip() and clean(text).strip() else ["there is nothing in it to say"]
    if names := hidden(text):
        problems.append(f"it carries hidden characters: {', '.join(names)}")
    problems += (*door.never_said(text), *door.alone(body, today))
    if kind is Kind.PRIVATE:
        problems += foreign.widens(text, post, door.ours)
    else:
        problems += _personal(text, book)
        problems += foreign.repeats(text, body, post, door.ours, name_allowed=name_allowed) if post is not None else ()
    problems += filter(None, (limits(text),) if limits else ())
    return tuple(problems)
