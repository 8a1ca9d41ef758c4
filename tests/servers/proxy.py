"""One misbehaving proxy for every network's test server: it forwards, then answers something else, or nothing, or fails before.

async with Proxy(town.url) as proxy:
    proxy.once("POST", "/api/v1/statuses", GATEWAY_TIMEOUT)      # stored there, 504 here
    ...
    assert [one.path for one in proxy.forwarded("POST")] == ["/api/v1/statuses"]

A fault is used once, by the first request that its method and the beginning of its path fit; `always` keeps it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web

_DROPPED = frozenset({"host", "connection", "transfer-encoding", "content-length", "content-encoding", "keep-alive"})
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Upstream:
    """What the real server answered."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Asked:
    """One request that came by, and whether it was forwarded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    forwarded: bool


Act = Callable[["Proxy", web.Request, Upstream], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Fault:
    """What to do; `forward` says whether the real server gets the request first."""

    name: str
    forward: bool
    act: Act

    def before(self) -> Fault:
        """Return the same, without the real server ever hearing of it."""
        return Fault(f"{self.name} before", forward=False, act=self.act)


async def _reset(_: Proxy, request: web.Request, __: Upstream) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _hang(proxy: Proxy, _: web.Request, __: Upstream) -> web.StreamResponse:
    await proxy.released.wait()
    return web.Response(status=504)


async def _delay(proxy: Proxy, _: web.Request, upstream: Upstream) -> web.StreamResponse:
    await proxy.released.wait()
    return _plain(upstream)


async def _truncate(_: Proxy, request: web.Request, upstream: Upstream) -> web.StreamResponse:
    response = web.StreamResponse(status=upstream.status, headers={"Content-Type": "application/json"})
    response.content_length = len(upstream.body) + 10
    await response.prepare(request)
    await response.write(upstream.body[: len(upstream.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _huge(_: Proxy, request: web.Request, upstream: Upstream) -> web.StreamResponse:
    response = web.StreamResponse(status=upstream.status, headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(b'["')
        for _megabyte in range(50):
            await response.write(b"a" * _MEGABYTE)
    return response


def answer(status: int, body: object = b"", headers: Mapping[str, str] | None = None, *, forward: bool = True) -> Fault:
    """Answer this whatever the real server says: bytes as they are, everything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def act(_: Proxy, __: web.Request, ___: Upstream) -> web.StreamResponse:
        return web.Response(status=status, body=data, headers={"Content-Type": "application/json", **(headers or {})})

    return Fault(f"{status} {data[:20]!r}", forward=forward, act=act)


def changed(change: Callable[[Any], object]) -> Fault:
    """Answer what the real server says, with its JSON changed."""

    async def act(_: Proxy, __: web.Request, upstream: Upstream) -> web.StreamResponse:
        body = json.dumps(change(json.loads(upstream.body))).encode()
        return _plain(Upstream(upstream.status, upstream.headers, body))

    return Fault("changed", forward=True, act=act)


GATEWAY_TIMEOUT = answer(504, b"<html><h1>504 Gateway Time-out</h1></html>")
SERVER_ERROR = answer(500, {"error": "Internal Server Error"})
UNAVAILABLE = answer(503, b"down for maintenance", forward=False)
HTML = answer(200, b"<!doctype html><html>hello</html>")
EMPTY = answer(200, b"")
BROKEN = answer(200, b'{"id": "1", ')
DEEP = answer(200, b"[" * 10_000 + b"]" * 10_000)
NULL = answer(200, None)
RESET = Fault("reset", forward=True, act=_reset)
HANG = Fault("hang", forward=True, act=_hang)
DELAY = Fault("delay", forward=True, act=_delay)
TRUNCATE = Fault("truncate", forward=True, act=_truncate)
HUGE = Fault("huge", forward=True, act=_huge)
AFTER_STORING = (GATEWAY_TIMEOUT, SERVER_ERROR, HTML, EMPTY, BROKEN, DEEP, NULL, RESET, HANG, TRUNCATE, HUGE)


def too_many(headers: Mapping[str, str]) -> Fault:
    return answer(429, {"error": "Too many requests"}, headers, forward=False)


def _plain(upstream: Upstream) -> web.Response:
    headers = {name: value for name, value in upstream.headers.items() if name.lower() not in _DROPPED}
    return web.Response(status=upstream.status, headers=headers, body=upstream.body)


@dataclass
class _Rule:
    method: str
    path: str
    fault: Fault
    left: float


class Proxy:
    """The proxy; `url` is where it listens, `ledger` what came by, `released` ends every hang and delay.

    `unheard` are the headers, in small letters, that the real server never gets to see.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream.rstrip("/")
        self._rules: list[_Rule] = []
        self.ledger: list[Asked] = []
        self.released = asyncio.Event()
        self.unheard: frozenset[str] = frozenset()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            connector=TCPConnector(force_close=True), cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=30)
        )
        app = web.Application(client_max_size=100 * _MEGABYTE)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop listening, so that the next connection is refused."""
        self.released.set()
        await self._runner.cleanup()
        await self._session.close()

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def once(self, method: str, path: str, fault: Fault) -> None:
        self._rules.append(_Rule(method, path, fault, 1))

    def always(self, method: str, path: str, fault: Fault) -> None:
        self._rules.append(_Rule(method, path, fault, float("inf")))

    def honest(self) -> None:
        """Forget every fault, and let go of what hangs."""
        self._rules.clear()
        self.released.set()
        self.released = asyncio.Event()

    def forwarded(self, method: str, path: str = "/") -> list[Asked]:
        return [one for one in self.asked(method, path) if one.forwarded]

    def asked(self, method: str, path: str = "/") -> list[Asked]:
        return [one for one in self.ledger if one.method == method and one.path.startswith(path)]

    def _fault_for(self, request: web.Request) -> Fault | None:
        for rule in self._rules:
            if rule.left > 0 and rule.method == request.method and request.path.startswith(rule.path):
                rule.left -= 1
                return rule.fault
        return None

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault_for(request)
        forward = fault is None or fault.forward
        body = await request.read()
        self.ledger.append(Asked(request.method, request.path, request.query_string, dict(request.headers), body, forward))
        upstream = await self._forward(request, body) if forward else Upstream()
        return await fault.act(self, request, upstream) if fault else _plain(upstream)

    async def _forward(self, request: web.Request, body: bytes) -> Upstream:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED | self.unheard}
        url = self._upstream + request.raw_path
        async with self._session.request(request.method, url, headers=headers, data=body, allow_redirects=False) as got:
            return Upstream(got.status, dict(got.headers), await got.read())
