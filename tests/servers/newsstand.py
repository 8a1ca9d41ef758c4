"""Feeds on loopback: each path is one, RSS where it ends so and Atom else, with validators that are kept to, and its newest entries only.

`say` adds an entry; `raw` are paths that answer with bytes of their own, `packed` those of them whose bytes are a gzip,
`away` such that send us elsewhere. `held` are paths that answer once
their event is set. `seen` holds each path that was asked for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from typing import Self

from aiohttp import web


@dataclass
class Said:
    """An entry as its feed keeps it."""

    guid: str
    author: str
    title: str
    html: str
    at: datetime | None


@dataclass
class Newsstand:
    """The server; a feed holds its newest `window` entries."""

    window: int = 100
    feeds: dict[str, list[Said]] = field(default_factory=dict)
    raw: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)
    packed: set[str] = field(default_factory=set)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    seen: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    url: str = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
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

    def say(self, path: str, text: str, *, title: str = "", author: str = "Marta", ago: float = 0, dated: bool = True) -> Said:
        entries = self.feeds.setdefault(path, [])
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=ago) if dated else None
        body = "<p>" + escape(text).replace("\n", "<br>") + "</p>"
        entries.insert(0, Said(f"tag:stand.example,2026:{path}/{len(entries)}", author, title, body, at))
        return entries[0]

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path
        self.seen.put_nowait(path)
        if path in self.held:
            await self.held[path].wait()
        if path in self.away:
            return web.Response(status=301, headers={"Location": self.away[path]})
        if path in self.raw:
            body, kind = self.raw[path]
            unpack = {"Content-Encoding": "gzip"} if path in self.packed else {}
            return web.Response(body=body, headers={"Content-Type": kind, **unpack})
        entries = self.feeds.setdefault(path, [])[: self.window]
        text = _rss(entries) if path.endswith("rss") else _atom(entries)
        tag = f'"{sha256(text.encode()).hexdigest()[:16]}"'
        kind = "application/rss+xml" if path.endswith("rss") else "application/atom+xml"
        headers = {"ETag": tag, "Content-Type": f"{kind}; charset=utf-8", "Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=text.encode(), headers=headers)


def _atom(entries: list[Said]) -> str:
    shown = "".join(
        f"<entry><id>{each.guid}</id><title>{escape(each.title)}</title><author><name>{escape(each.author)}</name></author>"
        f'<link rel="alternate" href="/read/{number}"/>'
        + (f"<published>{each.at.isoformat()}</published><updated>{each.at.isoformat()}</updated>" if each.at else "")
        + f'<content type="html">{escape(each.html)}</content></entry>'
        for number, each in enumerate(entries)
    )
    return f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Stand</title>{shown}</feed>'


def _rss(entries: list[Said]) -> str:
    shown = "".join(
        f'<item><guid isPermaLink="false">{each.guid}</guid><title>{escape(escape(each.title))}</title>'
        f"<dc:creator>{escape(each.author)}</dc:creator><link>http://stand.example/read/{number}</link>"
        + (f"<pubDate>{format_datetime(each.at)}</pubDate>" if each.at else "")
        + f"<description><![CDATA[{each.html}]]></description></item>"
        for number, each in enumerate(entries)
    )
    head = '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Stand</title>'
    return f"{head}{shown}</channel></rss>"
