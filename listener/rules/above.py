"""Which of many conditions may be wider than another: found by what they name, so that a big file needs no comparison of all with all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from listener.rules.conditions import When
from listener.rules.reach import ALIKE, FLAGS, SETS, WHOLE, Patience, implies

Named = tuple[str, object]


class Above:
    """The conditions of all routes, in the file's order."""

    def __init__(self, whens: Sequence[Literal["always"] | When]) -> None:
        """Sort the conditions by what a narrower one has to name too: of several such things the rarest."""
        self._whens = whens
        often = Counter(named for when in whens if when != "always" for named in _names(when))
        self._by_name: dict[Named, list[int]] = {}
        self._any: list[int] = []
        for number, when in enumerate(whens):
            rarest = None if when == "always" else _rarest(when, often)
            for named in rarest or ():
                self._by_name.setdefault(named, []).append(number)
            if rarest is None:
                self._any.append(number)
        self._patience = Patience()

    def wider(self, number: int) -> int | None:
        """Return the first condition above the one of this number that surely holds wherever this one does, if there is one."""
        narrow = self._whens[number]
        named = set() if narrow == "always" else set(_names(narrow))
        places = sorted({place for one in named for place in self._by_name.get(one, ())}.union(self._any))
        return next((place for place in places if place < number and implies(narrow, self._whens[place], self._patience)), None)


def _rarest(when: When, often: Mapping[Named, int]) -> frozenset[Named] | None:
    """Return the rarest names of which whatever is narrower has one, None where it need not name anything."""
    asks = list(_asked(when))
    if when.any is not None:
        choices = [_rarest(choice, often) for choice in when.any]
        if all(choices):
            asks.append(frozenset(named for one in choices for named in one or ()))
    return min(asks, key=lambda one: sum(often[named] for named in one), default=None)


def _asked(when: When) -> Iterator[frozenset[Named]]:
    """Yield what the conditions list themselves: whatever is narrower lists one of each."""
    for key in SETS:
        wanted = getattr(when, key)
        if wanted is not None and not (key in WHOLE and WHOLE[key] <= set(wanted)):
            yield frozenset((key, value) for value in wanted)
    if when.signals is not None:
        yield frozenset(("signals", name) for name in ((when.signals,) if when.signals == "none" else when.signals))
    for key in (*FLAGS, *ALIKE):
        if (wanted := getattr(when, key)) is not None:
            yield frozenset([(key, wanted if key in FLAGS else True)])


def _names(when: When) -> Iterator[Named]:
    """Yield all that conditions name, those inside `any` too."""
    for key in SETS:
        yield from ((key, value) for value in getattr(when, key) or ())
    yield from (("signals", name) for name in ((when.signals,) if when.signals == "none" else when.signals or ()))
    for key in (*FLAGS, *ALIKE):
        if (wanted := getattr(when, key)) is not None:
            yield key, wanted if key in FLAGS else True
    for choice in when.any or ():
        yield from _names(choice)
