"""A daemon that is told to end leaves what waits for its next start, however much that is."""

from __future__ import annotations

import asyncio
from pathlib import Path

from responders.daemon import Daemon
from responders.roles import Role
from tests.mouth import House


async def test_who_is_told_to_end_decides_what_is_under_way_and_no_more(tmp_path: Path) -> None:
    house, stop = House(tmp_path), asyncio.Event()
    await house.hear(*(house.post(f"{number}", f"@acme hello {number}", f"p{number}") for number in range(1500)))
    await Daemon(house.store, house.book, house.clock, roles=[Role.THINK], tell=lambda _event: stop.set()).run(stop)
    (row,) = house.rows("SELECT COUNT(*) AS waiting FROM mentions WHERE decided = 0")
    assert 750 < int(str(row["waiting"])) < 1500
    house.store.close()
