"""How well a number ranks: the area under the ROC curve, which is how often what should stand higher does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from listener.measuring.shares import Estimate

_Z2 = 1.959963984540054**2
_STEPS = 60  # halvings; a double has no more digits


def auroc(scores: Sequence[float], truths: Sequence[bool]) -> Estimate | None:
    """Return the probability that one of the true ones has a higher score than one of the others; a tie counts half.

    None where all are true or none is. The interval is Newcombe's fifth method (Statistics in Medicine 25, 2006), which also holds for few
    posts and for a perfect order.
    """
    given, held = np.asarray(scores, dtype=float), np.asarray(truths, dtype=bool)
    true, others = int(held.sum()), int((~held).sum())
    if not true or not others:
        return None
    _, places, sizes = np.unique(given, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - (sizes - 1) / 2)[places]  # ties share the middle of their ranks
    area = float((ranks[held].sum() - true * (true + 1) / 2) / (true * others))
    return Estimate(area, _limit(area, true, others, 0.0), _limit(area, true, others, 1.0))


def _limit(area: float, true: int, others: int, end: float) -> float:
    """Return the farthest area towards `end` that may well have given this one."""
    near, far = area, end
    for _ in range(_STEPS):
        middle = (near + far) / 2
        if (middle - area) ** 2 <= _Z2 * _variance(middle, true, others):
            near = middle
        else:
            far = middle
    return near


def _variance(area: float, true: int, others: int) -> float:
    more = (true + others) / 2 - 1
    return area * (1 - area) / (true * others) * (1 + more * (1 - area) / (2 - area) + more * area / (1 + area))
