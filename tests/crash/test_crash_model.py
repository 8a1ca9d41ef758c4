"""The harness of `make crash` itself, on small bounds: it finds what is broken, and it leaves nothing out to be quick."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.crash import broken, model
from tests.crash.choices import Budget, Choices, all_of, read, written
from tests.crash.explore import Lives, Setting, explore, replay


@contextmanager
def lives(setting: Setting) -> Iterator[Lives]:
    opened = Lives(setting)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("network", model.NETWORKS)
@pytest.mark.parametrize("answers", model.ANSWERS)
def test_one_thing_that_goes_wrong_doubles_nothing_and_leaves_nothing_open(network: str, answers: str) -> None:
    with lives(model.setting(network, answers)) as opened:
        report = explore(opened, Budget(total=1, lies=1, blinks=1, crashes=1, stalls=1))
    assert report.scenarios > 20
    assert (report.doubled, report.unfinished, report.wrong, report.bad) == (0, 0, 0, [])


def test_histories_that_meet_are_counted_each() -> None:
    with lives(broken.settings()["resend after a look, without a key"]) as opened:
        together, apart = (explore(opened, Budget(1, 1, 1, 1, 1), merge=merge) for merge in (True, False))
    assert together.rounds < apart.rounds
    assert (together.scenarios, together.doubled, together.wrong) == (apart.scenarios, apart.doubled, apart.wrong)
    assert {what for what, _ in together.bad} == {what for what, _ in apart.bad}


@pytest.mark.parametrize("name", broken.settings())
def test_a_broken_protocol_is_caught_and_its_path_shows_it_again(name: str) -> None:
    with lives(broken.settings()[name]) as opened:
        for total in (1, 2):
            budget = Budget(total, lies=1, blinks=0, crashes=1, stalls=0)
            report = explore(opened, budget)
            if report.doubled:
                break
        assert report.doubled
        for what, path in report.bad:
            *_, told = replay(opened, budget, read(written(path)))
            assert told == what


def test_every_combination_is_chosen_once() -> None:
    def run(choices: Choices) -> tuple[str, ...]:
        first = choices.pick("first", ("a", "b"))
        return (first, choices.pick("second", ("x", "y", "z"))) if first == "b" else (first,)

    assert [run(choices) for choices in all_of()] == [("a",), ("b", "x"), ("b", "y"), ("b", "z")]
