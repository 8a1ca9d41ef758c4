"""Hacker News' search on loopback, as far as Earnest asks it: newest first, at most a thousand, and only by parameters it knows.

`unseen` are items that the search does not bring yet, `gone` such that are deleted, `dead` such that
are told without words. `ledger` is everything that was ever said, in order.
"""

from __future__ import annotations

import html
import re
import time
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from tests.servers.search_words import on_hackernews

_KNOWN = {"query", "tags", "numericFilters", "hitsPerPage", "page", "advancedSyntax", "typoTolerance"}
_BOUND = re.compile(r"created_at_i(>=|<=|>|<)(\d+)")
_MOST = 1000


@dataclass
class Item:
    """A story (with a title) or a comment (with a parent)."""

    id: int
    author: str
    text: str
    at: int
    title: str | None = None
    parent: int | None = None
    story: int | None = None


@dataclass
class FakeHackerNews:
    ledger: list[Item] = field(default_factory=list)
    unseen: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    url: str = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/api/v1/search_by_date", self._search)
        app.router.add_get("/api/v1/items/{id}", self._one)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def say(self, author: str, text: str, *, title: str | None = None, under: Item | None = None, ago: float = 0) -> Item:
        number = 40_000_000 + len(self.ledger)
        item = Item(number, author, text, int(time.time() - ago), title, under.id if under else None)
        item.story = (under.story or under.id) if under else (None if title is not None else 39_999_999)
        if title is None and under is None:
            item.parent = 39_999_999
        self.ledger.append(item)
        return item

    def _shown(self, item: Item) -> dict[str, object]:
        text = "<p>".join(html.escape(part) for part in item.text.split("\n\n"))
        kind = "comment" if item.parent else "story"
        return {
            "objectID": str(item.id),
            "created_at_i": item.at,
            "author": item.author,
            "title": item.title,
            "story_text": text if kind == "story" else None,
            "comment_text": text if kind == "comment" else None,
            "story_id": item.story or item.id,
            "parent_id": item.parent,
            "_tags": [kind, f"author_{item.author}", f"story_{item.story or item.id}"],
            "_highlightResult": {"author": {"value": "<em>x</em>"}},
        }

    async def _search(self, request: web.Request) -> web.Response:
        asked = request.query
        if set(asked) - _KNOWN or asked.get("tags") != "(story,comment)":
            return web.json_response({"message": "Unknown parameter", "status": 400}, status=400)
        size = int(asked.get("hitsPerPage", "20"))
        found = [item for item in self.ledger if self._fits(item, asked.get("query", ""), asked.get("numericFilters", ""))]
        found.sort(key=lambda item: (item.at, item.id), reverse=True)
        hits = found[:_MOST][int(asked.get("page", "0")) * size :][:size]
        return web.json_response({"hits": [self._shown(item) for item in hits], "nbHits": len(found), "hitsPerPage": size})

    def _fits(self, item: Item, query: str, bounds: str) -> bool:
        if item.id in self.unseen | self.gone:
            return False
        wanted = on_hackernews(query)(f"{item.title or ''} {item.text}")
        ways = {">=": item.at.__ge__, "<=": item.at.__le__, ">": item.at.__gt__, "<": item.at.__lt__}
        return wanted and all(ways[way](int(moment)) for way, moment in _BOUND.findall(bounds))

    async def _one(self, request: web.Request) -> web.Response:
        item = next((each for each in self.ledger if str(each.id) == request.match_info["id"]), None)
        if item is None or item.id in self.gone:
            return web.json_response({"status": 404, "error": "Not Found"}, status=404)
        shown = self._shown(item)
        told = {
            "id": item.id,
            "created_at_i": item.at,
            "type": "comment" if item.parent else "story",
            "author": item.author,
            "title": item.title,
            "text": shown["comment_text"] if item.parent else shown["story_text"],
            "parent_id": item.parent,
            "story_id": item.story or item.id,
            "children": [],
        }
        if item.id in self.dead:
            told |= {"author": None, "title": None, "text": None}
        return web.json_response(told)
