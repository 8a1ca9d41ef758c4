"""Playing the morning: the town wakes, people write, the daemon hears and drafts, a reviewer decides, replies stand in the town."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from listener import clock
from listener.errors import EarnestError
from listener.rules.rulebook import Rulebook, SourceSettings
from listener.settings import reading_secret, secret_variable, writing_secret
from listener.store.base import Store
from responders.approvals import Desk
from responders.daemon import Daemon
from responders.demo.script import Resident, Script
from responders.demo.town import Pager, Town
from responders.house import channel_kind
from responders.ledger import cases
from responders.model import DeliveryState
from responders.outbox import Sending
from responders.pipeline import Noted

_PATIENCE = 20.0
_HURRY = timedelta(seconds=1)


@dataclass
class Morning:
    """What happened, for the summary."""

    noted: list[Noted] = field(default_factory=list)
    sent: list[Sending] = field(default_factory=list)
    rings: list[str] = field(default_factory=list)
    posted: dict[str, str] = field(default_factory=dict)
    seen_in_town: list[str] = field(default_factory=list)


class Play:
    """One performance on one store."""

    def __init__(
        self, script: Script, store: Store, book: Rulebook, *, rules_path: Path, say: Callable[[str], None], tell: Callable[[object], None]
    ) -> None:
        """`say` takes stage directions, `tell` everything the daemon does."""
        self.town = Town(script)
        self.morning = Morning()
        self._script = script
        self._store = store
        self._book = book
        self._rules_path = rules_path
        self._say = say
        self._tell = tell
        self._pager = Pager(rings=self.morning.rings)
        self._news = asyncio.Event()
        self._desks: dict[str, Desk] = {}

    @asynccontextmanager
    async def awake(self) -> AsyncIterator[None]:
        """Keep the town, the pager and the daemon running inside."""
        self.town.wake()
        pager = await self._pager.start()
        with _environment(self._secrets(pager)):
            stop = asyncio.Event()
            daemon = Daemon(
                self._store, self._book, clock.now, rules_path=self._rules_path, adapt=self._to_town, undo=_HURRY, tell=self._heard
            )
            running = asyncio.create_task(daemon.run(stop))
            try:
                yield
            finally:
                stop.set()
                await running
                await self._pager.stop()
                self.town.sleep()

    def _secrets(self, pager: str) -> dict[str, str]:
        names = {team.alert.removeprefix("secret:") for team in self._book.teams.values() if team.alert}
        alerts = {secret_variable(name): pager for name in names}
        token = self._script.brand.token
        host = self.town.address.split("//", 1)[1]
        return {
            "EARNEST_ALLOW_HOSTS": host,
            secret_variable(reading_secret("mastodon")): token,
            secret_variable(writing_secret("mastodon")): token,
            **alerts,
        }

    def _to_town(self, book: Rulebook) -> Rulebook:
        """The same rules, with the ear at the town instead of the world."""
        town = SourceSettings.model_validate({"kind": "mastodon", "every": "1s", "instance": self.town.address})
        brands = {
            name: brand.model_copy(update={"handles": {**brand.handles, "mastodon": self._script.brand.name}})
            for name, brand in book.brands.items()
        }
        return book.model_copy(update={"sources": {"mastodon": town}, "brands": brands})

    def _heard(self, event: object) -> None:
        if isinstance(event, Noted):
            self.morning.noted.append(event)
        if isinstance(event, Sending):
            self.morning.sent.append(event)
        self._tell(event)
        self._news.set()

    async def _until(self, true: Callable[[], bool], what: str) -> None:
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not true():
            left = deadline - asyncio.get_running_loop().time()
            self._news.clear()
            try:
                async with asyncio.timeout(left):
                    await self._news.wait()
            except TimeoutError:
                message = f"the demo waited {_PATIENCE:.0f} s for {what}, and it did not come"
                raise EarnestError(message, "run it again; if that does not help, please report it") from None

    async def morning_posts(self) -> None:
        """Let everybody write, one after the other, and wait until each post is heard."""
        for line in self._script.posts:
            author = self._script.resident(line.by)
            self.morning.posted[await self.town.post(author, line.text)] = line.by
            await self._until(lambda: len(self.morning.noted) >= len(self.morning.posted), f"@{line.by}'s post to be heard")
        expected = sum(1 for one in self.morning.noted if one.alerted)
        await self._ring(expected)

    async def _ring(self, expected: int) -> None:
        for _ in range(int(_PATIENCE / 0.1)):
            if len(self.morning.rings) >= expected:
                return
            await asyncio.sleep(0.1)

    @property
    def customer(self) -> Resident:
        """Somebody in whose name a visitor may write."""
        return self._script.people[0]

    def case_of(self, name: str) -> str:
        """Return the newest case of a resident.

        Raises:
            EarnestError: nothing was heard from them.
        """
        for noted in reversed(self.morning.noted):
            if noted.heard.mention.post.author.handle.split("@")[0] == name:
                return noted.case
        message = f"nothing was heard from @{name}"
        raise EarnestError(message)

    async def review(self) -> None:
        """Decide a few drafts as a reviewer would, and wait until what was approved has left."""
        expected = 0
        for act in self._script.reviewer:
            case = self.case_of(act.case_of)
            for who in act.as_:
                desk = self._desk(who)
                decide = partial(desk.approve, case) if act.do == "approve" else partial(desk.reject, case, act.reason)
                done = await asyncio.to_thread(decide)
                self._say(f"{who}: {done.says}")
            expected += self._deliveries(case) if act.do == "approve" else 0
        final = {DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.PARKED, DeliveryState.HELD}
        await self._until(lambda: sum(one.state in final for one in self.morning.sent) >= expected, "the approved replies to leave")
        for post_id, name in self.morning.posted.items():
            replies = await self.town.replies(post_id)
            if self._script.brand.name in [reply.split("@")[0] for reply in replies]:
                self.morning.seen_in_town.append(name)

    def _deliveries(self, case: str) -> int:
        row = self._store.read().one("SELECT COUNT(*) AS n FROM deliveries WHERE case_id = :id", id=cases.id_of(case))
        return int(row["n"] or 0) if row else 0

    def _desk(self, who: str) -> Desk:
        return self._desks.setdefault(who, Desk(self._store, self._book, clock.now, channel_kind, who=who, undo=_HURRY))


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
