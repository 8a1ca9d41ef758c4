"""A story of listeners: one is put to sleep between reading a page and storing it, and another hears meanwhile."""

from __future__ import annotations

import asyncio

from tests.machines.fleet import TURN, Fleet, fleet, of, until
from tests.machines.judging import Verdict
from tests.machines.sending import at_work, begin

_PAGES = 100  # posts; several pages


async def _heard(made: Fleet, number: int) -> None:
    await until(lambda: len(made.rows("SELECT 1 FROM mentions")) >= number, f"{number} mentions are heard")


async def sleeper() -> Verdict:
    """Put a listener to sleep in the middle of a page for three turns: what it stores late is nothing, and nothing is lost by it."""
    async with fleet() as made:
        first, second = made.machine("first"), made.machine("second")
        made.nap(first, "sleep-after-page")
        await made.square("/control", announced=_PAGES)
        first.start("--only", "listen")
        await until(lambda: first.stopped, "it reads a page, and falls asleep")
        await begin(made, second, "listen")
        await _heard(made, _PAGES)
        await asyncio.sleep(3 * TURN)
        await made.square("/control", announced=_PAGES + 10)
        await _heard(made, _PAGES + 10)
        first.wake()
        await at_work(made, first)
        codes = [await second.stop()]
        await made.square("/control", announced=_PAGES + 20)
        await _heard(made, _PAGES + 20)
        codes.append(await first.stop())
        return _judge(made, _PAGES + 20, codes)


def _judge(made: Fleet, announced: int, codes: list[int]) -> Verdict:
    found = Verdict(announced)
    posts = of(made.rows("SELECT id FROM posts"), "id")
    wanted = {f"m{number}" for number in range(1, announced + 1)}
    found.doubled = len(posts) - len(set(posts))
    found.demand(f"what was said is stored: {len(wanted - set(posts))} are missing", true=set(posts) == wanted)
    mentions = of(made.rows("SELECT post_id FROM mentions"), "post_id")
    found.demand("each is one mention", true=sorted(mentions) == sorted(wanted))
    judged = of(made.rows("SELECT post_id FROM assessments"), "post_id")
    found.demand("each is judged once", true=sorted(judged) == sorted(wanted))
    cursors = of(made.rows("SELECT cursor FROM cursors"), "cursor")
    found.demand(f"the cursor stands at the end: {cursors}", true=cursors == [str(announced)])
    found.demand("no gap is told of", true=not made.rows("SELECT 1 FROM gaps"))
    found.demand(f"both live on, and end in order: {codes}", true=not any(codes))
    for line in made.rough():
        found.note(f"not for people: {line[:4_000]}")
    return found
