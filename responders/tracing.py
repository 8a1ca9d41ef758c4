"""What a decision looked at, worded only where somebody asks: a file of 500 routes has 499 reasons why not, and few are ever read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import overload

from responders.model import Step


class Trace(Sequence[Step]):
    """A step for every route, in the file's order, each worded when it is first looked at; it is equal to any sequence of such steps."""

    __slots__ = ("_steps", "_word", "lasting")

    def __init__(self, length: int, word: Callable[[int], Step], lasting: Iterable[int]) -> None:
        """Word the step of a number with `word`; `lasting` are the numbers, in order, of the steps that nobody could word again later."""
        self._steps: list[Step | None] = [None] * length
        self._word = word
        self.lasting = tuple(lasting)

    def kept(self) -> tuple[Step, ...]:
        """Return what must be stored of it; the other steps follow from the rules and the post, whenever somebody asks."""
        return tuple(map(self._at, self.lasting))

    def _at(self, number: int) -> Step:
        step = self._steps[number]
        if step is None:
            step = self._steps[number] = self._word(number)
        return step

    @overload
    def __getitem__(self, number: int) -> Step: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Step, ...]: ...

    def __getitem__(self, number: int | slice) -> Step | tuple[Step, ...]:
        """Return one step, or some."""
        numbers = range(len(self._steps))
        return tuple(map(self._at, numbers[number])) if isinstance(number, slice) else self._at(numbers[number])

    def __len__(self) -> int:
        """Return how many routes there are."""
        return len(self._steps)

    def __eq__(self, other: object) -> bool:
        """Compare the steps."""
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        """Return the same as for a tuple of the steps."""
        return hash(tuple(self))

    def __repr__(self) -> str:
        """Show the steps."""
        return repr(tuple(self))

    def __reduce__(self) -> tuple[type[tuple[Step, ...]], tuple[tuple[Step, ...]]]:
        """Travel to another process as the steps themselves."""
        return tuple, (tuple(self),)


def kept(trace: Sequence[Step]) -> tuple[Step, ...]:
    """Return what must be stored of the steps of a decision: of a `Trace` what nobody could word again, else all."""
    return trace.kept() if isinstance(trace, Trace) else tuple(trace)
