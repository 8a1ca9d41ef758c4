"""What tests of the ladder do over and over: drafts of one route, decided by people on several days, and what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from responders import lowering
from responders.dispatch import Dispatch
from responders.house import channel_kind
from responders.rungs import Standing, standings
from tests.mouth import House

CALM = "@acme hello there, one more thing"
OPEN = {"limits": {"per_thread": 10_000, "per_author": 10_000, "per_hour": 10_000}, "pause_when": []}
ASKING = {"name": "all", "when": "always", "reply": "hello"}
ALONE = {**ASKING, "approval": "none"}
PEOPLE = ("jo", "kim")
SMALL = {"decisions": 12, "unchanged": 0.8}
"""A ladder whose rungs lie closer together, so that a test need not climb fifty of them."""


def house(folder: Path, *routes: dict[str, object], **changes: object) -> House:
    """Return a house in which only the ladder holds anything back; its route asks a person unless said otherwise."""
    folder.mkdir(exist_ok=True)
    return House(folder, **{"boundaries": OPEN, "routes": list(routes or (ASKING,)), "mode": "send", "ladder": SMALL, **changes})


async def draft(here: House, name: str, words: str = CALM, *, age: float = 1) -> str:
    """Let a stranger write, and return the case with the draft that was made."""
    await here.hear(here.post(name, words, by=name, age=age))
    (noted,) = await here.think()
    return noted.case


async def approved(here: House, many: int, *, people: Sequence[str] = PEOPLE, a_day: int = 9, name: str = "p") -> list[str]:
    """Let people approve drafts as they are, in turn, so many a day; return the cases."""
    cases = []
    for number in range(many):
        if number and number % a_day == 0:
            here.clock.forward(days=1)
        cases.append(await draft(here, f"{name}{number}"))
        here.desk(people[number % len(people)]).approve(cases[-1])
    return cases


def dispatch(here: House, who: str = "jo") -> Dispatch:
    return Dispatch(here.store, here.clock, channel_kind, who=who)


def standing(here: House, name: str = "all") -> Standing:
    """Return how one route stands now."""
    return next(one for one in standings(here.store.read(), here.book, at=here.clock()) if one.route.name == name)


def words(here: House, name: str = "all") -> str:
    return standing(here, name).judged.words


def check(here: House) -> tuple[str, ...]:
    return here.store.write(lambda tx: lowering.check(tx, here.book, at=here.clock()))


def down(here: House) -> list[str]:
    return [str(row["route"]) for row in here.rows("SELECT route FROM lowered WHERE restored_at IS NULL ORDER BY id")]


async def gates(here: House, name: str) -> list[str]:
    """Return what holds the answer to a new stranger back."""
    await here.hear(here.post(name, CALM, by=name, age=1))
    (noted,) = await here.think()
    return [hold.gate for hold in noted.decision.holds]
