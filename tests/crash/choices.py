"""What may happen, chosen one by one: a run asks wherever the world could do this or that, and is run again until all was tried.

The first option is always that all goes well. A choice is asked for only where it matters, so no run is made twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Picked:
    """One choice that was made: the place, the option taken, its number, and how many there were."""

    where: str
    option: str
    index: int
    among: int


@dataclass
class Choices:
    """Answers as `wanted` says, then always with the first option; `taken` is what was answered."""

    wanted: Sequence[int] = ()
    taken: list[Picked] = field(default_factory=list)

    def pick(self, where: str, options: Sequence[str]) -> str:
        """Return one of `options`; where there is only one, nothing is chosen."""
        if len(options) == 1:
            return options[0]
        place = len(self.taken)
        index = self.wanted[place] if place < len(self.wanted) else 0
        self.taken.append(Picked(where, options[index], index, len(options)))
        return options[index]

    def following(self) -> list[int] | None:
        """Return what to want next, depth first; None where all has been tried."""
        path = list(self.taken)
        while path:
            last = path.pop()
            if last.index + 1 < last.among:
                return [one.index for one in path] + [last.index + 1]
        return None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may still go wrong in one history: `total` things, of each kind no more than its own number.

    `lies` are POSTs that do not simply work, `blinks` looks that fail, `crashes` deaths of the process, `stalls` times that the
    process stands still for three leases while another one works.
    """

    total: int
    lies: int
    blinks: int
    crashes: int
    stalls: int

    def allows(self, kind: str) -> bool:
        """Return whether one more of a kind may go wrong."""
        return self.total > 0 and getattr(self, kind) > 0

    def less(self, kind: str) -> Budget:
        """Return what is left after one more of a kind."""
        return replace(self, total=self.total - 1, **{kind: getattr(self, kind) - 1})


def all_of(first: Sequence[int] = ()) -> Iterator[Choices]:
    """Give choices to run with, until every combination was run."""
    wanted: list[int] | None = list(first)
    while wanted is not None:
        choices = Choices(wanted)
        yield choices
        wanted = choices.following()


def written(indices: Sequence[int]) -> str:
    """Write choices short: `place=option` for all that did not go well, as `--replay` takes them."""
    return ",".join(f"{place}={index}" for place, index in enumerate(indices) if index) or "0=0"


def read(path: str) -> list[int]:
    """Read what `written` wrote.

    Raises:
        ValueError: it is no such path.
    """
    pairs = [one.split("=") for one in path.split(",")]
    chosen = {int(place): int(index) for place, index in pairs}
    return [chosen.get(place, 0) for place in range(max(chosen) + 1)]
