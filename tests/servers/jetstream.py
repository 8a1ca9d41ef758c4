"""A small Jetstream on loopback, honest until told otherwise, and beside it the public view that says who is who.

    async with Jetstream() as stream:
        alice = stream.account("alice.test")
        uri = await stream.say(alice, "@brand.test hello")

What it sends is shaped after Jetstream's `/subscribe` (docs/README.md of its repository, 5.1, November 2026): what came since `cursor`
first, then the present; a cursor older than its memory begins silently at the oldest it has, one of the future begins now. A sign of
life is answered when all that was said before has been sent. It misbehaves by its fields and by `always`, `cut`, `half` and `put`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.servers.proxy import Fault, Upstream

POSTS = "app.bsky.feed.post"


@dataclass
class Person:
    did: str
    handle: str
    name: str = ""
    bio: str = ""
    followers: int = 0
    bot: bool = False


@dataclass
class _Line:
    socket: web.WebSocketResponse
    transport: asyncio.Transport
    next: int
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass
class Jetstream:
    """The server.

    `hold` keeps what is said from being sent; `dead` answers no sign of life; `view` is the status with which names are looked up.
    `memory` is the first number of `sent` that it remembers. `asked` are the questions of every subscription, `looked_up` the
    accounts asked for. `ahead` is by how many seconds its clock differs.
    """

    hold: bool = False
    dead: bool = False
    view: int = 200
    memory: int = 0
    ahead: float = 0.0
    asked: list[dict[str, str]] = field(default_factory=list)
    looked_up: list[list[str]] = field(default_factory=list)
    sent: list[tuple[int, str | bytes]] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    _fault: Fault | None = None
    _once: bool = False
    _last: int = 0
    _lines: list[_Line] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/subscribe", self._subscribe)
        app.router.add_get("/xrpc/app.bsky.actor.getProfiles", self._profiles)
        app.router.add_get("/xrpc/app.bsky.feed.getPosts", self._posts)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self.released.set()
        self.cut()
        await self._runner.cleanup()

    @property
    def host(self) -> str:
        return self.url.removeprefix("ws://")

    # ---- what people do

    def account(self, handle: str, **more: Any) -> Person:  # noqa: ANN401 - the fields of a person
        letters = "".join(letter for letter in hashlib.sha256(handle.encode()).hexdigest() if letter in "abcdef234567")[:24]
        person = Person(f"did:plc:{letters}", handle, **more)
        self.people[person.did] = person
        return person

    async def say(self, author: Person, text: str, *, ago: float = 0, rkey: str = "", **more: object) -> str:
        """Publish; return the post's address. `more` are further parts of its record."""
        at = self._moment(ago)
        rkey = rkey or f"3l{at:x}"
        await self.put(self.event(author, at, "create", rkey, text, **more), at)
        return f"at://{author.did}/{POSTS}/{rkey}"

    async def edit(self, author: Person, uri: str, text: str) -> None:
        at = self._moment()
        await self.put(self.event(author, at, "update", uri.rpartition("/")[2], text), at)

    async def delete(self, author: Person, uri: str) -> None:
        at = self._moment()
        commit = {"rev": "3l", "operation": "delete", "collection": POSTS, "rkey": uri.rpartition("/")[2]}
        await self.put(json.dumps({"did": author.did, "time_us": at, "kind": "commit", "commit": commit}, separators=(",", ":")), at)

    async def chatter(self, count: int = 1, *, ago: float = 0) -> None:
        """What is of no concern to us: accounts that come, and posts about other things."""
        for number in range(count):
            at = self._moment(ago)
            if number % 10 == 0:
                event = {"did": "did:plc:nobody", "time_us": at, "kind": "identity", "identity": {"did": "did:plc:nobody", "seq": number}}
                await self.put(json.dumps(event, separators=(",", ":")), at)
            else:
                await self.put(self.event(Person("did:plc:nobody", "nobody.test"), at, "create", f"3k{at:x}", f"lunch number {number}"), at)

    def event(self, author: Person, at: int, operation: str, rkey: str, text: str, **more: object) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at / 1_000_000)) + f".{at // 1000 % 1000:03d}Z"
        record = {"$type": POSTS, "createdAt": stamp, "langs": ["en"], "text": text, **more}
        cid = "bafy" + hashlib.sha256(f"{rkey}{text}".encode()).hexdigest()
        commit = {"rev": "3l", "operation": operation, "collection": POSTS, "rkey": rkey, "record": record, "cid": cid}
        event = {"did": author.did, "time_us": at, "kind": "commit", "commit": commit}
        return json.dumps(event, separators=(",", ":"), ensure_ascii=False)

    # ---- how it misbehaves

    async def put(self, frame: str | bytes, at: int = 0) -> None:
        """Send this next, to everybody, and again to whoever asks for what came since then."""
        self.sent.append((at or self._moment(), frame))
        if not self.hold:
            for line in list(self._lines):
                await self._flush(line)

    def cut(self) -> None:
        """Break every line, without a word."""
        for line in self._lines:
            line.transport.abort()

    def half(self) -> None:
        """Begin a message of 1,000 bytes, send ten, and break the line."""
        for line in self._lines:
            line.transport.write(b"\x81" + struct.pack("!BH", 126, 1_000) + b'{"did":"di')
            line.transport.close()

    def forget(self) -> None:
        """Remember nothing of what was said so far."""
        self.memory = len(self.sent)

    def always(self, _method: str, _path: str, fault: Fault) -> None:
        """Break every line, and answer whoever comes with this."""
        self._fault, self._once = fault, False
        self.cut()

    def once(self, method: str, path: str, fault: Fault) -> None:
        self.always(method, path, fault)
        self._once = True

    def honest(self) -> None:
        self._fault = None
        self.released.set()
        self.released = asyncio.Event()

    # ---- how it answers

    def _moment(self, ago: float = 0) -> int:
        self._last = max(self._last + 1, int((time.time() + self.ahead - ago) * 1_000_000))
        return self._last

    async def _flush(self, line: _Line) -> None:
        async with line.lock:
            while line.next < len(self.sent) and not self.hold:
                frame = self.sent[line.next][1]
                line.next += 1
                with suppress(ConnectionError):
                    await (line.socket.send_str(frame) if isinstance(frame, str) else line.socket.send_bytes(frame))

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        fault = self._fault
        if fault:
            self._fault = None if self._once else fault
            return await fault.act(self, request, Upstream())  # type: ignore[arg-type]  # it knows how to be released
        if request.query.getall("wantedCollections") != [POSTS]:
            return web.Response(status=400, text="this is a small server")
        cursor = int(request.query.get("cursor", self._last + 1))
        first = next((number for number, (at, _) in enumerate(self.sent) if at >= cursor), len(self.sent))
        socket = web.WebSocketResponse(autoping=False, compress=False)
        await socket.prepare(request)
        assert request.transport is not None
        line = _Line(socket, request.transport, max(first, self.memory))
        self._lines.append(line)
        try:
            await self._flush(line)
            async for message in socket:
                if message.type is WSMsgType.PING and not self.dead:
                    await self._flush(line)
                    await socket.pong(message.data)
        except ConnectionError:
            pass
        finally:
            self._lines.remove(line)
        return socket

    async def _profiles(self, request: web.Request) -> web.Response:
        actors = request.query.getall("actors", [])
        self.looked_up.append(actors)
        if self.view != 200:
            return web.json_response({"error": "InternalServerError", "message": "no"}, status=self.view)
        if not 0 < len(actors) <= 25:
            return web.json_response({"error": "InvalidRequest", "message": "actors must not have more than 25 elements"}, status=400)
        found = [person for person in self.people.values() if person.did in actors or person.handle in actors]
        return web.json_response({"profiles": [_shown(person) for person in found]})

    async def _posts(self, request: web.Request) -> web.Response:
        """The public view of single posts: as they were said or edited last, and not at all once they are deleted."""
        if self.view != 200:
            return web.json_response({"error": "InternalServerError", "message": "no"}, status=self.view)
        there: dict[str, dict[str, object]] = {}
        for _, frame in self.sent:
            event = json.loads(frame) if isinstance(frame, str) else {}
            commit = event.get("commit") or {}
            uri = f"at://{event.get('did')}/{POSTS}/{commit.get('rkey')}"
            there.pop(uri, None)
            if commit.get("record") and event["did"] in self.people:
                author = {name: value for name, value in _shown(self.people[event["did"]]).items() if name != "followersCount"}
                at = commit["record"]["createdAt"]
                there[uri] = {"uri": uri, "cid": commit["cid"], "author": author, "record": commit["record"], "indexedAt": at}
        return web.json_response({"posts": [there[uri] for uri in request.query.getall("uris") if uri in there]})


def _shown(person: Person) -> Mapping[str, object]:
    labels = [{"src": person.did, "val": "bot"}] if person.bot else []
    return {
        "did": person.did,
        "handle": person.handle,
        "displayName": person.name,
        "description": person.bio,
        "followersCount": person.followers,
        "labels": labels,
    }
