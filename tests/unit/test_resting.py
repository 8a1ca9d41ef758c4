"""Whoever fails again and again rests longer and longer, within bounds, and not in step with others."""

from __future__ import annotations

import pytest

from listener.resting import rest_after


@pytest.mark.parametrize(("failures", "most"), [(0, 2.0), (1, 4.0), (3, 16.0), (9, 900.0), (10_000, 900.0)])
def test_a_rest_doubles_up_to_its_bound(failures: int, most: float) -> None:
    rests = {rest_after(failures, first=2.0, longest=900.0) for _ in range(50)}
    assert most / 2 <= min(rests) <= max(rests) <= most
    assert len(rests) > 1
