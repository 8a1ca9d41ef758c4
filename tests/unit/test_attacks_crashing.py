"""A disk that fills up while answers are being sent. What happens where the process ends is shown by `make crash`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from listener.errors import EarnestError
from tests.mouth import House

WORDS = "@acme you charged me twice and support ignores me"  # a private message, then a public word


def test_a_full_disk_never_lets_an_answer_out_that_is_not_on_record(tmp_path: Path) -> None:
    house = House(tmp_path)
    asyncio.run(house.approved(words=WORDS))
    house.store.write(lambda tx: tx.run("CREATE TABLE fill (x BLOB)"))

    async def cramped(room: int) -> None:
        pages = house.store.write(lambda tx: tx.one("PRAGMA page_count"))
        assert pages is not None
        await house.store.awrite(lambda tx: tx.one(f"PRAGMA max_page_count = {int(pages['page_count'] or 0) + room}"))
        for _ in range(40):
            try:
                await house.store.awrite(lambda tx: tx.run("INSERT INTO fill VALUES (randomblob(3000))"))
            except EarnestError:
                break
        for _ in range(3):
            try:
                await house.speak(seconds=100)
            except EarnestError:
                continue

    for room in range(6):
        before = len(house.mouth.published)
        asyncio.run(cramped(room))
        claimed = house.rows("SELECT * FROM deliveries WHERE attempts > 0")
        assert len(house.mouth.published) <= len(claimed)
        assert len({(one.parent.id, one.kind) for one in house.mouth.published}) == len(house.mouth.published), before
    house.store.close()
