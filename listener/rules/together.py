"""Routes that are never reached because several routes above take, together, all that they would take.

A condition is taken apart into cases, such as one level of urgency each, until every case is surely taken by one of the routes above.
Careful as `reach` is: what it says is true, and what takes too many cases is not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from listener.model import Intent, Level, Mood, Visibility
from listener.rules.conditions import When
from listener.rules.reach import Patience, disjoint, implies

_VALUES: dict[str, tuple[Any, ...]] = {
    "urgency": tuple(Level),
    "sentiment": tuple(Mood),
    "addressed": (True, False),
    "moment_of_truth": (True, False),
    "sarcasm": (True, False),
    "customer": ("known", "new"),
    "hours": ("open", "closed"),
    "intent": tuple(Intent),
    "visibility": tuple(Visibility),
}
"""Every value that a mention can have of what is asked for."""
_LISTS = ("urgency", "sentiment", "intent", "visibility", "signals", "text", "language", "network", "brand")
"""What is asked for in lists, any of which will do: a condition is the sum of its cases."""
_ALIKE = ("author", "thread", "count", "spike", "new_term")
_ENDLESS = ("text", "language", "network", "brand", *_ALIKE)
_MOST_ABOVE = 8
_MOST_CASES = 100
_STEPS_IN_ALL = 15_000


@dataclass(slots=True)
class _Patience:
    """How many cases of one condition are left to be looked at, and how many comparisons of the whole file."""

    steps: Patience
    cases: int = _MOST_CASES

    def spent(self) -> bool:
        self.cases -= 1
        return self.cases < 0 or self.steps.left <= 0


class Together:
    """The conditions of all routes, in the file's order."""

    def __init__(self, whens: Sequence[Literal["always"] | When]) -> None:
        """Sort the conditions by what a narrower one must name too, so that a big file needs no comparison of all with all."""
        self._whens = whens
        self._steps = Patience(_STEPS_IN_ALL)
        self._by_name: dict[tuple[str, object], list[int]] = {}
        self._free: list[int] = []
        for number, when in enumerate(whens):
            if when == "always":
                continue
            if names := _first_named(when):
                for name in names:
                    self._by_name.setdefault(name, []).append(number)
            else:
                self._free.append(number)

    def covering(self, number: int) -> tuple[int, ...]:
        """Return the numbers of the conditions above that together surely take all that this one takes, as few as will do.

        None of them where nobody knows.
        """
        narrow = self._whens[number]
        if narrow == "always":
            return ()
        helping = ((place, wide) for place, wide in self._above(narrow, number) if _helps(narrow, wide))
        useful = list(islice(helping, _MOST_ABOVE + 1))
        if not 1 < len(useful) <= _MOST_ABOVE or not self._all_taken(narrow, useful):
            return ()
        for one in tuple(useful):
            fewer = [other for other in useful if other is not one]
            if len(fewer) > 1 and self._all_taken(narrow, fewer):
                useful = fewer
        return tuple(place for place, _ in useful)

    def _above(self, narrow: When, number: int) -> Iterator[tuple[int, When]]:
        """Yield, in order, the conditions above that may help; where one has choices, any of them may name something."""
        places: Iterable[int] = range(number)
        if narrow.any is None:
            named = (place for name in _named(narrow) for place in self._by_name.get(name, ()))
            places = sorted({*self._free, *named})
        for place in places:
            wide = self._whens[place]
            if place < number and wide != "always":
                yield place, wide

    def _all_taken(self, narrow: When, wides: Sequence[tuple[int, When]]) -> bool:
        asked = {key for _, wide in wides for key in _asked(wide)}
        keys = [key for key in (*_VALUES, *_LISTS) if key in asked]
        return _taken(narrow, [wide for _, wide in wides], keys, _Patience(self._steps))


def _named(when: When) -> Iterator[tuple[str, object]]:
    """Yield what a condition names of that which has no end of values."""
    for key in _ENDLESS:
        given = getattr(when, key)
        if given is not None:
            yield from [(key, None)] if key in _ALIKE else [(key, value) for value in given]


def _first_named(when: When) -> list[tuple[str, object]]:
    """Return the names of the first such thing: whatever is taken by this condition has one of them."""
    named = list(_named(when))
    return [name for name in named if name[0] == named[0][0]]


def _helps(narrow: When, wide: When) -> bool:
    """Tell quickly whether a condition can be a part of what takes `narrow`: what has no end of values must be given."""
    if narrow.any is None:
        for key in _ENDLESS:
            asked, given = getattr(wide, key), getattr(narrow, key)
            if asked is not None and (given is None or (given != asked if key in _ALIKE else set(asked).isdisjoint(given))):
                return False
    return not disjoint(narrow, wide)


def _asked(when: When) -> Iterator[str]:
    """Yield what a condition asks about, at any depth."""
    for key in (*_VALUES, *_LISTS):
        if getattr(when, key) is not None:
            yield key
    for part in (*(when.any or ()), *([when.not_] if when.not_ else ())):
        yield from _asked(part)


def _taken(case: When, wides: Sequence[When], keys: list[str], patience: _Patience) -> bool:
    if patience.spent():
        return False
    if any(implies(_left_by(case, wides, number), wide, patience.steps) for number, wide in enumerate(wides)):
        return True
    for place, key in enumerate(keys):
        if cases := _cases(case, key):
            return all(_taken(one, wides, keys[place + 1 :], patience) for one in cases)
    return False


def _left_by(case: When, wides: Sequence[When], number: int) -> When:
    """Return the condition of what fulfils `case` and none of the conditions but the one of this number."""
    others = tuple(wide for place, wide in enumerate(wides) if place != number)
    return When.model_construct(any=(case,), not_=When.model_construct(any=others))


def _cases(when: When, key: str) -> list[When]:
    """Take a condition apart by the values of one key; none where there is but one, or nobody knows them all."""
    given = getattr(when, key)
    if key in _LISTS and isinstance(given, tuple):
        values = list(dict.fromkeys(given))
    else:
        values = list(_VALUES.get(key, ())) if given is None else []
    if len(values) < 2:  # noqa: PLR2004 - one value is no choice
        return []
    return [when.model_copy(update={key: (value,) if key in _LISTS else value}) for value in values]
