"""Answers without an end: read line by line, bounded, guarded, and the token goes nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from listener.errors import Malformed, NetworkError, NotConnected
from listener.http import Answer
from listener.lines import Flow, Lines
from listener.settings import Secret

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[Lines]]


@pytest.fixture
async def serve(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []
    made: list[Lines] = []

    async def begin(handler: Handler) -> Lines:
        app = web.Application()
        app.router.add_get("/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host = f"127.0.0.1:{runner.addresses[0][1]}"
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", host)
        made.append(Lines(f"http://{host}", token=Secret("the-token")))
        return made[-1]

    yield begin
    for lines in made:
        await lines.close()
    for runner in runners:
        await runner.cleanup()


async def follow(lines: Lines, *, timeout: float = 5.0, silence: float = 5.0, longest: int = 1000) -> Answer | Flow:
    return await lines.follow("/stream", params={"a": "b"}, timeout=timeout, silence=silence, longest=longest)


def saying(*parts: bytes, then: Callable[[web.Request], Awaitable[None]] | None = None) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(0)
        if then:
            await then(request)
        return response

    return handle


async def hang(_: web.Request) -> None:
    await asyncio.Event().wait()


async def cut(request: web.Request) -> None:
    assert request.transport
    request.transport.abort()


async def test_lines_come_whole_however_they_were_sent(serve: Serve) -> None:
    flow = await follow(await serve(saying(b"on", b"e\r\n\r\ntwo\nthr", b"ee\r\n", then=hang)))
    assert isinstance(flow, Flow)
    assert [await flow.line() for _ in range(4)] == [b"one", b"", b"two", b"three"]
    flow.close()


async def test_what_is_asked_bears_the_token_and_wants_no_packing(serve: Serve) -> None:
    asked: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        return web.json_response({"no": 1}, status=403)

    answer = await follow(await serve(handle))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (403, {"no": 1})
    assert asked[0].headers["Authorization"] == "Bearer the-token"
    assert asked[0].headers["Accept-Encoding"] == "identity"
    assert asked[0].query_string == "a=b"


@pytest.mark.parametrize(
    ("handler", "words"),
    [(saying(b"half a li"), "ended"), (saying(b"half", then=cut), "broke off"), (saying(b"half", then=hang), "sent nothing")],
    ids=["ended", "cut", "silent"],
)
async def test_however_it_ends_it_is_said(serve: Serve, handler: Handler, words: str) -> None:
    flow = await follow(await serve(handler), silence=0.2)
    assert isinstance(flow, Flow)
    with pytest.raises(NetworkError, match=words) as caught:
        await flow.line()
    assert caught.value.__context__ is None
    flow.close()


async def test_a_line_beyond_what_is_borne_ends_it(serve: Serve) -> None:
    for parts in ((b"a" * 1001 + b"\n",), (b"a" * 600, b"a" * 600)):
        flow = await follow(await serve(saying(*parts, then=hang)))
        assert isinstance(flow, Flow)
        with pytest.raises(Malformed):
            await flow.line()
        flow.close()


async def test_a_redirect_is_not_followed(serve: Serve) -> None:
    asked = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    answer = await follow(await serve(handle))
    assert isinstance(answer, Answer)
    assert answer.status == 302
    assert asked == ["/stream"]


async def test_who_says_nothing_is_not_waited_for(serve: Serve) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        await hang(request)
        return web.Response()

    lines = await serve(handle)
    for limits in ({"timeout": 0.1}, {"silence": 0.1}):
        with pytest.raises(NetworkError, match="in time") as caught:
            await follow(lines, **limits)
        assert "the-token" not in str(caught.value.__context__)


async def test_nobody_there_and_nowhere_to_go(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    assert serve
    hidden = Lines("https://127.0.0.1:1")
    with pytest.raises(NotConnected, match="private network"):
        await follow(hidden)
    await hidden.close()
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", "127.0.0.1:1")
    nobody = Lines("http://127.0.0.1:1")
    with pytest.raises(NotConnected, match="could not be reached"):
        await follow(nobody)
    await nobody.close()
