"""What tests of brakes do over and over: let people say something, look whether sending is paused, and resume."""

from __future__ import annotations

from responders import brakes
from responders.ledger import people
from responders.switch import Switch
from tests.mouth import US, House

ANGRY = "@acme this is terrible, the worst service I ever had, I hate it"


def pause(house: House) -> str:
    """Return why a brake paused sending, or ""."""
    found = people.paused(house.store.read(), at=house.clock())
    assert found is None or (found.by, found.until) == ("brake", None)
    return found.reason if found else ""


def told(house: House) -> list[str]:
    return [str(row["name"]) for row in house.rows("SELECT name FROM incidents ORDER BY id")]


def resume(house: House) -> None:
    Switch(house.store, house.clock, who="kim").resume()


def check(house: House) -> str:
    return house.store.write(lambda tx: brakes.check(tx, house.book, at=house.clock()))


async def say(house: House, *words: str, name: str = "p", age: float = 5.0, **more: object) -> None:
    """Let one stranger after the other say something, and decide it."""
    posts = [house.post(f"{name}{place}", text, by=f"{name}{place}", age=age, **more) for place, text in enumerate(words)]
    await house.hear(*posts)
    await house.think()


async def reply(house: House, to: str, name: str, words: str = ANGRY) -> None:
    """Let the author of a post answer what we said to it."""
    ours = next(house.mouth.remote_id(one) for one in house.mouth.published if one.parent.id == to)
    await house.hear(house.post(name, words, by=name, thread=to, age=1, parent_id=ours, parent_author_id=US.id))
    await house.think()
