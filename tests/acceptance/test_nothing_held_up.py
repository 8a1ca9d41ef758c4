"""Whatever a daemon asks its store, it asks so that nothing else has to wait for the answer: a server may take its time, or say nothing."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from listener.cleaning import clean
from listener.store.base import Reader
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.sqlite import SqliteStore, SqliteTx
from responders.daemon import Daemon
from responders.ledger.schema import MIGRATIONS as ANSWERING
from tests.running import until
from tests.servers import proxy as faults
from tests.servers.proxy import Proxy
from tests.servers.town import Town, token
from tests.street import Street

T = TypeVar("T")


class Distant(SqliteStore):
    """A store in a file that behaves as one on a server; `held_up` names the places that asked it on an event loop."""

    shared = True

    def __init__(self, url: str) -> None:
        super().__init__(url, (HEARING, ANSWERING))
        self.held_up: list[str] = []
        self.watching = False
        self._askers = ThreadPoolExecutor(4)

    def read(self) -> SqliteTx:
        if self.watching and _on_a_loop():
            self.held_up.append("".join(traceback.format_stack(limit=4)[:-1]))
        return super().read()

    async def aread(self, question: Callable[[Reader], T]) -> T:
        return await asyncio.wrap_future(self._askers.submit(lambda: question(self.read())))

    def read_within(self, question: Callable[[Reader], T], seconds: float) -> T:
        return self._askers.submit(lambda: question(self.read())).result(seconds)

    def close(self) -> None:
        self._askers.shutdown()
        super().close()


def _on_a_loop() -> bool:
    try:
        return bool(asyncio.get_running_loop())
    except RuntimeError:
        return False


@dataclass
class Far:
    """A street whose daemon works on a distant store; people work on the same file."""

    street: Street
    store: Distant
    events: list[object] = field(default_factory=list)

    def daemon(self, rules: Path | None = None) -> Daemon:
        self.store.watching = False
        made = Daemon(self.store, self.street.book, self.street.clock, rules_path=rules, tell=self.events.append)
        self.store.watching = True
        return made

    async def round(self, **later: float) -> None:
        self.street.clock.forward(**later)
        assert not await self.daemon().once()


@pytest.fixture
async def far(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Far]:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token("acme"))
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token("acme"))
    street = Street(tmp_path, {"mastodon": {"instance": f"http://{proxy.host}", "every": "1s"}})
    store = Distant(f"sqlite:///{tmp_path}/earnest.db")
    yield Far(street, store)
    store.close()
    street.close()


@pytest.mark.in_a_file
async def test_hearing_deciding_sending_doubt_and_taking_back_ask_the_store_elsewhere(far: Far, town: Town, proxy: Proxy) -> None:
    post = str((await town.write("marta", "@acme you charged me twice and support ignores me"))["id"])
    await far.round()
    far.street.desk().approve("A-1")
    proxy.once("POST", "/api/v1/statuses", faults.RESET)
    await far.round(seconds=11)
    assert ("private", "unknown") in far.street.states()
    for _ in range(3):
        await far.round(seconds=100)
    assert far.street.states() == [("private", "sent"), ("public", "sent")]
    far.street.dispatch().withdraw("A-1", "a mistake")
    await far.round(seconds=11)
    assert "withdrawn" in {state for _, state in far.street.states()}
    await town.write("marta", "and now?", in_reply_to_id=post)
    await far.round(seconds=1)
    await town.delete("marta", post)
    await far.round(hours=2)
    await clean(far.store, far.street.clock)
    assert far.store.held_up == []


@pytest.mark.in_a_file
async def test_a_daemon_that_goes_on_and_on_asks_the_store_elsewhere(far: Far, town: Town, tmp_path: Path) -> None:
    rules, stop = tmp_path / "rules.yaml", asyncio.Event()
    rules.write_text("version: 1\n", encoding="utf-8")
    running = asyncio.create_task(far.daemon(rules).run(stop))
    await town.write("marta", "@acme hello there, one thing")
    await until(lambda: bool(far.street.store.read().one("SELECT 1 FROM drafts")), "a draft")
    rules.write_text("version: 2\n", encoding="utf-8")
    await until(lambda: bool(far.street.store.read().one("SELECT 1 FROM incidents WHERE name = 'rules'")), "the rules were looked at")
    stop.set()
    await running
    assert far.store.held_up == []
