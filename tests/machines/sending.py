"""Stories of senders: killed while they work, with a database that stops, and cut off from it, or from the network, after a POST."""

from __future__ import annotations

import asyncio
import random

from tests.machines.fleet import CLAIM, Fleet, Machine, fleet, until
from tests.machines.judging import Verdict, judge
from tests.machines.servers import own
from tests.machines.wire import Wire

ODDS = {"504": 0.01, "reset": 0.01, "hidden": 0.01, "slow": 0.05, "refuse": 0.005}
"""How the square ends writes while something else goes wrong, too."""

_SETTLED = {"sent", "parked", "refused", "held"}
_LONGEST = 900.0


def senders(of: Fleet, number: int, program: str = "responders") -> list[Machine]:
    """Make machines that send, and start them."""
    made = [of.machine(f"sender-{index + 1}", program=program) for index in range(number)]
    for one in made:
        one.start("--only", "send")
    return made


async def settled(of: Fleet) -> None:
    """Wait until every delivery has come to its end, or to where it waits for a person."""
    await until(lambda: set(of.states()) <= _SETTLED, "every reply comes to its end", patience=_LONGEST)


async def at_work(of: Fleet, machine: Machine) -> None:
    """Wait until a machine has said that it is there, after this moment, by the database's clock."""
    assert machine.process
    (now,) = of.rows("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at")
    mark = f"%/{machine.process.pid}/%"
    seen = "SELECT 1 FROM machines WHERE name LIKE %(mark)s AND seen_at > %(at)s"
    await until(lambda: bool(of.rows(seen, mark=mark, at=now["at"])), f"{machine.name} is at work")


async def begin(of: Fleet, machine: Machine, role: str) -> None:
    """Start a machine as a service manager does: again, where the store was locked just then."""
    while not machine.alive or not _is_there(of, machine):
        if not machine.alive:
            machine.start("--only", role)
        await asyncio.sleep(0.1)


def _is_there(of: Fleet, machine: Machine) -> bool:
    assert machine.process
    return bool(of.rows("SELECT 1 FROM machines WHERE name LIKE %(mark)s", mark=f"%/{machine.process.pid}/%"))


async def _one_at_work(of: Fleet, machines: list[Machine], chance: random.Random) -> Machine:
    """Choose one that has begun to work, since one that is only just starting has nothing to lose."""
    await until(lambda: any(_is_there(of, one) for one in machines), "somebody is at work")
    return chance.choice([one for one in machines if _is_there(of, one)])


async def published(of: Fleet, number: int) -> None:
    """Wait until so many answers are there."""

    async def enough() -> bool:
        return await of.published() >= number

    await until(enough, f"{number} answers are there", patience=_LONGEST)


