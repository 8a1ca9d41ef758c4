"""What goes wrong beside it keeps nobody from being told, and no brake from counting."""

from __future__ import annotations

from pathlib import Path

import pytest

from responders import watchkeeper
from responders.alerts import Alerts
from tests.braking import say, told
from tests.mouth import House


@pytest.mark.parametrize("damage", ["DROP TABLE lowered", "DROP TABLE gaps", "UPDATE facts SET value = 'odd' WHERE name = 'gap_told'"])
async def test_a_cry_is_told_though_what_is_looked_for_before_it_goes_wrong(tmp_path: Path, damage: str) -> None:
    house = House(tmp_path, mode="send")
    house.store.write(lambda tx: tx.run("INSERT INTO facts (name, value, at) VALUES ('gap_told', '0', '2026-11-18T12:00:00Z')"))
    await house.hear(house.post("p", "@acme the charger burned my hand and I am in hospital", age=5))
    (noted,) = await house.think()
    assert noted.alerted == "on-call"
    house.store.write(lambda tx: tx.run(damage))
    done = await Alerts(house.store, lambda: house.book, house.clock).round()
    assert [one.team for one in done] == ["on-call"]
    house.store.close()


async def test_a_watch_that_goes_wrong_releases_no_brake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = [{"name": "w", "brand": "acme", "spike": {"of": "mentions", "over": "1h", "times": 2, "at_least": 2}, "tell": "on-call"}]
    house = House(tmp_path, watch=watch, boundaries={"pause_when": [{"mentions": 3, "words": ["killed"], "within": "20m"}]})

    def broken(*_all: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(watchkeeper, "note", broken)
    await say(house, *["@acme somebody was killed"] * 3)
    assert told(house) == ["brake"]
    house.store.close()
