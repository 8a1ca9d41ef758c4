"""A team that owes an answer too long is told, once for all that is late, and again only of what became late since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from responders import deadlines
from responders.ledger import cases, incidents
from tests.mouth import House

SLA = {"first_response": "1h", "next_response": "30m"}
ROUTES = [
    {"name": "billing", "when": {"text": ["charged"]}, "reply": "hello", "team": "billing", "sla": SLA},
    {"name": "rest", "when": "always", "reply": "hello", "sla": {"first_response": "1h"}},
]
TEAMS = {"billing": {"members": ["ana"]}, "on-call": {"members": ["kim"]}}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, routes=ROUTES, teams=TEAMS)
    yield made
    made.store.close()


async def wrote(house: House, post_id: str, words: str = "@acme charged me twice") -> None:
    await house.hear(house.post(post_id, words, f"by-{post_id}"))
    await house.think()


async def told(house: House, **later: float) -> list[tuple[str, str]]:
    """Let time go by; return the teams that are told of late answers by now, with the words."""
    house.clock.forward(**later)
    await deadlines.look_after(house.store, house.book, house.clock)
    rows = house.rows("SELECT team, words FROM incidents WHERE name LIKE 'late%' ORDER BY id")
    return [(str(row["team"]), str(row["words"])) for row in rows]


def is_open(house: House) -> bool:
    return bool(incidents.open_(house.store.read()))


async def test_what_is_late_is_told_to_its_team_once(house: House) -> None:
    await wrote(house, "p1")
    assert await told(house, minutes=58) == []
    wanted = ("billing", "one answer is late: A-1 (first response, 1 min). See them: earnest inbox --overdue --team billing")
    assert await told(house, minutes=2) == [wanted]
    assert await told(house, hours=5) == [wanted]


async def test_a_crowd_of_late_answers_is_one_alert(house: House) -> None:
    for number in range(7):
        await wrote(house, f"p{number}")
    ((team, words),) = await told(house, hours=2)
    assert team == "billing"
    assert words.startswith("7 answers are late: A-1 (first response, 1 h), A-2")
    assert "and 2 more." in words


async def test_what_becomes_late_later_is_told_within_the_hour_after_the_last_alert(house: House) -> None:
    await wrote(house, "p1")
    assert len(await told(house, minutes=61)) == 1
    await wrote(house, "p2")
    assert len(await told(house, minutes=59, seconds=30)) == 1
    again = await told(house, minutes=2)
    assert [team for team, _ in again] == ["billing", "billing"]
    assert again[1][1].startswith("2 answers are late: A-1")


async def test_the_alert_is_over_when_the_answer_is_given_and_the_next_answer_has_a_clock_of_its_own(house: House) -> None:
    await wrote(house, "p1")
    assert len(await told(house, hours=2)) == 1
    house.desk().approve("A-1")
    await house.speak(minutes=1)
    await told(house)
    assert not is_open(house)
    await house.hear(house.post("p2", "@acme charged me again", "by-p1", thread="p1"))
    await house.think()
    assert len(await told(house, minutes=28)) == 1
    assert "A-1 (next response" in (await told(house, minutes=10))[1][1]


async def test_a_case_without_a_team_is_told_to_whom_earnest_tells_of_itself(house: House) -> None:
    await wrote(house, "p1", "@acme hello there")
    assert await told(house, hours=2) == [("", "one answer is late: A-1 (first response, 1 h). See them: earnest inbox --overdue")]


async def test_a_team_that_the_rules_lost_is_stood_in_for(house: House) -> None:
    await wrote(house, "p1")
    house.book = house.book.model_copy(update={"teams": {"on-call": house.book.teams["on-call"]}})
    assert [team for team, _ in await told(house, hours=2)] == [""]


async def test_what_is_put_aside_is_told_when_it_comes_back(house: House) -> None:
    await wrote(house, "p1")
    house.store.write(lambda tx: cases.snooze(tx, 1, house.clock() + timedelta(hours=3), at=house.clock()))
    assert await told(house, hours=2) == []
    assert len(await told(house, hours=2)) == 1


async def test_where_nothing_is_late_nothing_is_written(house: House) -> None:
    await wrote(house, "p1")
    before = house.rows("SELECT COUNT(*) AS n FROM audit")
    assert await told(house, minutes=5) == []
    assert house.rows("SELECT COUNT(*) AS n FROM audit") == before