async def kills(*, replies: int, times: int, seed: int, keys: bool = True, program: str = "responders", **square: object) -> Verdict:
    """Kill one of three senders at random moments while they work, and start it again; `square` says more of how the network behaves."""
    chance = random.Random(seed)  # noqa: S311  # it must be possible to run it again
    async with fleet() as made:
        await made.prepare(replies)
        await made.square("/control", **{"keys": keys, "odds": ODDS, "seed": seed, **square})
        machines = senders(made, 3, program)
        for moment in sorted(chance.sample(range(1, max(2, replies * 9 // 10)), times)):
            await published(made, moment)
            await asyncio.sleep(chance.uniform(0, 0.05))
            victim = await _one_at_work(made, machines, chance)
            victim.kill()
            victim.start("--only", "send")
        await settled(made)
        return await judge(made, replies, keys=keys, ended=machines)


async def database(*, replies: int, times: int, seed: int, keys: bool = False) -> Verdict:
    """Stop the database in order, or kill it, while three senders work, and start it again a while later."""
    chance = random.Random(seed)  # noqa: S311  # it must be possible to run it again
    with own() as server:
        async with fleet(server) as made:
            await made.prepare(replies)
            await made.square("/control", keys=keys, odds=ODDS, seed=seed)
            desk = made.machine("desk")
            await desk.run("pause", "--reason", "until all are there")
            machines = senders(made, 3)
            for one in machines:
                await begin(made, one, "send")
            await desk.run("resume")
            moments = sorted(chance.sample(range(1, max(2, replies * 9 // 10)), times))
            for number, moment in enumerate(moments):
                await published(made, moment)
                await asyncio.sleep(chance.uniform(0, 0.05))
                (server.kill if number % 2 else server.stop)()
                await asyncio.sleep(chance.uniform(0, 3))
                server.start()
            await settled(made)
            said = [one for one in machines if "cannot be used" in one.said]
            found = await judge(made, replies, keys=keys, ended=machines)
            found.demand("a machine says that the database is away", true=bool(said))
            return found


async def cut_from_database(*, seed: int, keys: bool, holds: bool) -> Verdict:
    """Cut a sender off from the database just after a POST, have another take over, and let the first come back late."""
    replies, more = 12, 5
    async with fleet() as made, Wire(made.server.port, holds=holds) as wire:
        await made.prepare(replies)
        await made.square("/control", keys=keys, odds={"slow": 1.0}, slow=0.5, seed=seed)
        first = made.machine("first", port=wire.here)
        first.start("--only", "send")
        await begun(made, 1)
        wire.cut()
        second = made.machine("second")
        second.start("--only", "send")
        await settled(made)
        wire.mend()
        await at_work(made, first)
        second.kill()
        await made.prepare(more, prefix="later")
        await settled(made)
        found = await judge(made, replies + more, keys=keys, ended=[first])
        found.demand("what the network shows is not parked", true=not found.parked_there)
        return found


async def cut_from_network(*, seed: int, keys: bool) -> Verdict:
    """Cut a sender off from the network just after a POST has reached it, and have another look there by its own way."""
    replies = 12
    async with fleet() as made, Wire(made.port) as wire:
        await made.prepare(replies)
        await made.square("/control", keys=keys, odds={"slow": 1.0}, slow=0.5, seed=seed)
        first = made.machine("first", service=f"127.0.0.1:{wire.here}")
        first.start("--only", "send")
        await begun(made, 1)
        wire.cut()
        second = made.machine("second", service="")
        second.start("--only", "send")
        await until(lambda: _looked_in_vain(made) or set(made.states()) <= _SETTLED, "who is cut off looks in vain")
        first.sleep()  # else it puts off, again and again, what the other could look for
        await settled(made)
        first.wake()
        wire.mend()
        await at_work(made, first)
        found = await judge(made, replies, keys=keys, ended=[first, second])
        found.demand("what the network shows is not parked", true=not found.parked_there)
        return found


def _looked_in_vain(of: Fleet) -> bool:
    """Return whether a look has failed: for what is in doubt, or before a first try."""
    doubt, first = "state = 'unknown' AND reason LIKE 'the look failed%'", "state = 'ready' AND attempts = 0 AND reason <> ''"
    return bool(of.rows(f"SELECT 1 FROM deliveries WHERE ({doubt}) OR ({first})"))


async def begun(of: Fleet, number: int) -> None:
    """Wait until so many POSTs have reached the square."""

    async def enough() -> bool:
        return int((await of.square("/witness?count"))["begun"]) >= number

    await until(enough, f"{number} POSTs begin")


async def sleeper(*, keys: bool) -> Verdict:
    """Put a sender to sleep between its claim and its POST for three claims, while another works: it must not post when it wakes."""
    replies = 1
    async with fleet() as made:
        await made.prepare(replies)
        await made.square("/control", keys=keys)
        first, second = made.machine("first"), made.machine("second")
        made.nap(first, "sleep-before-post")
        first.start("--only", "send")
        await until(lambda: first.stopped, "it claims, and falls asleep")
        await begin(made, second, "send")
        await asyncio.sleep(3 * CLAIM)
        await settled(made)
        before = len((await made.square("/witness"))["begun"])
        first.wake()
        await at_work(made, first)
        after = len((await made.square("/witness"))["begun"])
        found = await judge(made, replies, keys=keys, ended=[first, second])
        found.demand(f"who wakes late keeps quiet ({before} POSTs before, {after} after)", true=before == after)
        found.demand("only a keyed network takes it a second time", true=before == int(keys))
        return found


async def naps(*, replies: int, times: int, seed: int, keys: bool) -> Verdict:
    """Put senders to sleep at random moments, wherever they are just then, for up to two claims, while others work."""
    chance = random.Random(seed)  # noqa: S311  # it must be possible to run it again
    async with fleet() as made:
        await made.prepare(replies)
        await made.square("/control", keys=keys, odds=ODDS, seed=seed)
        machines = senders(made, 3)
        for moment in sorted(chance.sample(range(1, max(2, replies * 9 // 10)), times)):
            await published(made, moment)
            await asyncio.sleep(chance.uniform(0, 0.05))
            victim = chance.choice(machines)
            victim.sleep()
            await asyncio.sleep(chance.uniform(0, 2 * CLAIM))
            victim.wake()
        await settled(made)
        return await judge(made, replies, keys=keys, ended=machines)
