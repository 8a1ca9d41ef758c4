"""The clocks of a case: first answer, next answer, resolution; in business hours, and standing still while we wait for the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.openings import ALWAYS, Schedule
from responders.cli.phrases import local
from responders.ledger import cases
from responders.ledger.clocks import Clocks, answered, ended, resumed, started
from tests.mouth import House
from tests.program import Program

WEEK = {"mon-fri": "09:00-17:00", "sat": "10:00-12:00"}
BERLIN = Schedule(WEEK, "Europe/Berlin")
CHARGE = "@acme charged me twice, give me a refund"


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "span", "until"),
    [
        ("2026-11-18 09:00", timedelta(hours=2), "2026-11-18 11:00"),  # a Wednesday; Berlin is an hour ahead
        ("2026-11-18 15:30", timedelta(hours=2), "2026-11-19 09:30"),  # half an hour is left, the rest is tomorrow's
        ("2026-11-18 22:00", timedelta(minutes=15), "2026-11-19 08:15"),  # written at night
        ("2026-11-20 15:00", timedelta(hours=4), "2026-11-23 09:00"),  # an hour on Friday, two on Saturday, one on Monday
        ("2026-11-21 12:00", timedelta(hours=8), "2026-11-23 16:00"),  # after Saturday's end
        ("2026-03-27 15:00", timedelta(hours=4), "2026-03-30 08:00"),  # the clocks go forward on Sunday, in between
        ("2026-11-18 08:00", timedelta(hours=8), "2026-11-18 16:00"),  # exactly a day of work
    ],
)
def test_a_clock_in_business_hours_counts_open_hours_only(since: str, span: timedelta, until: str) -> None:
    assert BERLIN.later(at(since), span) == at(until)
    assert BERLIN.between(at(since), at(until)) == span


def test_without_hours_a_clock_always_runs() -> None:
    night = at("2026-11-21 23:00")
    assert ALWAYS.later(night, timedelta(hours=2)) == night + timedelta(hours=2)
    assert ALWAYS.between(night, night + timedelta(hours=2)) == timedelta(hours=2)
    assert ALWAYS.between(night, night - timedelta(hours=2)) == timedelta()


def test_a_night_in_which_clocks_are_changed_is_as_long_as_it_is() -> None:
    nights = Schedule({"sun": "00:00-24:00"}, "Europe/Berlin")
    assert nights.between(at("2026-03-28 00:00"), at("2026-03-31 00:00")) == timedelta(hours=23)
    assert nights.between(at("2026-10-24 00:00"), at("2026-10-27 00:00")) == timedelta(hours=25)


def test_a_clock_that_cannot_end_within_a_year_ends_with_it() -> None:
    an_hour_a_week = Schedule({"mon": "09:00-10:00"})
    monday = at("2026-11-16 00:00")
    assert monday + timedelta(days=300) < an_hour_a_week.later(monday, timedelta(days=30)) <= monday + timedelta(days=366)


def test_whoever_writes_again_while_waiting_does_not_wait_longer() -> None:
    first = started(Clocks(), ALWAYS, respond_in=timedelta(hours=4), resolve_in=None, owed=False, since=at("2026-11-18 09:00"))
    again = started(first, ALWAYS, respond_in=timedelta(hours=4), resolve_in=None, owed=True, since=at("2026-11-18 12:00"))
    assert again.respond_by == first.respond_by == at("2026-11-18 13:00")


def test_the_resolution_stands_still_from_our_answer_until_they_write_again() -> None:
    running = started(Clocks(), BERLIN, respond_in=None, resolve_in=timedelta(hours=8), owed=False, since=at("2026-11-18 08:00"))
    assert running.resolve_by == at("2026-11-18 16:00")
    waiting = answered(running, at("2026-11-18 10:00"))
    assert waiting.left(at("2026-11-30 00:00")) == timedelta(hours=6)
    back = started(waiting, ALWAYS, respond_in=None, resolve_in=timedelta(hours=1), owed=False, since=at("2026-11-20 08:00"))
    assert (back.resolve_by, back.paused_at) == (at("2026-11-20 14:00"), None)


def test_what_ran_out_before_our_answer_stays_late() -> None:
    late = Clocks(resolve_by=at("2026-11-18 10:00"))
    waiting = answered(late, at("2026-11-18 12:00"))
    assert waiting.left(at("2026-11-30 00:00")) == timedelta(hours=-2)
    assert resumed(waiting, at("2026-11-30 00:00")).resolve_by == at("2026-11-18 10:00")


def test_a_case_that_needs_nothing_more_has_no_clock() -> None:
    running = Clocks(at("2026-11-18 10:00"), at("2026-11-19 10:00"), at("2026-11-18 09:00"))
    assert ended(running) == Clocks(responded_at=at("2026-11-18 09:00"))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def build(sla: dict[str, str], **changes: object) -> House:
        routes = [{"name": "all", "when": {"not": {"text": ["thanks"]}}, "reply": "hello", "team": "on-call", "sla": sla}]
        routes += [{"name": "rest", "when": "always"}]  # type: ignore[list-item]
        made.append(House(tmp_path, routes=routes, **changes))
        return made[-1]

    yield build
    for house in made:
        house.store.close()


def clocks(house: House) -> Clocks:
    return cases.find(house.store.read(), "A-1").clocks


async def test_a_conversation_with_its_clocks(make: Callable[..., House]) -> None:
    house = make({"first_response": "1h", "next_response": "30m", "resolution": "8h"})
    await house.approved("p1", CHARGE)
    begun = house.clock() - timedelta(minutes=1)
    assert (clocks(house).respond_by, clocks(house).resolve_by) == (begun + timedelta(hours=1), begun + timedelta(hours=8))
    await house.speak(minutes=1)  # our answer leaves
    assert (clocks(house).respond_by, clocks(house).paused_at) == (None, house.clock())
    answered_at = house.clock()
    house.clock.forward(hours=20)
    await house.hear(house.post("p2", "@acme and nobody wrote to me in private", thread="p1"))
    await house.think()
    asked = house.clock() - timedelta(minutes=1)
    now = clocks(house)
    assert (now.owed, now.respond_by, now.responded_at) == ("next", asked + timedelta(minutes=30), answered_at)
    assert now.resolve_by == begun + timedelta(hours=8) + (asked - answered_at)
    house.desk().approve("A-1")
    await house.speak(minutes=1)
    assert (clocks(house).respond_by, clocks(house).paused_at) == (None, house.clock())
    await house.hear(house.post("p3", "@acme thanks", thread="p1"))
    await house.think()
    assert clocks(house) == Clocks(responded_at=answered_at)


@pytest.mark.in_a_file
async def test_clocks_go_on_by_the_hours_they_were_started_with(make: Callable[..., House]) -> None:
    house = make({"resolution": "3h", "runs": "in_hours"}, hours=WEEK)
    house.clock.moment = at("2026-11-20 16:01")  # a Friday
    await house.approved("p1", CHARGE)
    assert clocks(house).resolve_by == at("2026-11-21 12:00")
    await house.speak(minutes=29)
    house.book = house.book.model_copy(update={"hours": {}})
    del house.mind  # the daemon takes the new rules
    house.clock.moment = at("2026-11-23 09:01")
    await house.hear(house.post("p2", "@acme still nothing", thread="p1"))
    await house.think()
    assert clocks(house).resolve_by == at("2026-11-23 11:30")
    assert clocks(house).schedule == Schedule(WEEK)


async def test_show_says_when_the_next_clock_in_business_hours_ends(make: Callable[..., House], tmp_path: Path) -> None:
    house = make({"first_response": "4h", "resolution": "12h", "runs": "in_hours"}, hours=WEEK)
    house.clock.moment = at("2026-11-20 16:01")  # a Friday: an hour is left, two are Saturday's
    await house.approved("p1", CHARGE)
    show = Program(house.store.url, tmp_path / "rules.yaml", {})

    ends = local(at("2026-11-23 10:00"))[:16]
    assert f"   these clocks run in business hours only: the next is due on {ends}\n" in show("show", "A-1").out


async def test_an_answer_that_is_not_there_lets_the_clock_run_again(make: Callable[..., House]) -> None:
    house = make({"resolution": "8h"})
    await house.approved("p1", CHARGE)
    due = clocks(house).resolve_by
    await house.speak(minutes=1)
    house.clock.forward(hours=2)
    house.store.write(lambda tx: cases.set_state(tx, 1, "open", at=house.clock()))
    assert due
    assert (clocks(house).paused_at, clocks(house).resolve_by) == (None, due + timedelta(hours=2))


async def test_a_no_with_nothing_to_say_ends_the_clocks(make: Callable[..., House]) -> None:
    house = make({"first_response": "1h", "resolution": "8h"})
    await house.hear(house.post("p1", CHARGE))
    await house.think()
    house.desk().reject("A-1", "no reply needed")
    assert clocks(house) == Clocks()
