"""A store that is away for an hour is some sixty lines in the log, not thirty thousand."""

from __future__ import annotations

from structlog.testing import capture_logs

from listener import logs
from listener.errors import Unreachable
from listener.troubles import Troubles

AWAY = Unreachable("the store is away", "start it")


class Watch:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def many(troubles: Troubles, watch: Watch, seconds: int) -> None:
    for _ in range(seconds * 2):
        troubles.failed("think", AWAY, loop="think")
        troubles.failed("speak", AWAY, loop="speak")
        watch.now += 0.5


def test_what_fails_again_and_again_is_said_once_a_minute_and_when_it_is_over() -> None:
    watch = Watch()
    with capture_logs() as said:
        troubles = Troubles(logs.get("daemon"), "work failed", watch)
        many(troubles, watch, 130)
        troubles.worked("think")
        troubles.worked("speak")
        troubles.worked("speak")
    assert [line["event"] for line in said] == ["work failed"] * 3 + ["it goes on again"]
    assert (said[0]["loop"], said[0]["problem"], said[0]["hint"]) == ("think", "the store is away", "start it")
    assert "times_since" not in said[0]
    assert said[1]["times_since"] == 240
    assert said[3]["after_s"] == 130


def test_another_trouble_is_said_at_once_and_so_is_the_same_one_after_it_was_over() -> None:
    watch = Watch()
    with capture_logs() as said:
        troubles = Troubles(logs.get("daemon"), "tick failed", watch)
        many(troubles, watch, 10)
        troubles.failed("think", KeyError("words of somebody"), tick="think")
        troubles.failed("speak", KeyError("words of somebody"), tick="speak")
        troubles.worked("think")
        troubles.worked("speak")
        troubles.failed("think", AWAY, tick="think")
    assert [line.get("problem", line["event"]) for line in said] == [
        "the store is away",
        "KeyError",
        "KeyError",
        "it goes on again",
        "the store is away",
    ]


def test_a_loop_that_fails_now_and_then_neither_fills_the_log_nor_says_each_time_that_it_works() -> None:
    watch = Watch()
    with capture_logs() as said:
        troubles = Troubles(logs.get("daemon"), "work failed", watch)
        for _ in range(20):
            troubles.failed("think", AWAY, loop="think")
            watch.now += 1
            troubles.worked("think")
    assert len(said) == 1
