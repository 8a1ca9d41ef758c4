"""Posts that are brought to us: one small HTTP server an address, with a door for each path, shared by all who listen there.

Serving is hearing: nothing here opens a connection to anybody.

What knocks is hostile until its door has looked at it. So: only POST on a known path under a known name, one request a connection, at most
1 MiB as it came (nothing is unpacked), so many connections, so many seconds for each part. All else gets a bare status.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from listener import logs
from listener.errors import UsageError
from listener.places import SERVER, Place, cannot_listen, certificate, clear_away, remove, share

MOST_BYTES = 2**20

_log = logs.get("doorbell")
_LAST_MOMENT = 2.0
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:/?#@\s]+)(?::[0-9]{1,5})?")
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nServer: Earnest\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a door is, in seconds, and how many may stand before it."""

    headers: float = 10.0
    body: float = 10.0
    linger: float = 2.0  # for the rest of what is refused, so that the answer is read at all
    connections: int = 100


@dataclass(frozen=True, slots=True)
class Ring:
    """One delivery as it came: every value of each header by its name in small letters, and the raw body."""

    headers: Mapping[str, tuple[str, ...]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What a door answers: a status, a few words as JSON (none: an empty body), and how many seconds to wait before trying again."""

    status: int
    said: Mapping[str, object] | None = None
    wait: int | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """Who answers at one path, and under which host names, in small letters and without a port."""

    answer: Callable[[Ring], Awaitable[Reply]]
    hosts: frozenset[str]


class Doorbells:
    """The servers of one process, by address: who wants to listen at one asks here, and several may share it."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Open nothing yet."""
        self._limits = limits or Limits()
        self._bells: dict[Place, _Bell] = {}

    async def open(self, place: Place, path: str, door: Door) -> None:
        """Answer at `path` of `place` from now on.

        Raises:
            UsageError: the path is taken, or the address is shared with another certificate.
            NetworkError: nobody can listen there, since somebody else does, or it is not allowed.
        """
        if any(str(other) == str(place) and other != place for other in self._bells):
            message = f"two sources listen at {place} with different certificates"
            raise UsageError(message, "Give both the same `tls`.")
        bell = self._bells.setdefault(place, _Bell(place, self._limits))
        if path in bell.doors:
            message = f"another source listens at {path} of {place} already"
            raise UsageError(message, "Give each a path of its own.")
        bell.doors[path] = door
        try:
            await bell.start()
        except BaseException:
            await self.close(place, path)
            raise

    async def close(self, place: Place, path: str) -> None:
        """Stop answering at `path`; with its last path, the address is let go."""
        bell = self._bells.get(place)
        if bell is None:
            return
        bell.doors.pop(path, None)
        if not bell.doors:
            del self._bells[place]
            await bell.stop()


class _Caller(web.RequestHandler):
    """One connection: what cannot be read as HTTP gets a bare status, and nothing of it is repeated or logged."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """Answer a request that makes no sense, and hang up."""
        if request.writer.output_size > 0:
            words = "the answer was begun already"
            raise ConnectionError(words)
        return _answer(Reply(status))


class _Server(web.Server):
    """Counts connections and hangs up on those that say nothing."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], limits: Limits) -> None:
        super().__init__(handler)
        self._limits = limits
        self._silent: dict[object, asyncio.TimerHandle] = {}

    def __call__(self) -> web.RequestHandler:
        return _Caller(self, loop=asyncio.get_running_loop(), auto_decompress=False, access_log=None, lingering_time=self._limits.linger)  # type: ignore[arg-type]  # it asks whether there is one

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self.connections) > self._limits.connections:
            transport.write(_FULL)
            asyncio.get_running_loop().call_soon(transport.close)  # only then its task has begun, and ends without a complaint
            return
        self._silent[handler] = asyncio.get_running_loop().call_later(self._limits.headers, transport.abort)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        self.spoke(handler)
        super().connection_lost(handler, exc)

    def spoke(self, handler: object) -> None:
        """Note that a connection has sent its headers."""
        if timer := self._silent.pop(handler, None):
            timer.cancel()


@dataclass
class _Bell:
    """One address, with its server and doors."""

    place: Place
    limits: Limits
    doors: dict[str, Door] = field(default_factory=dict)
    _server: _Server | None = None
    _open: asyncio.Server | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        async with self._lock:
            if self._open is not None:
                return
            secure = certificate(self.place)
            server = _Server(self._serve, self.limits)
            try:
                self._open = await self._listen(server, secure)
            except OSError as problem:
                raise await cannot_listen(self.place, problem) from None
            self._server = server

    async def _listen(self, server: _Server, secure: ssl.SSLContext | None) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        patience = self.limits.headers if secure else None
        if not self.place.socket:
            return await loop.create_server(server, self.place.host, self.place.port, ssl=secure, ssl_handshake_timeout=patience)
        await clear_away(self.place)
        made = await loop.create_unix_server(server, self.place.socket, ssl=secure, ssl_handshake_timeout=patience)
        share(self.place)
        return made

    async def stop(self) -> None:
        async with self._lock:
            if self._open is None or self._server is None:
                return
            self._open.close()
            remove(self.place)
            await self._server.shutdown(_LAST_MOMENT)
            self._open = self._server = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._server:
            self._server.spoke(request.protocol)
        return _answer(await self._reply(request))

    async def _reply(self, request: web.BaseRequest) -> Reply:
        door = self.doors.get(request.raw_path.partition("?")[0])
        if door is None:
            return Reply(404)
        if request.method != "POST":
            return Reply(405)
        if not _called(request.headers.getall("Host", []), door.hosts | self.place.names):
            return Reply(421)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            return Reply(415)
        if (request.content_length or 0) > MOST_BYTES:
            return Reply(413)
        try:
            async with asyncio.timeout(self.limits.body):
                if request.headers.get("Expect", "").lower() == "100-continue":
                    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    request.writer.output_size = 0
                body = await request.read()
        except TimeoutError:
            return Reply(408)
        except web.HTTPRequestEntityTooLarge:
            return Reply(413)
        except web.RequestPayloadError:
            return Reply(400)
        return await _asked(door, Ring(_headers(request), body))


async def _asked(door: Door, ring: Ring) -> Reply:
    try:
        return await door.answer(ring)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the sender is to bring it again
        _log.error("a delivery could not be looked at", problem=type(problem).__name__)
        return Reply(500)


def _headers(request: web.BaseRequest) -> dict[str, tuple[str, ...]]:
    return {name.lower(): tuple(request.headers.getall(name)) for name in request.headers}


def _called(said: list[str], names: frozenset[str]) -> bool:
    """Return whether a request names us: a page in somebody's browser that was led here by a false name does not."""
    found = _HOST.fullmatch(said[0]) if len(said) == 1 else None
    return bool(found) and found[1].lower() in names if found else False


def _answer(reply: Reply) -> web.Response:
    headers = {"Server": SERVER}
    if reply.wait is not None:
        headers["Retry-After"] = str(reply.wait)
    if reply.status == 405:  # noqa: PLR2004 - "Method Not Allowed" says which one is (RFC 9110, 15.5.6)
        headers["Allow"] = "POST"
    said = json.dumps(reply.said).encode() if reply.said is not None else None
    response = web.Response(status=reply.status, body=said, headers=headers, content_type="application/json" if said else None)
    response.force_close()
    return response
