"""Raising: what is known only beside a post, such as a storm around its brand, put on top of how the post itself was judged.

The judgement of a post by its words stays as it is and can be used again; this is done for each mention when it is decided. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from listener.model import Assessment, Intent, Level, Signal
from listener.rules.rulebook import UrgencySettings
from listener.scoring.signals import BUILTIN
from listener.scoring.urgency import add_up, is_pressing, trim


def raised(assessment: Assessment, more: Sequence[Signal], settings: UrgencySettings) -> Assessment:
    """Return the assessment with more signals, and the urgency that follows; spam stays spam, and no urgency sinks by it.

    A signal that is there already gains the reasons. What is nothing but a storm presses: together with other annoyance it is no
    emergency (`urgency.trim`).
    """
    if not more or assessment.intent is Intent.SPAM:
        return assessment
    merged = {signal.name: signal for signal in assessment.signals}
    for signal in more:
        known = merged.get(signal.name)
        because = tuple(dict.fromkeys([*(known.because if known else ()), *signal.because]))
        merged[signal.name] = replace(known or signal, because=because)
    order = list(dict.fromkeys([*BUILTIN, *settings.signals]))
    found = sorted(merged.values(), key=lambda signal: order.index(signal.name) if signal.name in order else len(order))
    pressing = [name for name in merged if is_pressing(name, settings.signals.get(name))]
    signals = trim(found, pressing, settings.levels)
    urgency = add_up(signals, settings.levels, Level.NORMAL if assessment.needs_reply else Level.LOW)
    if urgency.points < assessment.urgency.points:
        urgency = assessment.urgency
    needed = assessment.needs_reply or urgency.level.rank >= Level.HIGH.rank
    return replace(assessment, signals=signals, urgency=urgency, needs_reply=needed)
