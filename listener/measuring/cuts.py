"""Where the thresholds of the rules would stand best for the posts of a file, and whether that is more than chance.

Thresholds are chosen for the highest macro recall. What they would gain is measured on posts that they were not chosen on: five times the
posts are dealt into five heaps with a fixed seed, and each heap is judged by the thresholds that are best for the other four. A gain that
is below a hundredth, or that chance alone often brings, is not suggested.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

HEAPS, ROUNDS, LEAST = 5, 5, 10  # LEAST: posts of each class, below which nothing is said
_SEED = 20_261_122
_WORTH, _BEYOND = 0.01, 1.64  # of macro recall; standard errors that chance passes once in twenty
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Cut:
    """One threshold: the values it may have, rising or falling, and for each post and value whether the post is past it."""

    values: tuple[float, ...]
    past: np.ndarray


@dataclass(frozen=True, slots=True)
class Steps:
    """Posts on a stair: `truth` is the step people put each on (0 is the lowest), cut number k leads from step k to step k + 1.

    `told` is False for a post that nobody could judge: it is wrong at any threshold. Where `keep_top` is true, no threshold is chosen by
    which fewer posts of the highest step are found than now. `now` are the places of today's values in the cuts' own.
    """

    truth: np.ndarray
    told: np.ndarray
    cuts: tuple[Cut, ...]
    now: tuple[int, ...]
    keep_top: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Thresholds as they are and as they would be best: `gain` in macro recall, from `before`; `surely` where it is no chance."""

    now: tuple[float, ...]
    best: tuple[float, ...]
    before: float
    gain: float
    surely: bool


def suggest(steps: Steps) -> Suggestion | None:
    """Return the best thresholds for these posts and what they would gain; None where a class has too few posts to tell."""
    sizes = np.bincount(steps.truth, minlength=len(steps.cuts) + 1)
    if sizes.min() < LEAST:
        return None
    everything = np.arange(len(steps.truth))
    best = _best(steps, everything)
    before, after = _right(steps, steps.now, everything), np.zeros(len(everything))
    for heaps in _dealt(steps.truth):
        for heap in heaps:
            others = np.setdiff1d(everything, heap)
            after[heap] += _right(steps, _best(steps, others), heap) / ROUNDS
    gain, error = _gain(steps.truth, after - before)
    return Suggestion(
        now=_values(steps, steps.now),
        best=_values(steps, best),
        before=_gain(steps.truth, before)[0],
        gain=gain,
        surely=best != steps.now and gain >= _WORTH and gain > _BEYOND * error,
    )


def _values(steps: Steps, places: Sequence[int]) -> tuple[float, ...]:
    return tuple(cut.values[place] for cut, place in zip(steps.cuts, places, strict=True))


def _right(steps: Steps, places: Sequence[int], posts: np.ndarray) -> np.ndarray:
    """Return 1.0 for each of the posts that these thresholds put on its step, else 0.0."""
    step = np.zeros(len(posts), dtype=int)
    for cut, place in zip(steps.cuts, places, strict=True):
        step += cut.past[posts, place]
    right: np.ndarray = (step == steps.truth[posts]) & steps.told[posts]
    return right.astype(float)


def _gain(truth: np.ndarray, each: np.ndarray) -> tuple[float, float]:
    """Return the mean over classes of each class's mean, and its standard error."""
    of = [each[truth == step] for step in np.unique(truth)]
    return float(np.mean([one.mean() for one in of])), float(sum(one.var(ddof=1) / len(one) for one in of) ** 0.5 / len(of))


def _best(steps: Steps, posts: np.ndarray) -> tuple[int, ...]:
    """Return the places of the values with the highest macro recall; of several, today's or else those in their middle.

    A step's recall is the share past the cut below it less the share past the cut above, so each cut adds a part of its own.
    """
    truth = steps.truth[posts]
    total: np.ndarray = np.zeros(())
    for number, cut in enumerate(steps.cuts):
        past = cut.past[posts] & steps.told[posts, None]
        part = past[truth == number + 1].mean(axis=0) - past[truth == number].mean(axis=0)
        total = total[..., None] + part
    total = np.where(_rising(steps), total, -np.inf)
    if steps.keep_top:
        found = (steps.cuts[-1].past[posts] & steps.told[posts, None])[truth == len(steps.cuts)].mean(axis=0)
        total = np.where(found >= found[steps.now[-1]] - _SAME, total, -np.inf)
    ties = np.argwhere(total >= total.max() - _SAME)
    if any(tuple(tie) == steps.now for tie in ties):
        return steps.now
    middle = (ties.min(axis=0) + ties.max(axis=0)) / 2
    return tuple(int(place) for place in ties[np.abs(ties - middle).sum(axis=1).argmin()])


def _rising(steps: Steps) -> np.ndarray:
    """Return for every combination of values whether each threshold lies above the one before."""
    grids = np.meshgrid(*(np.asarray(cut.values) for cut in steps.cuts), indexing="ij")
    rising: np.ndarray = np.ones(grids[0].shape, dtype=bool)
    for low, high in pairwise(grids):
        rising &= low < high
    return rising


def _dealt(truth: np.ndarray) -> list[list[np.ndarray]]:
    """Deal the posts into heaps, in each the same share of every class, several times."""
    dealer = random.Random(_SEED)  # noqa: S311 - nothing secret
    rounds = []
    for _ in range(ROUNDS):
        heaps: list[list[int]] = [[] for _ in range(HEAPS)]
        place = 0
        for step in np.unique(truth):
            posts = [int(one) for one in np.flatnonzero(truth == step)]
            dealer.shuffle(posts)
            for post in posts:
                heaps[place % HEAPS].append(post)
                place += 1
        rounds.append([np.array(sorted(heap)) for heap in heaps])
    return rounds
