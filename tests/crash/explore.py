"""Every history of one world, told apart by what can be told apart: the store, the network, the time and what may still go wrong.

A sender keeps nothing from one round to the next but the store, so two histories that meet in the same store, network and time go on
alike; they are run once from there and counted each. `merge=False` runs every history by itself, to show that nothing is lost by this.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from listener.clock import Clock, from_text
from listener.store.base import Row, Store, text
from responders.channels.base import Channel, ChannelKind
from tests.crash.choices import Budget, Choices, all_of
from tests.crash.network import REFUSAL, Copy, Keys, Network
from tests.crash.world import Died, MemoryStore, Rows, World

HONEST_FOR = timedelta(minutes=15)
FINAL = frozenset({"sent", "refused", "held", "parked", "withdrawn"})
# Longer than a look is repeated and than a key is known, then longer than a yes holds.
_AWAY = {"comes back after 20 s": 20.0, "comes back after 75 min": 4_500.0, "comes back after 3 h": 10_800.0}
_A_YES_HOLDS = timedelta(minutes=45)  # shorter than any key and any yes: until then a network with keys leaves no doubt
_TICK, _IDLE_TICK = 0.5, 30.0
NEXT = """SELECT MIN(CASE WHEN state = 'claimed' THEN claimed_until ELSE not_before END) AS at FROM deliveries
    WHERE state IN ('ready', 'claimed', 'unknown', 'withdrawing')"""


class Sender(Protocol):
    """What is tried: the outbox, or a broken one."""

    async def recover(self) -> int:
        """Begin after a start."""

    async def round(self) -> object:
        """Do what is due."""


MakeSender = Callable[[Store, Clock, Mapping[str, Channel], Mapping[str, ChannelKind]], Sender]


@dataclass(frozen=True)
class Setting:
    """What is tried on: a store with approved answers, a network, and the sender."""

    database: bytes
    begins: datetime
    kind: ChannelKind
    keys: Keys
    sender: MakeSender
    forgetful: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where a history stands between two rounds; `path` is what was chosen until here."""

    rows: Rows
    seen: str
    copies: tuple[Copy, ...]
    moment: datetime
    calm: datetime
    budget: Budget
    died: bool
    idle: bool
    path: tuple[int, ...] = field(compare=False)

    @property
    def key(self) -> tuple[object, ...]:
        """Tell it from every state that could go on otherwise."""
        return (self.seen, self.copies, self.moment, self.calm, self.budget, self.died, self.idle)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a history ended: `doubled`, `unfinished`, or `wrong` in words; all empty is well."""

    doubled: bool = False
    unfinished: bool = False
    wrong: str = ""
    path: tuple[int, ...] = field(default=(), compare=False)

    @property
    def bad(self) -> str:
        """Say what is wrong with it, or ""."""
        return "; ".join(filter(None, ("doubled" * self.doubled, "unfinished" * self.unfinished, self.wrong)))


class Lives:
    """Runs one round at a time of one setting."""

    def __init__(self, setting: Setting, tell: Callable[[str], object] = lambda _line: None) -> None:
        """Run in `setting`, and `tell` what happens."""
        self._setting = setting
        self._tell = tell
        self._store = MemoryStore(setting.database, forgetful=setting.forgetful)
        self._first = self._store.save()
        self._loop = asyncio.new_event_loop()

    def begin(self, budget: Budget) -> State:
        """Return where every history begins."""
        at = self._setting.begins
        self._blinks = budget.blinks
        return State(self._first, _seen(self._first), (), at, at, budget, died=False, idle=False, path=())

    def close(self) -> None:
        """Let go of everything."""
        self._loop.close()
        self._store.close()

    def step(self, state: State, choices: Choices) -> State | Ending:
        """Let time pass until something is due, and do one round."""
        self._store.load(state.rows)
        world = World(choices, state.budget, state.moment, state.calm)
        network = Network(world, self._setting.keys, state.copies)
        self._wait(world, state)
        self._store.world = world
        try:
            self._loop.run_until_complete(self._round(world, network, died=state.died))
        except Died:
            self._store.die()
            self._tell("the process is dead")
        finally:
            self._store.world = None
        return self._after(state, world, network)

    def _wait(self, world: World, state: State) -> None:
        if state.died:
            world.forward(_AWAY[world.choices.pick("the process", tuple(_AWAY))])
            world.calm = world.moment
            return
        row = self._store.read().one(NEXT)
        until = (from_text(text(row, "at")) - world.moment).total_seconds() if row and row["at"] else 0.0
        world.forward(max(until, self._rest(world) if state.idle else _TICK))

    def _rest(self, world: World) -> float:
        """Return how long nothing will happen: until our account may speak again."""
        rests = [from_text(text(row, "until")) for row in self._store.read().all("SELECT until FROM switches WHERE until IS NOT NULL")]
        return min(((one - world.moment).total_seconds() for one in rests if one > world.moment), default=_IDLE_TICK)

    async def _round(self, world: World, network: Network, *, died: bool) -> None:
        setting = self._setting
        keys = setting.keys
        kind = replace(setting.kind, settle_after=keys.settle_after, key_lifetime=keys.lifetime)
        channels, kinds = {network.network: network}, {network.network: kind}
        sender, other = (setting.sender(self._store, world.clock, channels, kinds) for _ in range(2))
        network.while_stalled = other.round
        if died:
            await sender.recover()
        await sender.round()

    def _after(self, state: State, world: World, network: Network) -> State | Ending:
        path = (*state.path, *(one.index for one in world.choices.taken))
        rows, saved = self._store.read().all("SELECT * FROM deliveries ORDER BY id"), self._store.save()
        self._tell(f"{world.moment:%H:%M:%S} " + ", ".join(f"{row['kind']} is {row['state']} ({row['reason']})" for row in rows))
        copies = tuple(network.copies)
        final = all(row["state"] in FINAL for row in rows) and not world.dead
        if final or (world.moment > world.calm + HONEST_FOR and not world.dead):
            return _ending(rows, copies, path, must_be_told=self._must_be_told(world))
        seen = _seen(saved)
        idle = seen == state.seen
        return State(saved, seen, copies, world.moment, world.calm, world.budget, world.dead, idle, path)

    def _must_be_told(self, world: World) -> bool:
        """Return whether a network with keys must have told us the end by now: every look worked, and nobody was away for long."""
        looked = world.budget.blinks == self._blinks
        return self._setting.keys.trusted and looked and world.moment - self._setting.begins < _A_YES_HOLDS


def _seen(rows: Rows) -> str:
    """Return a digest of all that the sender may read. The audit log is left out: nothing is decided by it."""
    digest = hashlib.blake2b()
    for table, held in rows.items():
        if table != "audit":
            digest.update(repr(held).encode())
    return digest.hexdigest()


def _ending(rows: list[Row], copies: tuple[Copy, ...], path: tuple[int, ...], *, must_be_told: bool) -> Ending:
    there = Counter((one.parent, one.kind) for one in copies)
    unfinished = any(row["state"] not in FINAL for row in rows)
    wrong = "; ".join(filter(None, (_wrong(row, copies, must_be_told=must_be_told) for row in rows)))
    return Ending(doubled=any(many > 1 for many in there.values()), unfinished=unfinished, wrong=wrong, path=path)


def _wrong(row: Row, copies: tuple[Copy, ...], *, must_be_told: bool) -> str:
    """Say what a final state says that is not so, or ""."""
    state, mine = text(row, "state"), {one.id for one in copies if (one.parent, one.kind) == (row["parent_id"], row["kind"])}
    if state == "sent" and not row["remote_id"]:
        return "sent without the network's id"
    if state == "sent" and row["remote_id"] not in mine:
        return "sent, and it is not there"
    if state in {"refused", "held"} and mine:
        return f"{state}, and it is there"
    refused = REFUSAL in text(row, "reason")  # which says nothing of the attempt before it, so a person must look
    return "parked, though the network has keys" if state == "parked" and must_be_told and not refused else ""


@dataclass
class Report:
    """What was found. `scenarios` are whole histories, `rounds` the rounds that were run for them."""

    scenarios: int = 0
    rounds: int = 0
    doubled: int = 0
    unfinished: int = 0
    wrong: int = 0
    bad: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)


@dataclass(slots=True)
class _Node:
    state: State
    onward: list[_Node | Ending] = field(default_factory=list)
    totals: Counter[str] | None = None


def explore(lives: Lives, budget: Budget, *, merge: bool = True) -> Report:
    """Run every history that `budget` allows."""
    report = Report()
    start = _Node(lives.begin(budget))
    known: dict[object, _Node] = {start.state.key: start}
    waiting = [start]
    while waiting:
        node = waiting.pop()
        for choices in all_of():
            found = lives.step(node.state, choices)
            report.rounds += 1
            if isinstance(found, Ending):
                node.onward.append(found)
                _keep(report, found)
                continue
            onward = known.get(found.key) if merge else None
            if onward is None:
                onward = known[found.key] = _Node(found)
                waiting.append(onward)
            node.onward.append(onward)
        node.state = replace(node.state, rows={}, path=())  # it may be one of very many
    _count(start, report)
    return report


def _keep(report: Report, ending: Ending) -> None:
    if ending.bad and all(why != ending.bad for why, _ in report.bad):
        report.bad.append((ending.bad, ending.path))


def _count(start: _Node, report: Report) -> None:
    """Count whole histories: those of a state are those of all that may come after it."""
    stack = [start]
    while stack:
        node = stack[-1]
        missing = [one for one in node.onward if isinstance(one, _Node) and one.totals is None]
        if missing:
            stack += missing
            continue
        stack.pop()
        if node.totals is None:
            node.totals = sum((_totals(one) for one in node.onward), Counter())
    totals = start.totals or Counter()
    report.scenarios, report.doubled = totals["scenarios"], totals["doubled"]
    report.unfinished, report.wrong = totals["unfinished"], totals["wrong"]


def _totals(one: _Node | Ending) -> Counter[str]:
    if isinstance(one, Ending):
        return Counter(scenarios=1, doubled=int(one.doubled), unfinished=int(one.unfinished), wrong=int(bool(one.wrong)))
    return one.totals or Counter()


def replay(lives: Lives, budget: Budget, wanted: list[int]) -> Iterator[str]:
    """Run one history again and tell what was chosen."""
    found: State | Ending = lives.begin(budget)
    while isinstance(found, State):
        choices = Choices(wanted)
        found = lives.step(found, choices)
        wanted = wanted[len(choices.taken) :]
        for one in choices.taken:
            yield f"  {one.where}: {one.option}"
    yield found.bad or "well"
