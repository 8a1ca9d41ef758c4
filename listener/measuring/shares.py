"""Shares with what they may really be: no figure of a small file is told without how far it can be off.

All intervals are 95 %. A share (so many of so many) has Wilson's (Journal of the American Statistical Association 22, 1927). The mean
over classes has none by formula, so it is drawn 2,000 times, with a fixed seed, from what each class's counts allow: a Bayesian bootstrap
in which each class has half a post more that was right and half a post more that was wrong. Drawing the posts themselves again would
call ten right answers out of ten beyond doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_Z = 1.959963984540054  # standard deviations on both sides that hold 95 %
_DRAWS, _SEED = 2_000, 20_261_122
_HALF = 0.5  # a post


class Estimate(NamedTuple):
    """A figure, and the two between which it lies with 95 % probability, so far as the counted posts can tell."""

    value: float
    low: float
    high: float


def wilson(count: int, of: int) -> Estimate:
    """Return the share `count` of `of`, which is at least 1, with its interval."""
    share, square = count / of, _Z**2 / of
    middle = (share + square / 2) / (1 + square)
    half = _Z * (share * (1 - share) / of + square / (4 * of)) ** _HALF / (1 + square)
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


class Macros(NamedTuple):
    """The means over classes."""

    recall: Estimate
    f1: Estimate


def macros(table: Sequence[Sequence[int]]) -> Macros:
    """Return mean recall and mean F1 of a confusion: a row for each expected class, and in it what was said of its posts.

    The first cells of a row stand for the same classes in the same order, so the diagonal is right; cells after those are other answers.
    No row is empty. As scikit-learn's `recall_score` and `f1_score` with these classes as `labels`, `average="macro"`, `zero_division=0`.
    """
    counts = np.pad(np.asarray(table, dtype=float), ((0, 0), (0, 1)))  # one more answer that might have been given
    rng = np.random.default_rng(_SEED)
    recalls, f1s = _macros(counts[None])
    drawn = np.empty((_DRAWS, *counts.shape))
    for index, row in enumerate(counts):
        prior = np.full(len(row), _HALF / (len(row) - 1))
        prior[index] = _HALF
        drawn[:, index] = rng.dirichlet(row + prior, _DRAWS) * row.sum()
    around = _macros(drawn)
    return Macros(_between(recalls[0], around[0]), _between(f1s[0], around[1]))


def _macros(many: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the macro recalls and macro F1s of many confusions."""
    classes = many.shape[1]
    right = np.diagonal(many, axis1=1, axis2=2)
    expected, said = many.sum(axis=2), many[:, :, :classes].sum(axis=1)
    return (right / expected).mean(axis=1), (2 * right / (expected + said)).mean(axis=1)


def _between(value: float, drawn: np.ndarray) -> Estimate:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)))
