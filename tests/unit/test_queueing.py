"""In which order mentions are decided: as they came, but a cry for help does not stand behind a storm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.model import Page
from listener.polling import Ear
from listener.store import mentions as ledger
from listener.store import queueing
from listener.store.base import Row
from tests.mouth import House

CRY = "@acme the charger burned my daughter's hand"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


async def hear(house: House, *said: tuple[str, str]) -> None:
    """Hear posts: who wrote them, and what."""
    posts = tuple(house.post(f"{n}", words, by, thread=f"t{n}") for n, (by, words) in enumerate(said))
    await Ear(house.store, house.book, house.clock).take("mastodon", Page(posts, "1"))


def claimed(house: House, limit: int, *, critical: bool = False) -> list[str]:
    def work(tx: object) -> list[str]:
        places = queueing.claim(tx, limit, critical=critical)  # type: ignore[arg-type]
        assert places == sorted(places)
        rows: dict[int, Row] = {int(str(row["seq"])): row for row in house.store.read().all("SELECT seq, post_id FROM mentions")}
        return [str(rows[place]["post_id"]) for place in places]

    return house.store.write(work)


async def test_a_few_are_decided_as_they_came(house: House) -> None:
    await hear(house, ("a", "@acme hello"), ("b", CRY), ("c", "@acme hello"))
    assert claimed(house, 100) == ["0", "1", "2"]


async def test_a_cry_for_help_is_decided_before_a_storm(house: House) -> None:
    await hear(house, *((f"p{n}", f"@acme hello {n}") for n in range(250)), ("kim", CRY))
    found = claimed(house, 100)
    assert len(found) == 100
    assert "250" in found
    assert found[:99] == [f"{n}" for n in range(99)]


async def test_a_cry_for_help_does_not_stand_behind_what_is_urgent_either(house: House) -> None:
    await hear(house, *((f"p{n}", "@acme I will sue you") for n in range(150)), ("old", "@acme hello"), ("kim", "@acme hm"), ("kim", CRY))
    assert claimed(house, 100) == [*(f"{n}" for n in range(98)), "151", "152"]
    assert claimed(house, 100, critical=True) == ["151", "152"]
    house.store.write(lambda tx: tx.run("UPDATE mentions SET decided = 1 WHERE pressing = 2 OR seq <= 30"))
    assert claimed(house, 119)[:3] == ["30", "31", "32"]


async def test_what_the_same_person_said_before_goes_before_it(house: House) -> None:
    await hear(
        house, *((f"p{n}", f"@acme hello {n}") for n in range(150)), ("kim", "@acme a question"), ("kim", CRY), ("kim", "@acme and?")
    )
    assert claimed(house, 100)[-3:] == ["150", "151", "152"]


async def test_where_only_what_is_critical_is_wanted_the_rest_waits(house: House) -> None:
    await hear(house, ("a", "@acme hello"), ("kim", "@acme a question"), ("kim", CRY), ("b", "@acme hello"), ("kim", "@acme and?"))
    assert ledger.waits(house.store.read(), critical=True)
    assert claimed(house, 100, critical=True) == ["1", "2", "4"], "with what the same person said"
    assert claimed(house, 2, critical=True) == ["1", "2"]
    house.store.write(lambda tx: tx.run("UPDATE mentions SET decided = 1 WHERE pressing > 0"))
    assert claimed(house, 100, critical=True) == []
    assert not ledger.waits(house.store.read(), critical=True)
    assert ledger.waits(house.store.read())


async def test_nothing_waits_for_ever_behind_what_is_urgent(house: House) -> None:
    await hear(house, ("old", "@acme hello"), *((f"p{n}", CRY) for n in range(120)))
    found = claimed(house, 100)
    assert len(found) == 100
    house.store.write(lambda tx: tx.run("UPDATE mentions SET decided = 1 WHERE pressing > 0 AND seq <= 101"))
    assert claimed(house, 100)[0] == "0"


async def test_a_flood_with_a_cry_in_it_holds_up_no_other_cry(house: House) -> None:
    flood = [("flood", f"@acme hello {n}") for n in range(120)]
    await hear(house, *((f"p{n}", f"@acme hello {n}") for n in range(150)), *flood, ("flood", CRY), ("kim", CRY))
    found = claimed(house, 100)
    assert "271" in found, "of somebody who does not flood us"
    assert "270" not in found


@pytest.mark.parametrize("critical", [True, False])
@pytest.mark.parametrize("flood", [[CRY] * 130, [CRY, *["@acme hello"] * 4100]], ids=["of cries", "of thousands"])
async def test_whatever_stands_in_a_flood_another_cry_is_found_behind_it(house: House, flood: list[str], *, critical: bool) -> None:
    await hear(house, *(("flood", words) for words in flood), ("kim", "@acme a question"), ("kim", CRY))
    behind = [f"{len(flood)}", f"{len(flood) + 1}"]
    assert [one for one in claimed(house, 100, critical=critical) if one in behind or critical] == behind


async def test_a_cry_in_a_thread_that_everybody_joins_does_not_stand_behind_them(house: House) -> None:
    posts = tuple(house.post(f"{n}", CRY if n == 249 else f"@acme hello {n}", f"p{n}", thread="one") for n in range(250))
    await Ear(house.store, house.book, house.clock).take("mastodon", Page(posts, "1"))
    assert "249" in claimed(house, 100)
