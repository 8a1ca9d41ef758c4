"""A watch through the real program: a source that hears nothing is told once, also over a restart, and so is its end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from listener.clock import now
from tests.mouth import House
from tests.running import Machine, end, until
from tests.servers.town import Town

HELLO = "@acme hello there shop"
RULES = {
    "routes": [{"name": "rest", "when": "always", "reply": "hello"}],
    "teams": {"care": {"members": ["kim"], "alert": "secret:nobody_set_it"}},
    "boundaries": {"pause_when": []},
    "watch": [
        {"name": "silence", "tell": "care", "source": "mastodon", "flatline": {"over": "1h", "usually": 3}},
        {"name": "storm", "tell": "care", "spike": {"over": "1h", "at_least": 3}},
    ],
}


async def lived(folder: Path) -> None:
    """Leave a store in which four people a day wrote at this hour, on each of three days."""
    house = House(folder, **RULES)
    house.clock.moment = now() - timedelta(days=3, minutes=10)
    for day in range(3):
        house.clock.forward(minutes=-1)
        await house.hear(*(house.post(f"d{day}-{n}", HELLO, by=f"d{day}-{n}", age=5) for n in range(4)))
        await house.think()
        house.clock.forward(days=1, minutes=1)
    house.store.close()


def _rang(machine: Machine) -> list[tuple[object, ...]]:
    return machine.rows("SELECT name, team, ended_at IS NULL, attempts > 0 FROM incidents WHERE name LIKE 'watch%' ORDER BY id")


async def test_silence_is_told_once_over_restarts_and_ends_when_something_is_heard(tmp_path: Path, town: Town) -> None:
    await lived(tmp_path)
    machine = Machine(tmp_path, town.host, **RULES)
    first = await machine("run", "--once")
    assert first.code == 0, first.err
    assert _rang(machine) == [("watch silence", "care", 1, 1)]
    found = (await machine("status", "--json")).object
    assert {one["name"]: one["state"] for one in found["watches"]} == {"silence": "ringing", "storm": "quiet"}
    (incident,) = [one for one in found["incidents"] if one["name"] == "watch silence"]
    assert incident["words"].startswith("silence: 0 mentions from mastodon within 1h, 4.0 are usual at this hour.")
    told = (await machine("status")).out
    assert "RINGING since" in told
    assert "silence: 0 mentions" in told

    assert (await machine("run", "--once")).code == 0
    assert len(_rang(machine)) == 1, "it was told of already"
    daemon = await machine.start()
    await town.write("marta", HELLO)
    await until(
        lambda: bool(machine.rows("SELECT 1 FROM decisions d JOIN posts p ON p.id = d.post_id WHERE p.handle = 'marta'")), "a mention"
    )
    await end(daemon)
    assert (await machine("run", "--once")).code == 0
    assert _rang(machine) == [("watch silence", "care", 0, 1), ("watch silence over", "care", 0, 1)]
    found = (await machine("status", "--json")).object
    assert {one["name"]: one["state"] for one in found["watches"]} == {"silence": "quiet", "storm": "quiet"}
