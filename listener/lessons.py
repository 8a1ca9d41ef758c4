"""What people's corrections taught, read from the store; read again only where others stand than before."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from listener.model import Assessment, Author, Labels, Mood, Post, Sentiment
from listener.rules.rulebook import Rulebook, Scoring
from listener.scoring import corrected
from listener.scoring.assessor import Assessor
from listener.scoring.judge import judge_name
from listener.scoring.learned import NONE, Adjustments, Taught, adjustment, together
from listener.scoring.learning import shape
from listener.store import corrections, intake
from listener.store import mentions as ledger
from listener.store.base import Reader, Row, Tx
from listener.store.corrections import Correction

_MOST = 2_000  # corrections of a brand that are learned from: the time grows with the square of the words in them


class Lessons:
    """What was learned for the brands of one rulebook."""

    def __init__(self, book: Rulebook, assessor: Assessor) -> None:
        """`assessor` judges by the scoring of `book`, without anything learned."""
        self._book = book
        self._assessor = assessor
        self._judge = judge_name(book.scoring)
        self._state = (0, 0)
        self._judged: dict[tuple[str, str], Sentiment] = {}
        self.now: Adjustments = NONE

    def stale(self, reader: Reader) -> bool:
        """Return whether other corrections stand than those learned from."""
        return self._book.scoring.sentiment.learn and corrections.state(reader) != self._state

    def learn(self, reader: Reader) -> Adjustments:
        """Learn again where other corrections stand than before; return what is learned by now."""
        if self.stale(reader):
            state = corrections.state(reader)
            self.now = self._learned(corrections.standing(reader))
            self._state = state
        return self.now

    def _learned(self, standing: list[Correction]) -> Adjustments:
        taught: dict[str, list[Taught]] = defaultdict(list)
        for one in reversed(standing):  # the newest count where there are too many to learn from between two pages
            if one.labels.mood and one.brand in self._book.brands and len(taught[one.brand]) < _MOST:
                taught[one.brand].append(Taught(one.words, self._bare(one), one.labels.mood))
        settings = self._book.scoring.sentiment
        return together({brand: adjustment(found, settings, self._own_words(brand)) for brand, found in taught.items()})

    def _own_words(self, brand: str) -> frozenset[str]:
        """Return what a brand is called: it stands in every post about it, and tells nothing."""
        found = self._book.brands[brand]
        called = " . ".join((brand, *found.names, *found.hashtags))
        return frozenset(piece for piece in shape(called).whole if " " not in piece)

    def _bare(self, one: Correction) -> Sentiment:
        """Return the mood of a corrected text without anything learned: as it was judged, where the same judge would judge it now."""
        record = one.record
        if self._judge and str(record.get("judge") or "").partition("+")[0] == self._judge:
            learned_then = float(str(record.get("learned") or 0))
            if not learned_then:
                return Sentiment(Mood(str(one.judged["mood"])), float(one.judged["score"] or 0))
        key = (one.brand, one.words)
        if key not in self._judged:
            self._judged[key] = self._assessor.assess(_post(one)).sentiment
        return self._judged[key]


def _post(one: Correction) -> Post:
    return Post(one.network, one.post_id, one.words, Author(one.network, "", ""), one.at, one.post_id)


def adjustments(reader: Reader, book: Rulebook, assessor: Assessor | None = None) -> Adjustments:
    """Return what a store's corrections teach about the brands of a rulebook."""
    return Lessons(book, assessor or Assessor(book.scoring)).learn(reader)


def as_corrected(reader: Reader, post: Post, bare: Assessment, taught: Assessment, scoring: Scoring) -> Assessment:
    """Return how a stored post is judged, with a person's word put on top where somebody corrected it.

    `bare` is how it is judged without anything learned, `taught` with it. What somebody said of the mood of this very post is their word,
    and none of Earnest's learning.
    """
    one = corrections.of_post(reader, post.network, post.id)
    if one is None:
        return taught
    return corrected.put(bare if one.labels.mood else taught, one.labels, scoring, who=one.who, at=one.at)


def keep(tx: Tx, post: Post, scoring: Scoring) -> None:
    """Let a person's word on a post stand that was judged anew, where it reads as it did when they said it.

    Its words are the same, so what they were said of is how it was judged before; by now it would be judged as they taught.
    """
    if one := corrections.of_post(tx, post.network, post.id):
        correct(tx, post, one.labels, one.judged, scoring, who=one.who, at=one.at)


def correct(tx: Tx, post: Post, labels: Labels, judged: Row, scoring: Scoring, *, who: str, at: datetime) -> Assessment:
    """Store how a post is judged once a person's word stands over how Earnest had `judged` it; return that."""
    bare = ledger.read_assessment(judged)
    seen = corrected.put(bare, labels, scoring, who=who, at=at)
    intake.store_assessment(tx, post, seen, judged_at=at)
    return seen
