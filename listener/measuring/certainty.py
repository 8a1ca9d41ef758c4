"""Whether "80 % sure" is right in 80 of 100: how far what a scorer says of itself is from what happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

BINS = 10  # of the same width: with three moods all surenesses that matter lie in seven of them, and each still holds some posts


class Bin(NamedTuple):
    """The posts of one range of sureness: its ends, how many, how sure on average, and what share of them was right."""

    low: float
    high: float
    posts: int
    sure: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The expected calibration error (0 is perfect), the ranges that hold posts, and how many posts came without a sureness."""

    error: float
    bins: tuple[Bin, ...]
    posts: int
    without: int


def calibration(said: Iterable[tuple[float | None, bool]]) -> Calibration | None:
    """Return how well surenesses (0..1) fit with whether each was right; None where no post came with one.

    The expected calibration error is the mean, over all posts, of the distance between sureness and share of right ones in their range.
    A sureness on the border of two ranges counts in the upper one.
    """
    ranges: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    without = 0
    for sure, right in said:
        if sure is None:
            without += 1
        else:
            ranges[min(int(sure * BINS), BINS - 1)].append((sure, right))
    posts = sum(map(len, ranges))
    if not posts:
        return None
    bins = tuple(_bin(index, held) for index, held in enumerate(ranges) if held)
    error = sum(one.posts * abs(one.sure - one.right) for one in bins) / posts
    return Calibration(error, bins, posts, without)


def _bin(index: int, held: list[tuple[float, bool]]) -> Bin:
    posts = len(held)
    return Bin(index / BINS, (index + 1) / BINS, posts, sum(sure for sure, _ in held) / posts, sum(right for _, right in held) / posts)
