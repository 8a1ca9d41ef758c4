"""Can a route ever be reached? It cannot where a route above takes everything it would take.

All of it is careful: it says yes only where it is sure, so what it says is never wrong, though some dead routes stay unnoticed.
What several routes take together is in `together`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from listener.model import Intent, Level, Mood
from listener.rules.conditions import When

Condition = When | Literal["always"]

_SINGLE = ("urgency", "sentiment", "intent", "language", "network", "brand", "visibility")
_SEVERAL = ("text",)  # of which a mention may have more than one
SETS = (*_SINGLE, *_SEVERAL)
"""Conditions that list values, any of which will do."""
FLAGS = ("addressed", "moment_of_truth", "sarcasm")
"""Conditions that are true or false."""
ALIKE = ("author", "customer", "thread", "hours", "count", "spike", "new_term")
"""Conditions of which it is only known that the same one holds where it holds."""
_EITHER = ("customer", "hours")
"""Conditions of two values, of which each mention has one."""
WHOLE: dict[str, frozenset[str]] = {"urgency": frozenset(Level), "sentiment": frozenset(Mood), "intent": frozenset(Intent)}
"""All values of some facts: a condition that lists them all asks nothing."""
_STEPS = 5_000
_STEPS_IN_ALL = 100_000
_NOTHING = When.model_construct(any=())
"""What no mention fulfils."""


@dataclass(slots=True)
class Patience:
    """How many comparisons are left; deep nests of `any` would otherwise multiply."""

    left: int = _STEPS_IN_ALL

    def spent(self) -> bool:
        """Spend one; return whether none was left."""
        self.left -= 1
        return self.left < 0


def matches_all(when: Condition) -> bool:
    """Tell whether a condition surely holds for every mention."""
    return when == "always" or implies("always", when)


def never(when: Condition) -> bool:
    """Tell whether surely no mention fulfils a condition, because its parts rule one another out."""
    return when != "always" and _gives([when], _NOTHING, Patience(_STEPS))


def implies(narrow: Condition, wide: Condition, patience: Patience | None = None) -> bool:
    """Tell whether whatever fulfils `narrow` surely fulfils `wide`; nothing fulfils what rules itself out.

    `patience` is shared by whoever compares many.
    """
    if wide == "always":
        return True
    parts = [] if narrow == "always" else [narrow]
    mine = Patience(min(_STEPS, patience.left if patience else _STEPS))
    granted = mine.left
    found = _gives(parts, wide, mine)
    if patience:
        patience.left -= granted - mine.left
    return found


def _gives(parts: list[When], wide: When, patience: Patience) -> bool:
    """Tell whether the parts, which all hold, make `wide` hold."""
    if patience.spent():
        return False
    if _each_atom(parts, wide, patience) or _absurd(parts, patience):
        return True
    for number, part in enumerate(parts):
        if part.any is not None:
            rest = [*parts[:number], part.model_copy(update={"any": None}), *parts[number + 1 :]]
            return all(_gives([*rest, choice], wide, patience) for choice in part.any)
    return False


def _each_atom(parts: list[When], wide: When, patience: Patience) -> bool:
    if any(not _set_given(parts, wide, key) for key in SETS):
        return False
    if any(not _flag_given(parts, wide, key) for key in FLAGS):
        return False
    if any(not _alike_given(parts, wide, key) for key in ALIKE) or not _signals_given(parts, wide):
        return False
    if wide.any is not None and not any(_gives(parts, choice, patience) for choice in wide.any):
        return False
    return wide.not_ is None or _excluded(parts, wide.not_, patience)


def _set_given(parts: Iterable[When], wide: When, key: str) -> bool:
    wanted: tuple[str, ...] | None = getattr(wide, key)
    if wanted is None or (key in WHOLE and WHOLE[key] <= set(wanted)):
        return True
    return any(set(given) <= set(wanted) for part in parts if (given := getattr(part, key)) is not None)


def _flag_given(parts: Iterable[When], wide: When, key: str) -> bool:
    wanted: bool | None = getattr(wide, key)
    return wanted is None or any(getattr(part, key) is wanted for part in parts)


def _alike_given(parts: Iterable[When], wide: When, key: str) -> bool:
    wanted = getattr(wide, key)
    return wanted is None or any(getattr(part, key) == wanted for part in parts)


def _signals_given(parts: Iterable[When], wide: When) -> bool:
    if wide.signals is None:
        return True
    if wide.signals == "none":
        return any(part.signals == "none" for part in parts)
    return any(isinstance(part.signals, tuple) and set(part.signals) <= set(wide.signals) for part in parts)


def _excluded(parts: Iterable[When], unwanted: When, patience: Patience) -> bool:
    """Tell whether one of the parts rules `unwanted` out."""
    return any((part.not_ is not None and _gives([unwanted], part.not_, patience)) or disjoint(part, unwanted) for part in parts)


def _absurd(parts: list[When], patience: Patience) -> bool:
    """Tell whether the parts cannot all hold."""
    for number, part in enumerate(parts):
        if any(disjoint(part, other) for other in parts[number + 1 :]):
            return True
        if part.not_ is not None:
            rest = [*parts[:number], part.model_copy(update={"not_": None}), *parts[number + 1 :]]
            if _gives(rest, part.not_, patience):
                return True
    return False


def disjoint(one: When, other: When) -> bool:
    """Tell whether two conditions surely never hold of one mention, by what each asks outside `any` and `not`."""
    for key in _SINGLE:
        left, right = getattr(one, key), getattr(other, key)
        if left is not None and right is not None and not set(left) & set(right):
            return True
    if any(None not in (pair := {getattr(one, key), getattr(other, key)}) and len(pair) > 1 for key in _EITHER):
        return True
    if any(getattr(one, key) is not None and getattr(other, key) is (not getattr(one, key)) for key in FLAGS):
        return True
    none_and_some = {one.signals == "none", other.signals == "none"} == {True, False}
    return none_and_some and one.signals is not None and other.signals is not None
