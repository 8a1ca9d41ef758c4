"""What is usual at an hour: the same time of the last seven days, also where clocks change, over a restart, and without imports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listener.polling import Ear
from responders.ledger import tallies
from tests.braking import ANGRY
from tests.mouth import House

HOUR = timedelta(hours=1)
BERLIN = "Europe/Berlin"
SPIKE = {"spike": {"of": "negative", "over": "1h", "times": 2, "at_least": 3}}
RULES = {"routes": [{"name": "storm", "when": SPIKE}, {"name": "rest", "when": "always"}], "boundaries": {"pause_when": []}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, **RULES)
    yield made
    made.store.close()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


def tally(house: House, moment: datetime, many: int) -> None:
    for _ in range(many):
        house.store.write(lambda tx: tallies.add(tx, "n", moment, epoch=0))


def usual(house: House, at: datetime, zone: str = BERLIN) -> float | None:
    return tallies.usual(house.store.read(), "n", HOUR, at, zone=zone)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["2026-03-27 08:30", "2026-03-28 08:30"], "2026-03-30 09:00"),  # put forward on the 29th
        (["2026-10-23 08:30", "2026-10-24 08:30"], "2026-10-26 09:00"),  # put back on the 25th
    ],
)
def test_nine_in_the_morning_is_nine_in_the_morning_after_the_clocks_changed(house: House, before: list[str], after: str) -> None:
    tally(house, local(before[0]) - timedelta(days=1), 1)
    for moment in before:
        tally(house, local(moment), 10)
    days = (local(after).date() - local(before[0]).date()).days
    assert usual(house, local(after)) == pytest.approx(20 / days)
    assert usual(house, local(after), "UTC") == pytest.approx(0), "an hour off, it compares with another hour of the day"


def test_every_moment_of_the_two_odd_nights_has_seven_days_before_it(house: House) -> None:
    for began, day in (("2026-03-20", "2026-03-29"), ("2026-10-16", "2026-10-25")):
        tally(house, local(f"{began} 00:00"), 1)
        begin = local(f"{day} 00:00")
        for step in range(0, 26 * 60, 30):
            assert usual(house, begin + timedelta(minutes=step)) is not None


def test_only_days_on_which_it_was_counted_are_compared(house: House) -> None:
    at = local("2026-11-20 12:00")
    assert usual(house, at) is None
    tally(house, at - timedelta(minutes=30), 5)
    assert usual(house, at) is None, "it began today"
    tally(house, at - timedelta(days=1, minutes=30), 4)
    assert usual(house, at) is None, "it began within the span of yesterday, so half of that is not known"
    tally(house, at - timedelta(days=1, minutes=90), 1)
    assert usual(house, at) == 4
    tally(house, at - timedelta(days=3), 1)
    assert usual(house, at) == pytest.approx(2), "of two whole days"


async def routes(house: House, name: str, many: int) -> list[str]:
    found = []
    for n in range(many):
        await house.hear(house.post(f"{name}{n}", ANGRY, by=f"{name}{n}", age=5))
        found += [one.decision.route for one in await house.think()]
    return found


async def test_what_is_usual_is_remembered_over_a_restart(house: House) -> None:
    for day in range(3):
        await routes(house, f"d{day}", 4)
        house.clock.forward(days=1)
    house.store.close()
    again = House(house.folder, **RULES)
    again.clock.moment = house.clock.moment
    found = await routes(again, "now", 8)
    again.store.close()
    assert found == ["rest"] * 7 + ["storm"]


async def test_an_import_of_today_is_no_storm_and_one_of_the_past_is_not_usual(house: House) -> None:
    ear = Ear(house.store, house.book, house.clock)
    ages = [60.0] * 50 + [24 * 3600.0 + 60] * 50
    posts = [house.post(f"i{n}", ANGRY, by=f"i{n}", age=age) for n, age in enumerate(ages)]
    judged = ear.judge_past("import file", posts, "acme")
    house.store.write(lambda tx: ear.take_past(tx, "import file", judged))
    while await house.think():
        pass
    assert house.rows("SELECT * FROM tallies") == []
    assert await routes(house, "now", 3) == ["rest", "rest", "storm"]


async def test_what_an_outage_brings_counts_when_it_was_written(house: House) -> None:
    await house.hear(*(house.post(f"old{n}", ANGRY, by=f"old{n}", age=7_200 + n) for n in range(9)))
    assert {one.decision.route for one in await house.think()} == {"rest"}
    assert await routes(house, "now", 2) == ["rest", "rest"]
