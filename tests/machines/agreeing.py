"""Stories of machines that must agree: on the version of the program, on the rules, and on a pause."""

from __future__ import annotations

import asyncio
import random
import time

from tests.machines.fleet import ALONE, RULES, Fleet, Machine, fleet, of, until
from tests.machines.judging import Verdict, judge
from tests.machines.newer import NEWER, STEP
from tests.machines.sending import at_work, begin, published, senders, settled

_A_SECOND = 1.0
_SLOW = 1.5  # seconds that a POST takes
_LATER = 3  # replies that are approved during a pause
_QUIET = 2.0  # seconds in which nothing must happen
_LONG_TURN = 15.0  # seconds, as usual: enough for a command to start while somebody sleeps
_KEEPS = """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND objid = 1 AND mode = 'ExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""Who keeps the lock that all writers of this database wait for."""
_SPARE = {"templates": {**RULES["templates"], "spare": "Something else. ^{agent}"}}  # type: ignore[dict-item]  # it is a mapping


async def versions(*, replies: int) -> Verdict:
    """Let a newer program change the tables while an older one sends: that goes on to its end, and does not start again."""
    async with fleet() as made:
        await made.prepare(replies)
        old, new = made.machine("old"), made.machine("new", program="tests.machines.newer")
        old.start("--only", "send")
        await published(made, 1)
        await begin(made, new, "listen")
        before, made.answering = await made.published(), NEWER
        await made.prepare(replies, prefix="later")
        await settled(made)
        found = await judge(made, 2 * replies, keys=True, ended=[old, new])
        found.demand("the newer one has changed the tables", true=not made.rows("SELECT 1 FROM tomorrow"))
        found.demand(f"the older one goes on ({before} were there when they changed)", true=before < 2 * replies)
        for command in (("run", "--only", "send"), ("status",)):
            code, said = await old.run(*command)
            found.demand(f"the older {command[0]} refuses, in words: {code} {said}", true=bool(code) and _in_words(said))
        return found


def _in_words(said: str) -> bool:
    return "newer Earnest" in said and STEP in said and "Traceback" not in said


async def rules() -> Verdict:
    """Give two machines different rules: what would leave by itself waits, people are told, and it goes on when they agree."""
    async with fleet(**ALONE) as made:
        one, two, desk = made.machine("one"), made.machine("two", **_SPARE), made.machine("desk")
        made.store().close()  # the tables are made
        for machine in (one, two):
            await begin(made, machine, "send")
        found = Verdict()
        await made.prepare(2, alone=True, prefix="alone")
        await made.prepare(3, prefix="person")
        await published(made, 3)
        _, said = await desk.run("status")
        found.demand(f"status says that they differ: {said}", true="different rules" in said)
        told = "SELECT words FROM incidents WHERE name = 'rules_differ' AND ended_at IS NULL"
        await until(lambda: bool(made.rows(told)), "people are told")
        there = sorted(copy["parent"] for copy in (await made.square("/witness"))["copies"])
        found.demand(f"what a person approved left, and nothing by itself: {there}", true=there == [f"person{n}" for n in (1, 2, 3)])
        made.write_rules(two)
        await settled(made)
        await until(lambda: not made.rows(told), "it is over")
        _, said = await desk.run("status")
        found.demand(f"status says it no more: {said}", true="different rules" not in said)
        last = await judge(made, 5, keys=True, ended=[one, two])
        return last.with_(found)


async def pause(*, replies: int, times: int, seed: int) -> Verdict:
    """Pause from another machine at random moments: no POST begins a second later, on any; and that outlives a restart of all."""
    chance = random.Random(seed)  # noqa: S311  # it must be possible to run it again
    async with fleet() as made:
        await made.square("/control", odds={"slow": 1.0}, slow=_SLOW)  # else all is sent before a command has started
        await made.prepare(replies)
        desk = made.machine("desk")
        machines = senders(made, 3)
        found = Verdict()
        for number in range(times):
            if number:
                await made.prepare(replies, prefix=f"p{number}-")
            await published(made, number * (replies + _LATER) + chance.randint(1, replies // 2))
            await _stop(made, desk, found)
            await made.prepare(_LATER, prefix=f"later{number}-")
            if not number:
                await _restart(made, machines, found)
            code, said = await desk.run("resume")
            found.demand(f"resume works: {said}", true=not code)
            await settled(made)
        last = await judge(made, times * (replies + _LATER), keys=True, ended=machines)
        return last.with_(found)


async def pause_past_a_sleeper() -> Verdict:
    """Pause while a sender sleeps in the middle of a write, with the lock that all writers wait for: the pause waits for nobody."""
    replies = 24
    async with fleet(turn=_LONG_TURN) as made:
        await made.square("/control", odds={"slow": 1.0}, slow=_SLOW)  # else the other has sent all before this one has claimed any
        await made.prepare(replies)
        desk, asleep, other = made.machine("desk"), made.machine("asleep", program="tests.machines.drowsy"), made.machine("other")
        await desk.run("pause", "--reason", "until all are there")
        made.nap(asleep, "sleep-in-claim")
        for one in (other, asleep):
            await begin(made, one, "send")
        await desk.run("resume")
        await until(lambda: asleep.stopped, "it falls asleep in the middle of a claim")
        (keeper,) = of(made.rows(_KEEPS), "pid")
        found = Verdict()
        stopping = asyncio.create_task(desk.run("pause", "--reason", "a storm"))
        await until(lambda: bool(made.rows("SELECT 1 FROM switches WHERE name = 'pause'")), "the pause is in the store")
        found.demand("a pause is there while the sleeper still keeps all writers waiting", true=keeper in of(made.rows(_KEEPS), "pid"))
        paused = time.time()
        there = "SELECT 1 FROM pg_stat_activity WHERE pid = %(keeper)s::int"
        await until(lambda: not made.rows(there, keeper=str(keeper)), "the server drops the sleeper")
        found.demand("it sleeps still", true=asleep.stopped)
        code, said = await stopping
        found.demand(f"pause works, and the log has a line of it: {said}", true=not code and "no line" not in said)
        await _quiet(made, paused, found)
        await desk.run("resume")
        asleep.wake()
        await settled(made)
        await at_work(made, asleep)
        last = await judge(made, replies, keys=True, ended=[asleep, other])
        return last.with_(found)


async def _stop(made: Fleet, desk: Machine, found: Verdict) -> None:
    """Pause, and see that no POST begins any more."""
    code, said = await desk.run("pause", "--reason", "a storm")
    paused = time.time()
    found.demand(f"pause works: {said}", true=not code)
    await _quiet(made, paused, found)


async def _quiet(made: Fleet, paused: float, found: Verdict) -> None:
    """See that no POST begins later than a second after the pause."""
    await asyncio.sleep(_A_SECOND + _QUIET)
    late = [round(moment - paused, 1) for moment in (await made.square("/witness"))["begun"] if moment > paused + _A_SECOND]
    switches = of(made.rows("SELECT reason FROM switches"), "reason")
    found.demand(f"no POST begins a second after the pause ({switches}): {late}", true=not late)


async def _restart(made: Fleet, machines: list[Machine], found: Verdict) -> None:
    """Start all senders again, and see that they keep quiet."""
    before = await made.published()
    for one in machines:
        await one.stop()
        one.start("--only", "send")
    for one in machines:
        await at_work(made, one)
    await asyncio.sleep(_QUIET)
    found.demand("a pause outlives a restart of all", true=await made.published() == before)
    found.demand("some reply still waits", true=bool({"ready"} & set(made.states())))
