"""Who leaves next where many wait: the most urgent first, and of what several machines share each reaches for something else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.clock import to_text
from listener.store.base import number
from responders.sending.line import Line
from responders.sending.means import Means
from tests.mouth import NETWORK, House, kind

_MANY = 45


@pytest.fixture
async def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    await made.hear(*(made.post(f"p{number}", "@acme hello there, one thing", f"author{number}") for number in range(_MANY)))
    for one in await made.think():
        made.desk().approve(one.case)
    made.clock.forward(seconds=11)
    return made


@pytest.fixture
def house_to_close(house: House) -> Iterator[House]:
    yield house
    house.store.close()


def line(house: House, holder: str = "") -> Line:
    return Line(Means(house.store, lambda: house.book, house.clock, house.channels, {NETWORK: kind()}), holder)


async def case_of(found: Line, busy: set[int]) -> int:
    row = await found.next(busy)
    return number(row, "case_id") if row else 0


async def all_of(found: Line) -> list[int]:
    busy: set[int] = set()
    while case := await case_of(found, busy):
        busy.add(case)
    return sorted(busy)


async def test_alone_all_that_wait_are_named_in_their_order(house_to_close: House) -> None:
    house, found, busy = house_to_close, line(house_to_close), list[int]()
    house.store.write(lambda tx: tx.run("UPDATE deliveries SET points = 90 WHERE case_id = 30"))
    while case := await case_of(found, set(busy)):
        busy.append(case)
    assert busy == [30, *(case for case in range(1, _MANY + 1) if case != 30)]


async def test_what_was_taken_back_since_the_look_is_not_named(house_to_close: House) -> None:
    house, found = house_to_close, line(house_to_close)
    assert await case_of(found, set()) == 1
    house.store.write(lambda tx: tx.run("UPDATE deliveries SET state = 'held' WHERE case_id IN (1, 2)"))
    assert await case_of(found, set()) == 3


async def test_nothing_is_named_while_sending_is_stopped(house_to_close: House) -> None:
    house, found = house_to_close, line(house_to_close)
    assert await case_of(found, set()) == 1
    at = house.clock()
    house.store.write(lambda tx: tx.run("INSERT INTO switches VALUES ('pause', 'a storm', 'kim', :at, NULL)", at=to_text(at)))
    assert await found.next(set()) is None


async def test_of_what_machines_share_each_begins_elsewhere_and_all_is_named_to_each(house_to_close: House) -> None:
    machines = [line(house_to_close, f"machine {number}") for number in range(6)]
    assert len({await case_of(one, set()) for one in machines}) > 1
    for one in machines:
        assert await all_of(one) == list(range(1, _MANY + 1))


async def test_what_another_machine_has_the_turn_of_is_left_to_it(house_to_close: House) -> None:
    house = house_to_close
    until = to_text(house.clock() + timedelta(minutes=1))
    taken = [{"name": f"case-{case}", "until": until} for case in range(1, 43)]
    house.store.write(lambda tx: tx.run_many("INSERT INTO leases (name, holder, token, until) VALUES (:name, 'a', 1, :until)", taken))
    assert await all_of(line(house, "b")) == [43, 44, 45]
    assert await all_of(line(house, "a")) == list(range(1, _MANY + 1))
