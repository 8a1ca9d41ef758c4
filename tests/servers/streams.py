"""Mastodon's streaming server on loopback, in front of a town: what happens in the town is told here as Mastodon tells it.

    async with Streams(town) as streams:
        ...                                 # a source whose instance names streams.url as its stream
        await streams.subscribed(2)
        await town.write("marta", "@acme hello")

The town's own package has one stream for each connection and takes the token in the address. Mastodon's server (`streaming/index.js`,
November 2026) wants a token, takes it in a header too, lets a connection subscribe to several streams by message, names the stream of each
event, answers what it refuses with an error on the same connection, and begins each subscription without a word. It misbehaves by its
fields and by `cut` and `put`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from tests.servers.proxy import Fault, Upstream
from tests.servers.town import BRAND, Town

_STREAMS = frozenset({"user", "hashtag"})


@dataclass
class _Line:
    """One connection of a client, and what it is subscribed to."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport
    token: str
    streams: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    above: list[ClientWebSocketResponse] = field(default_factory=list)


@dataclass
class Streams:
    """The server. `asked` are the handshakes; `dead` answers no sign of life and tells nothing; `refused` are streams that it refuses."""

    town: Town
    dead: bool = False
    refused: frozenset[str] = frozenset()
    fault: Fault | None = None
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    messages: list[object] = field(default_factory=list)
    pings: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _lines: list[_Line] = field(default_factory=list)
    _open: int = 0
    _tags: set[str] = field(default_factory=set)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._session = ClientSession()
        app = web.Application()
        app.router.add_get("/api/v1/streaming", self._connect)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.released.set()
        self.cut()
        await self._runner.cleanup()
        await self._session.close()
        # The town notices that a stream of its own has ended only when it has something to tell there.
        await self.town.write(BRAND, " ".join(["bye", *(f"#{tag}" for tag in sorted(self._tags))]))

    @property
    def host(self) -> str:
        return self.url.removeprefix("ws://")

    async def subscribed(self, count: int) -> None:
        """Wait until so many subscriptions are open."""
        await self._until(lambda: self._open == count)

    async def connected(self, times: int) -> None:
        """Wait until somebody has come so many times."""
        await self._until(lambda: len(self.asked) >= times)

    async def put(self, frame: str | bytes) -> None:
        """Send this to everybody who is connected."""
        for line in list(self._lines):
            with suppress(ConnectionError):
                await (line.socket.send_str(frame) if isinstance(frame, str) else line.socket.send_bytes(frame))

    def cut(self) -> None:
        """Break every line, without a word."""
        for line in self._lines:
            line.transport.abort()

    async def _until(self, true: Any) -> None:  # noqa: ANN401 - a question without arguments
        async with self._changed, asyncio.timeout(30):
            await self._changed.wait_for(true)

    async def _note(self, more: int = 0) -> None:
        async with self._changed:
            self._open += more
            self._changed.notify_all()

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({"query": dict(request.query), "headers": dict(request.headers)})
        await self._note()
        if self.fault:
            return await self.fault.act(self, request, Upstream())  # type: ignore[arg-type]  # it knows how to be released
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token.endswith("-token"):
            return web.Response(status=401, text="Missing access token" if not token else "Invalid access token")
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1_000_000)
        await socket.prepare(request)
        assert request.transport is not None
        line = _Line(socket, request.transport, token)
        self._lines.append(line)
        try:
            if "stream" in request.query:
                await self._subscribe(line, request.query)
            await self._serve(line)
        finally:
            self._lines.remove(line)
            for task in line.streams.values():
                task.cancel()
            await asyncio.gather(*line.streams.values(), *(one.close() for one in line.above), return_exceptions=True)
        return socket

    async def _serve(self, line: _Line) -> None:
        async for message in line.socket:
            if message.type is WSMsgType.PING and not self.dead:
                self.pings += 1
                await line.socket.pong(message.data)
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                self.messages.append(asked)
                if asked["type"] == "subscribe":
                    await self._subscribe(line, asked)

    async def _subscribe(self, line: _Line, asked: Mapping[str, str]) -> None:
        stream, tag = asked["stream"], asked.get("tag", "")
        if stream not in _STREAMS or (stream == "hashtag" and not tag):
            await line.socket.send_json({"error": "Unknown stream type", "status": 400})
        elif stream in self.refused:
            await line.socket.send_json({"error": "Access token does not have the required scopes", "status": 401})
        elif f"{stream} {tag}" not in line.streams:
            self._tags |= {tag} - {""}
            params = {"stream": stream, "access_token": line.token, **({"tag": tag} if tag else {})}
            above = await self._session.ws_connect(f"{self.town.url}/api/v1/streaming", params=params)
            line.above.append(above)
            name = [stream, tag] if tag else [stream]
            line.streams[f"{stream} {tag}"] = asyncio.create_task(self._tell(line, name, above))

    async def _tell(self, line: _Line, name: list[str], above: ClientWebSocketResponse) -> None:
        """Pass on what one stream of the town says, under its name and with the names of events that Mastodon uses."""
        try:
            await self._note(1)
            async for message in above:
                told = {**json.loads(message.data), "stream": name}
                told["event"] = {"status_update": "status.update"}.get(told["event"], told["event"])
                if not self.dead:
                    with suppress(ConnectionError):
                        await line.socket.send_json(told)
        finally:
            await self._note(-1)
