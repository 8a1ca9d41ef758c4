"""What was said against what people expected, class by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from listener.measuring.shares import Estimate, macros, wilson

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: how many posts people put in it, how many of them were found, and how often it was right where it was said.

    `precision` is None where the class was never said; F1 is 0 then.
    """

    name: str
    posts: int
    recall: Estimate
    precision: Estimate | None
    f1: float


@dataclass(frozen=True, slots=True)
class Classes:
    """How the posts with one kind of label were judged.

    Means over classes are over those that people used in the file: a class nobody expected has no recall, and being said wrongly it costs
    the others. `unknown` is how often nothing could be said, which counts as wrong; None where no answer can be so.
    """

    posts: int
    right: Estimate
    macro_recall: Estimate
    macro_f1: Estimate
    unknown: Estimate | None
    each: tuple[ClassFigures, ...]
    expected: tuple[str, ...]
    said: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]


def classes(pairs: Iterable[tuple[str, str]], order: Sequence[str] = (), *, may_be_unknown: bool = False) -> Classes | None:
    """Return the figures of (expected, said) pairs; None of nothing. `order` is how the classes stand, others come after them by name."""
    counts = Counter(pairs)
    posts = counts.total()
    if not posts:
        return None
    place = {name: index for index, name in enumerate(order)}

    def sort(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(names), key=lambda name: (place.get(name, len(place)), name)))

    expected = sort(one for one, _ in counts)
    columns = (*expected, *sort({said for _, said in counts} - set(expected)))
    means = macros([[counts[row, column] for column in columns] for row in expected])
    none_said = sum(many for (_, said), many in counts.items() if said == UNKNOWN)
    return Classes(
        posts=posts,
        right=wilson(sum(counts[name, name] for name in expected), posts),
        macro_recall=means.recall,
        macro_f1=means.f1,
        unknown=wilson(none_said, posts) if may_be_unknown else None,
        each=tuple(_figures(name, counts) for name in expected),
        expected=expected,
        said=sort(columns),
        counts=counts,
    )


def _figures(name: str, counts: Mapping[tuple[str, str], int]) -> ClassFigures:
    right = counts.get((name, name), 0)
    expected = sum(many for (one, _), many in counts.items() if one == name)
    said = sum(many for (_, one), many in counts.items() if one == name)
    precision = wilson(right, said) if said else None
    return ClassFigures(name, expected, wilson(right, expected), precision, 2 * right / (expected + said))
