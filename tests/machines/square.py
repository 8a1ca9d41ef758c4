"""A network in a process of its own, over HTTP on loopback: it keeps what is published, misbehaves as it is told, and is the one witness.

python -m tests.machines.square    its port is the first line on stdout

A post exists as soon as somebody asks for it: its words and author follow from its id, so nothing has to be put here first. An answer is
stored under the post it answers, by whom, with its key, as often as it was taken. Whoever looks sees only what shows by then.
"""

from __future__ import annotations

import asyncio
import ctypes
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from aiohttp import web

US = {"id": "us", "handle": "acme"}
MOODS = ("504", "reset", "hang", "refuse", "busy", "slow", "hidden")
"""What may happen to a write besides being taken: stored and answered 504, stored and reset, stored and never answered; refused before it
is stored, told to wait; stored late, or stored and invisible for a while."""

_LONG = 3_600.0
_PAGE = 40
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Copy:
    """One answer that is published; `begun` is when its request came in, by this machine's clock."""

    id: str
    author: str
    parent: str
    key: str
    text: str
    begun: float
    shown: float


@dataclass
class Square:
    """All that is published, and how the next writes end: `odds` are the shares of the moods, `keys` says whether keys count.

    `slow` and `hidden` are the seconds of those moods; for `veil` seconds nothing shows that was taken, whatever its mood.
    """

    keys: bool = True
    odds: dict[str, float] = field(default_factory=dict)
    slow: float = 0.05
    hidden: float = 1.0
    veil: float = 0.0
    announced: int = 0
    copies: list[Copy] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    by_key: dict[str, Copy] = field(default_factory=dict)
    below: dict[str, list[Copy]] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))
    chance: random.Random = field(default_factory=random.Random)

    def take(self, asked: dict[str, str], begun: float, *, hidden: float = 0.0) -> Copy:
        """Publish an answer; where keys count, one that is known by its key already is the same."""
        if self.keys and asked["key"] in self.by_key:
            return self.by_key[asked["key"]]
        made = Copy(
            f"r{next(self.numbers)}",
            asked["author"],
            asked["parent"],
            asked["key"],
            asked["text"],
            begun,
            time.monotonic() + max(hidden, self.veil),
        )
        self.copies.append(made)
        self.by_key[made.key] = made
        self.below.setdefault(made.parent, []).append(made)
        return made

    def seen(self, parent: str) -> list[Copy]:
        """Return what shows under a post by now."""
        return [one for one in self.below.get(parent, []) if one.shown <= time.monotonic()]

    def mood(self) -> str:
        """Choose how a write ends; "" is well."""
        point = self.chance.random()
        for name, share in self.odds.items():
            point -= share
            if point < 0:
                return name
        return ""


def words_of(post: str) -> str:
    """Return what a post says."""
    return f"@acme hello there, one thing about order {post}"


def author_of(post: str) -> str:
    """Return who wrote a post."""
    return f"by-{post}"


def _post(name: str) -> dict[str, str]:
    return {"id": name, "text": words_of(name), "author": author_of(name)}


class Door:
    """What the square answers to requests."""

    def __init__(self, square: Square) -> None:
        self.square = square

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response({**US, "keys": self.square.keys})

    async def post(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        return web.json_response({**_post(name), "ours": [one.id for one in self.square.seen(name)]})

    async def posts(self, request: web.Request) -> web.Response:
        since = int(request.query["since"])
        numbers = range(since + 1, min(self.square.announced, since + _PAGE) + 1)
        new = [_post(f"m{number}") for number in numbers]
        return web.json_response({"posts": new, "next": since + len(new), "more": since + len(new) < self.square.announced})

    async def find(self, request: web.Request) -> web.Response:
        asked = request.query
        found = [one.id for one in self.square.seen(asked["parent"]) if one.text == asked["text"]]
        return web.json_response({"id": found[0] if found else None})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        begun = time.time()
        self.square.begun.append(begun)
        asked = await request.json()
        mood = self.square.mood()
        if mood == "refuse":
            return web.json_response({"error": "we do not take that"}, status=422)
        if mood == "busy":
            return web.json_response({"error": "wait"}, status=429, headers={"Retry-After": "1"})
        if mood == "slow":
            await asyncio.sleep(self.square.slow)
        copy = self.square.take(asked, begun, hidden=self.square.hidden if mood == "hidden" else 0.0)
        if mood in {"504", "hidden"}:
            return web.Response(status=504, text="<html>gateway time-out</html>")
        if mood == "reset" and request.transport:
            request.transport.abort()
        if mood == "hang":
            await asyncio.sleep(_LONG)
        return web.json_response({"id": copy.id})

    async def control(self, request: web.Request) -> web.Response:
        """Be told how to behave, by the names of `Square`."""
        for name, value in (await request.json()).items():
            if name == "seed":
                self.square.chance.seed(value)
            else:
                setattr(self.square, name, value)
        return web.json_response({})

    async def witness(self, request: web.Request) -> web.Response:
        """Tell all that is published, and when each POST came in; or how many of each."""
        square = self.square
        if "count" in request.query:
            return web.json_response({"copies": len(square.copies), "begun": len(square.begun)})
        return web.json_response({"copies": [asdict(one) for one in square.copies], "begun": square.begun})


async def serve(said: Callable[[int], Any]) -> None:
    """Stand until the process ends; `said` is told the port."""
    door = Door(Square())
    app = web.Application()
    app.router.add_get("/me", door.me)
    app.router.add_get("/posts", door.posts)
    app.router.add_get("/posts/{id}", door.post)
    app.router.add_get("/answers", door.find)
    app.router.add_post("/answers", door.answer)
    app.router.add_post("/control", door.control)
    app.router.add_get("/witness", door.witness)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (port,) = (where[1] for where in runner.addresses)
    said(port)
    await asyncio.Event().wait()


def main() -> None:
    """Say the port, and serve."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # end with whoever started it (prctl(2), PR_SET_PDEATHSIG)

    def say(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    asyncio.run(serve(say))


if __name__ == "__main__":
    main()
