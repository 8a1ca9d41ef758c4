"""Correcting: a person says how a post should have been judged. It counts at once, and what was made of the old judgement is void.

What waits for the post is dropped, what was approved and has not left is taken back, in the same moment: nothing that was written on a
wrong judgement leaves. The mention is then decided once more by the daemon, as after an edit, and what a person corrected a person
answers. What was sent stays, and so does every alert.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from listener import lessons
from listener.clock import Clock
from listener.errors import EarnestError
from listener.model import Assessment, Labels, Post
from listener.rules.rulebook import Rulebook, Scoring
from listener.scoring.corrected import agree, put
from listener.scoring.judge import judge_name
from listener.store import corrections, following
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Store, Tx, Value, pack
from responders import aftermath
from responders.approvals import Done
from responders.ledger import audit, cases
from responders.ledger.cases import Case

_DROPPED = "a person corrected how the post is judged"
_TAKEN_BACK = "a person took back their word on how the post is judged"


class Correcting:
    """Corrects in the name of one person."""

    def __init__(self, store: Store, book: Rulebook, clock: Clock, *, who: str, running: Callable[[], bool]) -> None:
        """Correct as `who`; `running` says whether a daemon works on the store, which decides again."""
        self._store = store
        self._book = book
        self._clock = clock
        self._running = running
        self.who = who

    def seen(self, name: str, post_id: str = "") -> Assessment:
        """Return how a post of a case is judged now: its newest, or the one named.

        Raises:
            EarnestError: there is no such case, its post is deleted, or nobody judged it.
        """
        reader = self._store.read()
        case = cases.find(reader, name)
        return _judged(reader, case, post_id or case.post_id)[1]

    def correct(self, name: str, labels: Labels, *, note: str = "", post_id: str = "") -> Done:
        """Say how the newest post of a case (or the one named) is to be judged. Labels that Earnest agrees with confirm its judgement.

        Raises:
            EarnestError: there is no such case, its post is deleted, or nobody judged it.
        """
        return self._store.write(lambda tx: self._correct(tx, name, labels, note, post_id))

    def _correct(self, tx: Tx, name: str, labels: Labels, note: str, post_id: str) -> Done:
        case, at = cases.find(tx, name), self._clock()
        post, seen = _judged(tx, case, post_id or case.post_id)
        earlier = corrections.of_post(tx, post.network, post.id)
        judged: dict[str, Value] | None = dict(earlier.judged) if earlier else corrections.judged_now(tx, post.network, post.id)
        if judged is None:  # pragma: no cover  # it was judged a line above
            raise EarnestError(_UNJUDGED)
        said = labels.over(earlier.labels) if earlier else labels
        if earlier:
            corrections.undo(tx, earlier.id, who=self.who, at=at)
        corrections.add(
            tx, (post.network, post.id), case.brand, words=post.text, judged=judged, labels=said, note=note, who=self.who, at=at
        )
        if agree(labels, seen):
            audit.record(tx, self.who, "confirmed judgement", at=at, case_id=case.id, post=post.id)
            return Done(case.name, f"{case.name}: you agree with how it is judged. That counts as well.")
        now = lessons.correct(tx, post, said, judged, self._scoring, who=self.who, at=at)
        changes = put(seen, labels, self._scoring, who=self.who, at=at).corrected
        told = {what: f"{was} → {is_now}" for what, was, is_now in changes.changes} if changes else {}
        audit.record(tx, self.who, "corrected", at=at, case_id=case.id, post=post.id, **told)
        dropped = self._decide_again(tx, case, post, now, _DROPPED, at=at)
        return Done(case.name, f"{case.name}: {str(changes).removeprefix(f'{self.who} says: ')}. {self._after(dropped=dropped)}")

    @property
    def _scoring(self) -> Scoring:
        return self._book.scoring

    def _decide_again(self, tx: Tx, case: Case, post: Post, now: Assessment, why: str, *, at: datetime) -> bool:
        """Void what was made of the old judgement, and have every mention that the post is decided once more."""
        dropped = False
        for brand in cases.brands_decided(tx, post.network, post.id) | {case.brand}:
            one = cases.of_post(tx, post.network, post.id, brand)
            if one is None:
                continue
            if aftermath.drop(tx, one, post.id, why, at=at):
                cases.set_state(tx, one.id, "open", at=at)
                dropped = True
            alone = one.post_id == post.id and not cases.other_mention(tx, one, post.id)
            if alone and now.urgency.level.rank < one.level.rank:
                cases.lower(tx, one.id, now.urgency.level, now.urgency.points, at=at)
        corrections.decide_again(tx, post.network, post.id)
        return dropped

    def _after(self, *, dropped: bool) -> str:
        when = "within a second" if self._running() else "as soon as the daemon runs: earnest run"
        return f"{'What was drafted for it is void. ' if dropped else ''}It is decided again {when}."

    def undo(self, number: int) -> Done:
        """Take a correction back, whoever made it: the post is judged exactly as before, and nothing is learned from it any more.

        Raises:
            EarnestError: there is none of that number, or it was taken back already.
        """
        return self._store.write(lambda tx: self._undo(tx, number))

    def undo_of(self, name: str) -> Done:
        """Take back what was said of the newest post of a case.

        Raises:
            EarnestError: there is no such case, or nothing was said of it.
        """

        def work(tx: Tx) -> Done:
            case = cases.find(tx, name)
            one = corrections.of_post(tx, case.network, case.post_id)
            if one is None:
                message = f"nobody corrected how {case.name} is judged"
                raise EarnestError(message, "see all corrections: earnest corrections")
            return self._undo(tx, one.id)

        return self._store.write(work)

    def _undo(self, tx: Tx, number: int) -> Done:
        one, at = corrections.get(tx, number), self._clock()
        if one is None or not corrections.undo(tx, number, who=self.who, at=at):
            message = f"there is no correction {number}" if one is None else f"correction {number} was taken back or replaced already"
            raise EarnestError(message, "see all corrections: earnest corrections")
        case = cases.of_post(tx, one.network, one.post_id, one.brand)
        audit.record(tx, self.who, "undid correction", at=at, case_id=case.id if case else None, correction=number)
        name = case.name if case else f"correction {number}"
        if case is None or not one.stands:
            return Done(name, f"{name}: taken back. Nothing is learned from it any more.")
        post, seen = _judged(tx, case, one.post_id)
        if seen.corrected is None:
            return Done(name, f"{name}: taken back. Its judgement was Earnest's own anyway.")
        corrections.restore(tx, one)
        was = heard_ledger.assessment(tx, post.network, post.id) or seen
        dropped = self._decide_again(tx, case, post, was, _TAKEN_BACK, at=at)
        return Done(name, f"{name}: taken back; it is judged as before. {self._after(dropped=dropped)}")

    def teach(self, text: str, brand: str, judged: Assessment, labels: Labels, *, note: str = "") -> Done:
        """Say how a text that is no post is to be judged; `judged` is how Earnest judges it. It only teaches."""
        at = self._clock()
        row = _row(judged, judge_name(self._scoring), at)

        def work(tx: Tx) -> Done:
            number = corrections.add(tx, ("", ""), brand, words=text, judged=row, labels=labels, note=note, who=self.who, at=at)
            audit.record(tx, self.who, "taught", at=at, correction=number)
            return Done(f"correction {number}", f"Kept as correction {number}, for {brand}.")

        return self._store.write(work)


_UNJUDGED = "nobody judged this post, so there is nothing to correct"


def _judged(reader: Reader, case: Case, post_id: str) -> tuple[Post, Assessment]:
    post = heard_ledger.post(reader, case.network, post_id)
    seen = heard_ledger.assessment(reader, case.network, post_id)
    if gone := following.fate(reader, case.network, post_id).deleted_at:
        message = f"its author deleted this post (noticed on {gone:%Y-%m-%d}); its words are not kept, so nobody can judge them"
        raise EarnestError(message, f"what is left to know: earnest show {case.name}")
    if post is None or seen is None:
        raise EarnestError(_UNJUDGED, f"see it: earnest show {case.name}")
    return post, seen


def _row(seen: Assessment, judge: str, at: datetime) -> dict[str, Value]:
    """Return a judgement as a row of `assessments`."""
    record = {"signals": [[one.name, one.points, []] for one in seen.signals], "sarcasm": seen.sarcasm, "judge": judge}
    return {
        "language": seen.language,
        "mood": seen.sentiment.label.value,
        "score": seen.sentiment.score,
        "level": seen.urgency.level.value,
        "points": seen.urgency.points,
        "intent": seen.intent.value,
        "record": pack(record),
        "judged_at": at.isoformat(),
    }
