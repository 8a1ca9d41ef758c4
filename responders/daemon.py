"""The daemon: listens, thinks, alerts and sends, each at its own pace, until it is asked to stop.

Everything it knows is in the store, so it can stop anywhere. One daemon works on a file of its own; on a shared store there may be many,
each doing all of the work or a part of it (`Role`), and what only one should do at a time is done by whose turn it is (`listener.turns`).
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from listener import logs, settings
from listener.clock import Clock, keep_to
from listener.errors import EarnestError, RulesWrong
from listener.judging import Judges
from listener.listening import Listening, Missing
from listener.polling import Ear, Taken
from listener.pulse import Pulse
from listener.resting import first_of
from listener.rules.rulebook import Rulebook
from listener.schedule import Schedule
from listener.store.base import Store
from listener.troubles import Troubles
from listener.turns import turns_of
from listener.watching import Hearing
from responders import deadlines, outbox
from responders.alerts import Alerts, Told
from responders.approvals import UNDO
from responders.crew import Crew
from responders.house import channel_kind, speaking_networks
from responders.ledger import machines
from responders.outbox import Outbox, Sending
from responders.pipeline import Mind, Noted
from responders.roles import ALL_ROLES, Role
from responders.rulekeeper import RuleKeeper
from responders.sending import byhand
from responders.sharing import Share
from responders.signing import Mute, Signing
from responders.watchkeeper import Rang, WatchKeeper

_log = logs.get("daemon")
_TICK = 0.5
_SLOW_TICK = 30.0
_LAST_MOMENT = 6.0  # seconds for what is under way; with all the rest of it, ending takes less than ten
_GOODBYE = 1.0  # seconds for the store to take it that this machine is gone; else that is found out soon enough
_A_ROUND = 20
_LONGEST = {"think": 120.0, "alert": 120.0, "speak": 180.0}  # seconds from one sign of life of a loop to its next one
_CLAIM = 4  # turns; who looks for what another left in the middle comes later than who takes its turns


def _settle() -> None:
    """Leave what stays for long (words, weights, rules) out of later searches for garbage: they took a fifth of the time in a storm."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class RulesTaken:
    """Rules that were read while running and are in force now."""

    version: str


def _observing(adapt: Callable[[Rulebook], Rulebook]) -> Callable[[Rulebook], Rulebook]:
    return lambda book: adapt(book).model_copy(update={"mode": "observe"})


Event = Mute | Noted | Sending | Told | RulesWrong | RulesTaken | Hearing | Rang


