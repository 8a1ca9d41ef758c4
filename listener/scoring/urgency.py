"""How soon a person must look: points add up, to at most 100, whatever the mood."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from listener.model import Level, Signal, Urgency
from listener.rules.rulebook import Levels, SignalSettings
from listener.scoring.signals import PRESSING

_MOST = 100


def level_of(points: int, levels: Levels) -> Level:
    """Return the level that so many points reach."""
    if points >= levels.critical:
        return Level.CRITICAL
    if points >= levels.high:
        return Level.HIGH
    return Level.NORMAL if points >= levels.normal else Level.LOW


def is_pressing(name: str, settings: SignalSettings | None) -> bool:
    """Whether a signal only presses: by what it means, or because it is nothing but a mood or a storm."""
    if name in PRESSING or settings is None or settings.words or settings.pattern:
        return name in PRESSING
    return settings.sentiment is not None or (settings.spike is not None and settings.followers is None)


def trim(signals: Sequence[Signal], pressing: Collection[str], levels: Levels) -> tuple[Signal, ...]:
    """Keep what merely presses from adding up to an emergency.

    Pressing signals below critical by themselves never lift a post to critical together: the last ones lose points, so that what is
    shown still adds up. Signals that reach critical alone, and the rules' own, are left as they are.
    """
    names = {signal.name for signal in signals if signal.name in pressing and signal.points < levels.critical}
    firm = sum(signal.points for signal in signals if signal.name not in names)
    if firm >= levels.critical:
        return tuple(signals)
    room = levels.critical - 1 - firm
    kept: list[Signal] = []
    for signal in signals:
        points = min(signal.points, room) if signal.name in names else signal.points
        room -= points if signal.name in names else 0
        kept.append(signal if points == signal.points else replace(signal, points=points))
    return tuple(kept)


def add_up(signals: Sequence[Signal], levels: Levels, at_least: Level = Level.LOW) -> Urgency:
    """Add the points; `at_least` is the level below which what the author wants does not let it fall."""
    points = max(min(_MOST, sum(signal.points for signal in signals)), getattr(levels, at_least.value))
    return Urgency(level_of(points, levels), points)
