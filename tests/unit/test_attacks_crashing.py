"""A process ended at its k-th step, for k = 1, 2, … until it lives: each answer is there at most once, and a person is told of doubt.

The network is a file, so that it remembers what the dead process published. The clock of whoever comes after stands five minutes on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from listener.errors import EarnestError
from listener.store.base import Tx
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.sqlite import SqliteStore
from responders.channels.base import MayLeave, SendResult, Sent, Unknown
from responders.ledger import audit
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.model import Delivery
from tests.mouth import NETWORK, House, Mouth

T = TypeVar("T")
Tick = Callable[[], None]
WORDS = "@acme you charged me twice and support ignores me"  # a private message, then a public word
KILLED = 9


class Fragile(SqliteStore):
    """A store that may end the process in the middle of a transaction, and just after one."""

    def __init__(self, url: str, tick: Tick) -> None:
        self._tick = tick
        super().__init__(url, (HEARING, ANSWERING))

    def _submit(self, work: Callable[[Tx], T]) -> Future[T]:
        def fragile(tx: Tx) -> T:
            done = work(tx)
            self._tick()
            return done

        future = super()._submit(fragile)
        future.add_done_callback(lambda _: self._tick())
        return future


class FileMouth(Mouth):
    """A network that keeps what it has in a file; a key it knows means the same post."""

    def __init__(self, folder: Path, tick: Tick = lambda: None, *, keys: bool, lie: str = "") -> None:
        super().__init__(keys=keys)
        self._file = folder / "published"
        self._tick = tick
        self._lie = lie

    def there(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = lambda: True) -> SendResult:
        assert timeout > 0
        self._tick()
        assert may_leave()
        known = self.keys and any(one["key"] == delivery.key for one in self.there())
        if not known and self._lie != "lost":
            with self._file.open("a", encoding="utf-8") as file:
                line = {"key": delivery.key, "kind": delivery.kind.value, "text": delivery.text, "parent": delivery.parent.id}
                file.write(json.dumps(line) + "\n")
        self._tick()
        return Unknown("504") if self._lie else Sent("r1", "https://town.example/r1")

    async def find(self, delivery: Delivery) -> Sent | None:
        self._tick()
        found = any(one["key"] == delivery.key for one in self.there())
        return Sent("r1", "https://town.example/r1") if found and not self.blind else None


async def _live(house: House) -> None:
    await house.approved(words=WORDS)
    await house.speak(seconds=11)
    for _ in range(3):
        await house.speak(seconds=100)


def _run_and_die(folder: Path, at_step: int, *, keys: bool, lie: str) -> bool:
    """Do it all in a child process that ends at a step; return whether it lived to the end."""
    child = os.fork()
    if child == 0:
        steps = count(1)

        def tick() -> None:
            if next(steps) == at_step:
                os._exit(KILLED)

        try:
            house = House(folder, store=lambda url: Fragile(url, tick))
            house.channels[NETWORK] = FileMouth(folder, tick, keys=keys, lie=lie)
            asyncio.run(_live(house))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != KILLED


@pytest.mark.parametrize(("keys", "lie"), [(True, "stored"), (True, "lost"), (False, "stored"), (False, "")])
def test_each_answer_is_there_at_most_once_wherever_the_process_dies(tmp_path: Path, *, keys: bool, lie: str) -> None:
    for step in count(1):
        folder = tmp_path / str(step)
        folder.mkdir()
        lived = _run_and_die(folder, step, keys=keys, lie=lie)
        _and_after(folder, keys=keys, blind=step % 2 == 0)
        if lived:
            break
    assert step > 10  # it did die in many places


def _and_after(folder: Path, *, keys: bool, blind: bool) -> None:
    """Start again, on a network that may not show yet what it has; whatever was approved ends in one answer or with a person."""
    house = House(folder)
    mouth = FileMouth(folder, keys=keys)
    mouth.blind = blind
    house.channels[NETWORK] = mouth
    house.clock.forward(minutes=5)

    async def live() -> None:
        await house.outbox().recover()
        for _ in range(5):
            await house.speak(seconds=200)

    asyncio.run(live())
    there = [(one["parent"], one["kind"]) for one in mouth.there()]
    assert len(there) == len(set(there)), "something is there twice"
    assert set(house.states()) <= {"sent", "parked", "held", "refused"}, house.states()
    if keys:
        assert set(house.states()) <= {"sent"}
        assert len(there) == len(house.states())
    approved = {str(row["text"]) for row in house.rows("SELECT text FROM deliveries")}
    assert {one["text"] for one in mouth.there()} <= approved
    assert audit.broken_at(house.store.read()) is None
    house.store.close()
    with sqlite3.connect(folder / "earnest.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


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
