"""The thread around a post: what its author wrote before and nobody answered makes the post more urgent, and what was grave still is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from listener.model import Assessment, Intent, Post, Signal
from listener.scoring.signals import GRAVE, Reading, Signals
from listener.text import one_line

_EARLIER = 3  # earlier posts of the same author that are looked at again


class ThreadReader:
    """Reads a post in the light of the thread around it. Pure."""

    def __init__(self, signals: Signals, judge: Callable[[Post], Assessment]) -> None:
        """Take the signals of the rulebook, and what judges an earlier post by itself, without its mood."""
        self._signals, self._judge = signals, judge

    def read(self, now: Assessment, reading: Reading, post: Post, thread: Sequence[Post]) -> Assessment:
        """Return the assessment of a post as the thread changes it; the same one where it does not. Its urgency is to be added up anew."""
        earlier = self._unanswered(post, thread, now, reading)
        return self._with(now, earlier) if earlier else now

    def _unanswered(self, post: Post, thread: Sequence[Post], now: Assessment, reading: Reading) -> tuple[Signal, ...]:
        """Return what the author's earlier posts, which nobody of us answered, add: they wait, and what was grave still is."""
        if now.intent in {Intent.PRAISE, Intent.SPAM} or not (now.needs_reply or reading.has("nudge")):
            return ()
        before = sorted((one for one in thread if one.id != post.id and one.created_at <= post.created_at), key=lambda one: one.created_at)
        answered = max((place for place, one in enumerate(before) if one.own), default=-1)
        same = [one for one in before[answered + 1 :] if one.author.id == post.author.id and one.network == post.network]
        judged = [(one, self._judge(one)) for one in same[-_EARLIER:]]
        asked = [(one, then) for one, then in judged if then.needs_reply]
        if not asked:
            return ()
        wait = Signal("waiting", self._signals.points("waiting"), (f"asked before: {one_line(asked[0][0].text, 60)}",))
        return (wait, *(signal for _, then in asked for signal in then.signals if signal.name in GRAVE))

    def _with(self, assessment: Assessment, more: Sequence[Signal]) -> Assessment:
        """Add signals from earlier posts; a signal that is already there gains their words."""
        merged = {signal.name: signal for signal in (*assessment.signals,)}
        for signal in more:
            known = merged.get(signal.name)
            because = tuple(dict.fromkeys([*(known.because if known else ()), *signal.because]))
            merged[signal.name] = replace(signal, points=self._signals.points(signal.name), because=because)
        signals = tuple(sorted(merged.values(), key=lambda signal: self._signals.names.index(signal.name)))
        grave = any(signal.name in GRAVE for signal in signals)
        what = Intent.COMPLAINT if assessment.intent is Intent.OTHER else assessment.intent
        return replace(assessment, signals=signals, intent=what, needs_reply=True, moment_of_truth=assessment.moment_of_truth or grave)
