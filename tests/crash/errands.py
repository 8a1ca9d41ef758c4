"""One process's life: the real store on a disk and a real channel over HTTP, ended at the k-th step; and the honest one after it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from listener.clock import from_text
from listener.model import Page, Post
from listener.polling import Ear
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Tx, text
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.sqlite import SqliteStore
from responders.approvals import Desk
from responders.channels.base import Channel, ChannelKind, MayLeave, SendResult
from responders.house import channel_kind, open_store
from responders.ledger import audit
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.model import Delivery
from responders.outbox import Outbox
from responders.pipeline import Mind
from tests.crash.explore import FINAL, HONEST_FOR, NEXT
from tests.crash.places import HANDLES
from tests.street import RULES, Hands

T = TypeVar("T")
KILLED = 9
BOOK = Rulebook.model_validate({**RULES, "brands": {"acme": {"names": ["Acme"], "handles": HANDLES}}})
_LONGEST = 60
_TICK = timedelta(seconds=30)

Tick = Callable[[], None]


class Fragile(SqliteStore):
    """A store that may end the process in the middle of a transaction, and just after one."""

    def __init__(self, url: str, tick: Tick) -> None:
        self._tick = tick
        super().__init__(url, (HEARING, ANSWERING))

    def write(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        done = super().write(self._fragile(work), alongside=alongside)
        self._tick()
        return done

    async def awrite(self, work: Callable[[Tx], T], *, alongside: bool = False) -> T:
        done = await super().awrite(self._fragile(work), alongside=alongside)
        self._tick()
        return done

    def _fragile(self, work: Callable[[Tx], T]) -> Callable[[Tx], T]:
        def fragile(tx: Tx) -> T:
            done = work(tx)
            self._tick()
            return done

        return fragile


class Watched:
    """A channel that may end the process just before its POST and just after."""

    def __init__(self, channel: Channel, tick: Tick) -> None:
        self._channel = channel
        self._tick = tick

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # all else is the channel's own
        return getattr(self._channel, name)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave) -> SendResult:
        def asked() -> bool:
            yes = may_leave()
            self._tick()
            return yes

        result = await self._channel.send(delivery, timeout, asked)
        self._tick()
        return result


@dataclass(frozen=True)
class Errand:
    """What a process is to do: in which folder, on which network, from which moment on its clock."""

    folder: Path
    network: str
    options: Mapping[str, object]
    moment: datetime

    @property
    def url(self) -> str:
        """The store."""
        return f"sqlite:///{self.folder / 'earnest.db'}"

    def kind(self) -> ChannelKind:
        """Return what is known of the network."""
        found = channel_kind(self.network)
        assert found is not None
        return found

    def channel(self) -> Channel:
        """Make the channel, as the daemon would."""
        return self.kind().make(self.options, BOOK)


def prepare(errand: Errand, posts: list[Post]) -> None:
    """Hear posts, draft answers and approve them."""
    store, clock = open_store(errand.url, create=True), Hands(errand.moment)

    async def work() -> None:
        channel = errand.channel()
        account = await channel.identify()
        await channel.close()
        store.write(lambda tx: heard_ledger.record_account(tx, account, at=clock()))
        await Ear(store, BOOK, clock).take(errand.network, Page(tuple(posts), "c"))
        for noted in await Mind(store, BOOK, clock, {errand.network: errand.kind()}, undo=timedelta(seconds=10)).round():
            Desk(store, BOOK, clock, channel_kind, who="jo").approve(noted.case)

    asyncio.run(work())
    store.close()


def live(errand: Errand, tick: Tick) -> None:
    """Start, send what is due, and go on until all is settled or a quarter of an hour has passed on the clock."""
    store, clock = Fragile(errand.url, tick), Hands(errand.moment)

    async def work() -> None:
        channel = errand.channel()
        watched: Any = Watched(channel, tick)
        outbox = Outbox(store, lambda: BOOK, clock, {errand.network: watched}, {errand.network: errand.kind()})
        await outbox.recover()
        while clock() <= errand.moment + HONEST_FOR and _unsettled(store):
            row = store.read().one(NEXT)
            wait = from_text(text(row, "at")) - clock() if row and row["at"] else timedelta()
            clock.moment += wait if wait > timedelta() else _TICK
            await outbox.round()
        await channel.close()

    asyncio.run(work())
    store.close()


def _unsettled(store: SqliteStore) -> bool:
    return any(row["state"] not in FINAL for row in store.read().all("SELECT state FROM deliveries"))


def judge(errand: Errand) -> None:
    """Live honestly, then write down what the store says of itself."""
    live(errand, lambda: None)
    store = open_store(errand.url)
    broken = audit.broken_at(store.read())
    store.close()
    connection = sqlite3.connect(errand.folder / "earnest.db")
    rows = connection.execute("SELECT parent_id, kind, state, remote_id, reason FROM deliveries ORDER BY id").fetchall()
    faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    faults += [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
    faults += [f"the log is broken at line {broken}"] if broken is not None else []
    connection.close()
    (errand.folder / "verdict.json").write_text(json.dumps({"rows": rows, "faults": faults}), encoding="utf-8")


def in_child(work: Callable[[], None]) -> int:
    """Run `work` in a forked process; return its process id."""
    sys.stderr.flush()
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    signal.alarm(_LONGEST)
    try:
        work()
    except BaseException:  # noqa: BLE001  # a child tells and ends, whatever it was
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def ended(child: int) -> int:
    """Wait for a child; return its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
