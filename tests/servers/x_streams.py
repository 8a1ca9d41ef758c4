"""X's filtered stream on loopback: the rules of one app, and the one connection it may have. Part of `tests.servers.x.FakeX`.

It lets in an app's own token only, takes the older names of what posts hold (as X's description says of this one address), sends each
post to the open connection with the rules that brought it, and a sign of life where a test says so. A second connection is refused.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.servers.x_forms import Forms, Refusal, problem

STREAM, RULES = "/2/tweets/search/stream", "/2/tweets/search/stream/rules"

Line = Mapping[str, object] | bytes | None
Show = Callable[[int, object], Awaitable[None]]
Acts = Mapping[tuple[str, str], Callable[[web.Request], Awaitable[object]]]


@dataclass
class Streams:
    """The stream. `refusals` are what the next attempts to begin it are answered with; `newer` says by which names it asks to be asked."""

    newer: bool = False
    rules: dict[str, tuple[str, str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    bad: str = "(("
    silent: bool = False
    tried: int = 0
    begun: int = 0
    changes: list[Mapping[str, Any]] = field(default_factory=list)
    lines: asyncio.Queue[Line] | None = None
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    _made: int = 0

    def acts(self) -> Acts:
        return {("GET", RULES): self._told, ("POST", RULES): self._changed}

    def put(self, value: str, tag: str) -> str:
        """Make a rule, as somebody else would."""
        self._made += 1
        made = str(1_700_000_000_000_000_000 + self._made)
        self.rules[made] = (value, tag)
        return made

    def matching(self, text: str, handle: str) -> list[dict[str, str]]:
        def matches(value: str) -> bool:
            words = value.lower().split()
            named = [word for word in words if not word.startswith("-")]
            return f"-from:{handle}" not in words and all(word in text.lower() for word in named)

        return [{"id": made, "tag": tag} for made, (value, tag) in self.rules.items() if matches(value)]

    def message(self, data: object, included: object) -> dict[str, object]:
        """Return a post as every rule would bring it."""
        rules = [{"id": made, "tag": tag} for made, (_, tag) in self.rules.items()]
        return {"data": data, "includes": included, "matching_rules": rules}

    def tell(self, message: Mapping[str, object] | bytes) -> None:
        """Send one line to whoever listens."""
        if self.lines is not None:
            self.lines.put_nowait(message)

    def end(self) -> None:
        """End the connection, as a restart of X's server does."""
        if self.lines is not None:
            self.lines.put_nowait(None)

    async def _told(self, request: web.Request) -> object:
        _let_in(request)
        found = [{"id": made, "value": value, **({"tag": tag} if tag else {})} for made, (value, tag) in self.rules.items()]
        meta = {"result_count": len(found)}
        return {"data": found, "meta": meta} if found else {"meta": meta}

    async def _changed(self, request: web.Request) -> object:
        _let_in(request)
        body = await request.json()
        self.changes.append(body)
        for gone in body.get("delete", {}).get("ids", ()):
            self.rules.pop(gone, None)
        made = []
        for one in body.get("add", ()):
            if self.bad in one["value"]:
                raise Refusal(400, problem("Invalid Request", "Rules must not begin like this", kind="invalid-request"))
            if one["value"] in {value for value, _ in self.rules.values()}:
                raise Refusal(400, {"errors": [problem("DuplicateRule", "It stands there already", kind="duplicate-rules")]})
            made.append({"id": self.put(one["value"], one.get("tag", "")), **one})
        meta = {"sent": "2026-11-22T00:00:00.000Z", "summary": {"created": len(made)}}
        return {"data": made, "meta": meta} if made else {"meta": meta}

    async def serve(self, request: web.Request, show: Show) -> web.StreamResponse:
        """Answer whoever asks for the stream, until either side has enough of it; `show` sees each message before it is sent."""
        try:
            self._begin(request)
        except Refusal as refusal:
            await show(refusal.status, refusal.body)
            return web.json_response(refusal.body, status=refusal.status)
        await show(200, None)
        lines = self.lines = asyncio.Queue()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        try:
            await response.prepare(request)
            self.begun += 1
            self.opened.set()
            while (line := await lines.get()) is not None:
                if self.silent:
                    continue
                if not isinstance(line, bytes):
                    await show(200, line)
                await response.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\r\n")
        except ConnectionError:
            pass
        finally:
            self.lines = None
        return response

    def _begin(self, request: web.Request) -> None:
        self.tried += 1
        _let_in(request)
        Forms(newer=self.newer, lenient=False).check(f"GET {STREAM}", request.query, b"")
        if self.refusals:
            raise self.refusals.pop(0)
        if self.lines is not None:
            detail = "This stream is currently at the maximum allowed connection limit."
            connections = problem("ConnectionException", detail, kind="streaming-connection")
            raise Refusal(429, {**connections, "connection_issue": "TooManyConnections"})


def _let_in(request: web.Request) -> None:
    if not request.headers.get("Authorization", "").endswith("app-token"):
        detail = "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint."
        raise Refusal(403, problem("Unsupported Authentication", detail, kind="unsupported-authentication"))
