"""The thread around a post: who asked before and got no answer, whom our answer did not help, who joins, and who takes it back.

What an author wrote before and nobody of us answered makes the next post more urgent, and what was grave stays grave until we answer or
the author says that it is over. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from listener.model import Assessment, Intent, Post, Signal
from listener.scoring.signals import GRAVE, Reading, Signals
from listener.text import one_line

_EARLIER = 3  # earlier posts of the same author that are looked at again
_LONG = timedelta(hours=1)  # who writes again sooner adds to what they said; later they ask again
_TWICE = 2  # so many posts that ask and stay unanswered, before this one, are asking again however soon they follow
_QUOTED = 60  # columns of an earlier post among the reasons
_TROUBLE = GRAVE | {"outage", "waiting", "asked_before"}


@dataclass(frozen=True, slots=True)
class _Before:
    """What stands before a post in its thread: all of it, and the place of the last answer of ours that meant its author (-1: none)."""

    posts: tuple[Post, ...]
    answered: int

    def of(self, post: Post) -> list[Post]:
        """Return what the author of a post wrote before it."""
        return [one for one in self.posts if _by(one, post)]

    def unanswered(self, post: Post) -> list[Post]:
        """Return what the author of a post wrote since we last answered."""
        return [one for one in self.posts[self.answered + 1 :] if _by(one, post)]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the thread adds: the signals, and whether the author has trouble, whatever the words alone say."""

    signals: tuple[Signal, ...] = ()
    trouble: bool = False


class ThreadReader:
    """Reads a post in the light of the thread around it. Pure."""

    def __init__(self, signals: Signals, judge: Callable[[Post], tuple[Assessment, Reading]]) -> None:
        """Take the signals of the rulebook, and what judges an earlier post by itself, without its mood."""
        self._signals, self._judge = signals, judge

    def read(self, now: Assessment, reading: Reading, post: Post, thread: Sequence[Post]) -> Assessment:
        """Return the assessment of a post as the thread changes it; the same one where it does not. Its urgency is to be added up anew."""
        if not thread or now.intent is Intent.SPAM or reading.has("resolved"):
            return now
        before = _before(post, thread)
        found = self._again(now, reading, post, before) or self._unhelped(reading, post, before) or self._joined(now, reading, post, before)
        return self._with(now, found) if found else now

    def _again(self, now: Assessment, reading: Reading, post: Post, before: _Before) -> _Found | None:
        """Return what the author's earlier posts, which nobody of us answered, add: they wait, and what was grave still is."""
        asked = self._asked(before.unanswered(post), nudged=reading.has("nudge"))
        if not asked:
            return None
        grave = tuple(signal for _, then in asked for signal in then.signals if signal.name in GRAVE)
        if now.intent is Intent.PRAISE or not (now.needs_reply or reading.has("nudge")):
            return _Found(grave, trouble=True) if grave and now.intent is not Intent.PRAISE else None
        first = asked[0][0]
        why = (f"asked before: {one_line(first.text, _QUOTED)}",)
        names = ["waiting"]
        if reading.has("nudge") or len(asked) >= _TWICE or post.created_at - first.created_at >= _LONG:
            names.append("asked_before")
        return _Found((*(Signal(name, self._signals.points(name), why) for name in names), *grave), trouble=now.intent is Intent.OTHER)

    def _asked(self, posts: Sequence[Post], *, nudged: bool) -> list[tuple[Post, Assessment]]:
        """Return those that ask for something still: what the author took back since does not count.

        Whoever nudges us (`nudged`), or was answered by us, did ask for something, also where the words alone did not show it.
        """
        asked: list[tuple[Post, Assessment]] = []
        for one in posts[-_EARLIER:]:
            then, reading = self._judge(one)
            if reading.has("resolved") and not then.needs_reply:
                asked = []
            elif then.needs_reply or (nudged and then.intent is Intent.OTHER):
                asked.append((one, then))
        return asked

    def _unhelped(self, reading: Reading, post: Post, before: _Before) -> _Found | None:
        """Return what it adds that our answer was no help: the author asked before, and what was grave still is."""
        if before.answered < 0 or not reading.has("unhelped"):
            return None
        asked = self._asked([one for one in before.posts[: before.answered] if _by(one, post)], nudged=True)
        if not asked:
            return None
        why = (f"answered, and not helped: {one_line(before.posts[before.answered].text, _QUOTED)}",)
        grave = (signal for _, then in asked for signal in then.signals if signal.name in GRAVE)
        return _Found((Signal("asked_before", self._signals.points("asked_before"), why), *grave), trouble=True)

    def _joined(self, now: Assessment, reading: Reading, post: Post, before: _Before) -> _Found | None:
        """Return what "same here" says under somebody else's post: the author has the same trouble."""
        if not reading.has("same") or now.intent is Intent.PRAISE or before.of(post):
            return None
        told = next((one for one in before.posts if one.id == post.parent_id and not one.own), None)
        told = told or next((one for one in before.posts if not one.own), None)
        if told is None:
            return None
        then, _ = self._judge(told)
        if then.intent is not Intent.COMPLAINT and not _TROUBLE & {signal.name for signal in then.signals}:
            return None
        why = (f"the same as: {one_line(told.text, _QUOTED)}",)
        shared = (signal for signal in then.signals if signal.name in GRAVE | {"outage"})
        return _Found(tuple(replace(signal, because=why) for signal in shared), trouble=True)

    def _with(self, assessment: Assessment, found: _Found) -> Assessment:
        """Add what was found; a signal that is already there gains the words."""
        merged = {signal.name: signal for signal in assessment.signals}
        for signal in found.signals:
            known = merged.get(signal.name)
            because = tuple(dict.fromkeys([*(known.because if known else ()), *signal.because]))
            merged[signal.name] = replace(signal, points=self._signals.points(signal.name), because=because)
        signals = tuple(sorted(merged.values(), key=lambda signal: self._signals.names.index(signal.name)))
        grave = any(signal.name in GRAVE - {"many"} for signal in signals)
        what = Intent.COMPLAINT if found.trouble else assessment.intent
        return replace(assessment, signals=signals, intent=what, needs_reply=True, moment_of_truth=assessment.moment_of_truth or grave)


def _by(one: Post, post: Post) -> bool:
    return not one.own and one.author.id == post.author.id and one.network == post.network


def _before(post: Post, thread: Sequence[Post]) -> _Before:
    earlier = sorted((one for one in thread if one.id != post.id and one.created_at <= post.created_at), key=lambda one: one.created_at)
    authors = {one.id: one.author.id for one in earlier if not one.own}
    meant = (place for place, one in enumerate(earlier) if one.own and _means(one, post, authors))
    return _Before(tuple(earlier), max(meant, default=-1))


def _means(answer: Post, post: Post, authors: dict[str, str]) -> bool:
    """Whether an answer of ours is meant for the author of the post: it replies to them, or it is not known to whom."""
    to = answer.parent_author_id or authors.get(answer.parent_id or "")
    return to is None or to == post.author.id