class Daemon:
    """Everything that runs, made from one rulebook and one store."""

    def __init__(
        self,
        store: Store,
        book: Rulebook,
        clock: Clock,
        *,
        rules_path: Path | None = None,
        adapt: Callable[[Rulebook], Rulebook] = lambda book: book,
        undo: timedelta = UNDO,
        tell: Callable[[Event], None] = lambda _event: None,
        refused: RulesWrong | None = None,
        observe: bool = False,
        seen: object = None,
        roles: Collection[Role] = ALL_ROLES,
        judges: int = 0,
        pulse: Pulse | None = None,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            store: where everything is kept.
            book: the rules to begin with, in a mode that a person has allowed: whoever calls this vouches for that.
            clock: the time.
            rules_path: the file to watch for changes, if any.
            adapt: changes made to every rulebook that is read (the demo's addresses).
            undo: how long an approved reply waits before it leaves.
            tell: is told of everything that happens, as it happens.
            refused: why the file is not in force, where `book` are the rules of before.
            observe: decide and record, draft and send nothing, whatever the mode of the rules.
            seen: how the file looked before it was read (`rulekeeper.glance`), so that no later edit of it is missed.
            roles: the parts of the work that are done here.
            judges: how many processes beside this one judge pages of many posts.
            pulse: is told of every round of every loop, so that one that hangs is noticed.
        """
        self._store = store
        self._clock = clock
        self._undo = undo
        self._tell = tell
        self._pulse = pulse or Pulse()
        self._roles = frozenset(roles)
        self._troubles = Troubles(_log, "work failed")
        turn = settings.turn()
        self._turns = turns_of(store, turn)
        self._crew = Crew(store, self._turns.holder, self._roles, lambda: self._book)
        self._work = asyncio.Event()
        self._ending = False
        self._share = Share(lambda: self._listening.behind)
        self._judges = Judges(judges)
        self._kinds = {name: kind for name in speaking_networks() if (kind := channel_kind(name))}
        self._signing = Signing(store, clock, self._kinds, tell)
        adapted = _observing(adapt) if observe else adapt
        self._rules = RuleKeeper(store, clock, rules_path, adapted, refused=refused, observe=observe, seen=seen)
        self._take_rules(*self._made(adapted(book)))
        self._alerts = Alerts(store, lambda: self._book, clock)
        self._watchkeeper = WatchKeeper(store, lambda: self._book, clock)
        channels, step, claim = self._signing.channels, lambda: self._alive("speak"), _CLAIM * turn
        self._outbox = Outbox(store, lambda: self._book, clock, channels, self._kinds, turns=self._turns, claim=claim, step=step)
        self._listening = self._new_listening()

    def _made(self, book: Rulebook) -> tuple[Ear, Mind, Rulebook]:
        """Make what works by these rules; of large rules that takes a while."""
        return (
            Ear(self._store, book, self._clock, judges=self._judges),
            Mind(self._store, book, self._clock, self._kinds, undo=self._undo),
            book,
        )

    def _take_rules(self, ear: Ear, mind: Mind, book: Rulebook) -> None:
        self._ear, self._mind, self._book = ear, mind, book  # together or not at all

    def _new_listening(self) -> Listening:
        ear, heard, turns = lambda: self._ear, self._heard, self._turns
        return Listening(self._store, self._book, self._clock, ear=ear, heard=heard, tell=self._tell, turns=turns, pulse=self._pulse)

    def _alive(self, loop: str) -> None:
        self._pulse.mark(loop, _LONGEST[loop])

    def _heard(self, taken: Taken) -> None:
        self._pulse.heard(taken)
        if taken.mentions:
            self._work.set()

    async def _begin(self) -> None:
        if not self._store.shared:  # elsewhere a claim may be another machine's, and runs out by itself
            await self._outbox.recover()
        await self._rules.begin(self._book)
        await self._crew.beat()
        if Role.SEND in self._roles:
            await self._open_channels()
            await self._store.awrite(self._signing.try_afresh)

    async def _open_channels(self) -> None:
        await self._signing.open(self._book)

    async def once(self) -> list[Missing]:
        """One round of everything; return the sources that could not be heard."""
        await self._begin()
        try:
            failed = await self._listening.round() if Role.LISTEN in self._roles else []
            if Role.THINK in self._roles:
                await self._think_all()
                await self._look_out(settled=True)
                await self._look_at_clocks()
                await self._alert()
            if Role.SEND in self._roles:
                await self._speak()
                await self._look_after_hands()
            if Role.THINK in self._roles:
                await self._alert()  # of what sending came upon: a brake, an account that was turned away
        finally:
            await self._end()
        return failed

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is being sent and end, within ten seconds; what hangs is left in doubt."""
        await self._begin()
        if Role.LISTEN in self._roles:
            await asyncio.to_thread(self._ear.warm_up)
        _settle()
        schedule = Schedule(self._pulse.progress)
        for seconds, name, work in self._ticks():
            schedule.every(seconds, name, work)
        loop = asyncio.get_running_loop()
        with self._store.bells(lambda _bell: loop.call_soon_threadsafe(self._work.set)):
            turns = asyncio.create_task(self._turns.run(stop))
            if Role.LISTEN in self._roles:
                await self._listening.start()
            schedule.start()
            # Each at its own pace: neither a slow alert service nor a slow network keeps a cry for help waiting.
            tasks = [asyncio.create_task(self._loop(stop, name, work)) for name, work in self._works()]
            self._pulse.ready()
            try:
                await stop.wait()
            finally:
                schedule.stop()
                await self._wind_up([*tasks, turns])

    def _works(self) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:
        """Yield what is done all the time, each at its own pace, with what it is called."""
        if Role.THINK in self._roles:
            yield from (("think", self._think_all), ("alert", self._in_turn("alerts", self._alert)))
        if Role.SEND in self._roles:
            yield "speak", self._speak

    def _ticks(self) -> Iterator[tuple[float, str, Callable[[], Awaitable[object]]]]:
        """Yield what is done now and then: after how many seconds, what it is called, and how."""
        yield _TICK, "work", self._nudge
        yield 1.0, "rules", self._watch_rules
        if self._store.shared:
            yield machines.BEAT.total_seconds(), "crew", self._crew.beat
            yield _SLOW_TICK, "clock", self._set_the_clock
        if Role.THINK in self._roles:
            yield _SLOW_TICK, "expire", self._in_turn("expire", lambda: outbox.expire(self._store, self._clock))
            yield _SLOW_TICK, "watches", self._in_turn("watches", self._look_out)
            yield _SLOW_TICK, "deadlines", self._in_turn("deadlines", self._look_at_clocks)
        elif self._store.shared:
            yield _SLOW_TICK, "stand in", self._stand_in
        if Role.SEND in self._roles:
            yield _SLOW_TICK, "by hand", self._in_turn("by hand", self._look_after_hands)
            yield _SLOW_TICK, "channels", self._open_channels

    async def _set_the_clock(self) -> None:
        await self._store.aread(lambda reader: keep_to(reader.now))

    def _in_turn(self, name: str, work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[None]]:
        """Do something only while it is our turn, so that of several machines one does it."""

        async def taken() -> None:
            if await self._turns.mine(name):
                await work()

        return taken

    async def _wind_up(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        self._ending = True
        self._rules.end()
        self._outbox.finish()
        self._work.set()
        hearing = asyncio.create_task(self._listening.stop())
        _, late = await asyncio.wait([*tasks, hearing], timeout=_LAST_MOMENT)
        for task in late:
            task.cancel()
        if late:  # a plug-in may not want to end; it ends with the process
            await asyncio.wait(late, timeout=1.0)
        await self._end(hearing)
        with suppress(EarnestError, TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await self._crew.leave()
        if not self._store.shared:
            await self._outbox.recover()

    async def _nudge(self) -> None:
        self._work.set()

    async def _loop(self, stop: asyncio.Event, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._alive(name)
        while not stop.is_set():
            try:
                await work()
                self._troubles.worked(name)
            except Exception as problem:  # noqa: BLE001  # one bad mention must not stop the daemon
                self._troubles.failed(name, problem, loop=name)
                self._pulse.failed(name)
            self._alive(name)
            await self._rest(stop)
        self._pulse.progress.forget(name)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait for news, at most one tick."""
        self._work.clear()
        await first_of(_TICK, self._work.wait(), stop.wait())

    async def _think_all(self) -> None:
        while await self._think() and not self._ending:
            pass

    async def _think(self) -> int:
        noted = await self._mind.round(critical=self._share.critical_only(asyncio.get_running_loop().time()))
        self._alive("think")
        for one in noted:
            self._tell(one)
        return len(noted)

    async def _alert(self) -> None:
        for told in await self._alerts.round():
            self._tell(told)

    async def _stand_in(self) -> None:
        """Tell that no machine thinks, since those that do are the ones that tell; the turn is kept for them."""
        if await self._alerts.unheard() and await self._turns.mine("alerts"):
            try:
                for told in await self._alerts.stand_in():
                    self._tell(told)
            finally:
                await self._turns.done("alerts")

    async def _speak(self) -> None:
        """Send what may be sent; while only observing, still settle what an earlier run left in doubt."""
        for sending in await self._outbox.round(0 if self._book.mode == "observe" else _A_ROUND):
            self._tell(sending)

    async def _look_after_hands(self) -> None:
        for sending in await byhand.look_after(self._store, self._book, self._clock, self._kinds):
            self._tell(sending)

    async def _look_at_clocks(self) -> None:
        await deadlines.look_after(self._store, self._book, self._clock)

    async def _look_out(self, *, settled: bool = False) -> None:
        for rang in await self._watchkeeper.round(settled=settled):
            self._tell(rang)

    async def _watch_rules(self) -> None:
        if not await self._rules.changed():
            return
        try:
            await self.reload()
        except Exception:
            self._rules.look_again()  # the store may be locked; the edit is not forgotten over it
            raise
        self._pulse.rules_looked_at()

    def look_again(self) -> None:
        """Read the rules again within a second, whether or not the file has changed (SIGHUP)."""
        self._rules.look_again()

    async def reload(self) -> bool:
        """Read the rules again: checked and rehearsed first, then taken whole; else the old ones stay. Return whether they changed."""
        book = await self._rules.read(self._book)
        if book is None:
            return False
        if isinstance(book, RulesWrong):
            await self._rules.refuse(book)
            self._tell(book)
            return False
        before = self._book
        # The same ones again: then a mistake was taken back, and is no mistake any more.
        same = (book.fingerprint, book.mode, book.answers) == (before.fingerprint, before.mode, before.answers)
        made = None if same else await asyncio.to_thread(self._made, book)
        await self._rules.take(book)  # first: what was lowered is lowered under every name before anything is decided by them
        if made:
            self._take_rules(*made)
            _settle()
        self._tell(RulesTaken(book.fingerprint))
        if book.sources != before.sources and Role.LISTEN in self._roles:
            await self._listening.stop()
            self._listening = self._new_listening()
            await self._listening.start()
        return not same

    async def _end(self, hearing: asyncio.Task[None] | None = None) -> None:
        """Let go of everything; `hearing` is the task that has ended that, or was broken off."""
        if hearing is None:
            await self._listening.stop()
        elif hearing.done() and not hearing.cancelled():
            hearing.result()
        await self._signing.close()
        await self._judges.end()
