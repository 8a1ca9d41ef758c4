"""A Mastodon server and an alert service on loopback for the bench: posts come at a rate, or all at once, and rings are noted.

It is a process of its own, so that what is measured is the daemon alone. `python bench/town.py --posts N --rate R --cries K` prints its
port. GET /go lets the posts begin; without a rate all of them are there at once. GET /rings tells which alerts came, and when.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from datetime import UTC, datetime
from itertools import islice

import workload
from aiohttp import web

FIRST = 113_000_000_000_000_000


class Town:
    """The posts of a hashtag, written as time goes on."""

    def __init__(self, posts: int, rate: float, cries: int) -> None:
        """Make up `posts` posts, `rate` a second (0: all at once), one in `cries` of them a cry for help."""
        self._texts = list(islice(workload.texts(cries=cries), posts))
        self._rate = rate
        self._began: float | None = None
        self._rings: list[dict[str, object]] = []

    def _there(self) -> int:
        """Return how many posts were written by now."""
        if self._began is None:
            return 0
        return len(self._texts) if not self._rate else min(len(self._texts), int((time.time() - self._began) * self._rate))

    def _moment(self, number: int) -> datetime:
        after = number / self._rate if self._rate else 0.0
        return datetime.fromtimestamp((self._began or 0.0) + after, UTC)

    async def timeline(self, request: web.Request) -> web.Response:
        """Answer as the timeline of a hashtag does: `min_id` is the page just after a post, else the newest page; newest first."""
        there = self._there()
        limit = min(int(request.query.get("limit", "20")), 40)
        low = int(request.query.get("min_id", request.query.get("since_id", "0"))) - FIRST
        high = int(request.query.get("max_id", FIRST + there + 1)) - FIRST
        first, last = max(low + 1, 1), min(high - 1, there)
        if "min_id" in request.query:
            last = min(last, first + limit - 1)
        else:
            first = max(first, last - limit + 1)
        rows = [self._status(number) for number in range(last, first - 1, -1)]
        return web.Response(text=json.dumps(rows, ensure_ascii=False), content_type="application/json")

    def _status(self, number: int) -> dict[str, object]:
        text, language, _ = self._texts[number - 1]
        found = workload.status(number, f"{text} #acme", language, self._moment(number))
        return {**found, "tags": [{"name": "acme", "url": "https://town.example/tags/acme"}]}

    async def go(self, _request: web.Request) -> web.Response:
        """Let the posts begin."""
        self._began = time.time()
        return web.json_response({"began": self._began})

    async def ring(self, request: web.Request) -> web.Response:
        """Take an alert."""
        told = await request.json()
        self._rings.append({"at": time.time(), "words": str(told.get("message", ""))})
        return web.Response()

    async def rings(self, _request: web.Request) -> web.Response:
        """Tell which alerts came."""
        return web.json_response(self._rings)


async def serve(town: Town) -> None:
    """Listen on a free port until somebody ends this process."""
    app = web.Application()
    app.router.add_get("/api/v1/timelines/tag/{tag}", town.timeline)
    app.router.add_get("/go", town.go)
    app.router.add_get("/rings", town.rings)
    app.router.add_post("/ring", town.ring)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve."""
    arguments = argparse.ArgumentParser(description="A Mastodon server on loopback for the bench.")
    arguments.add_argument("--posts", type=int, default=1_000)
    arguments.add_argument("--rate", type=float, default=0.0)
    arguments.add_argument("--cries", type=int, default=0)
    given = arguments.parse_args()
    asyncio.run(serve(Town(given.posts, given.rate, given.cries)))


if __name__ == "__main__":
    main()
