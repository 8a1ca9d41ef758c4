"""Ids and handles that no store could keep are made to fit, each in its own way; all others stay as they are."""

from __future__ import annotations

import pytest

from listener.fitting import LONGEST, fitted_name

FINE = ["", "115", "did:plc:abc", "ünïcode", "a" * LONGEST, "語" * (LONGEST // 3), "with blanks and\ttabs"]
UNFIT = ["a" * (LONGEST + 1), "語" * LONGEST, "nul\0", "\ud800", "half \udfff a letter", "\0" * 2 * LONGEST]


@pytest.mark.parametrize("name", FINE)
def test_what_fits_stays_as_it_is(name: str) -> None:
    assert fitted_name(name) == name


@pytest.mark.parametrize("name", UNFIT)
def test_what_does_not_fit_can_be_kept_afterwards_and_is_the_same_each_time(name: str) -> None:
    found = fitted_name(name)
    assert len(found.encode()) <= LONGEST
    assert "\0" not in found
    assert found == fitted_name(name) == fitted_name(found)


def test_names_that_are_told_apart_stay_apart() -> None:
    names = [*FINE, *UNFIT, "nul\N{REPLACEMENT CHARACTER}", "?", "a" * (LONGEST + 2), "a" * LONGEST + "b", "\udfff"]
    assert len(set(map(fitted_name, names))) == len(names)
