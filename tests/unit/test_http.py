"""The one HTTP client, against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from listener.errors import EarnestError, Malformed, NetworkError, NotConnected, SignInNeeded, UsageError
from listener.http import Http
from listener.settings import Secret

CANARY = "canary-7f3a"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]


@pytest.fixture
async def bare() -> AsyncIterator[Serve]:
    """Serve a handler on loopback without allowing it."""
    runners: list[web.AppRunner] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def serve(bare: Serve, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve a handler on loopback, allowed."""
    allowed: list[str] = []

    async def start(handler: Handler) -> str:
        url = await bare(handler)
        allowed.append(url.removeprefix("http://"))
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", ",".join(allowed))
        return url

    return start


@pytest.fixture
async def http() -> AsyncIterator[Callable[..., Http]]:
    made: list[Http] = []

    def make(url: str, token: Secret | None = None, **more: int) -> Http:
        made.append(Http(url, token=token, **more))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def says(body: bytes | str, status: int = 200, **headers: str) -> Handler:
    names = {"Encoding": "Content-Encoding"}

    async def handler(_: web.Request) -> web.Response:
        data = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=data, headers={names.get(name, name): value for name, value in headers.items()})

    return handler


async def test_loopback_is_refused_before_a_byte_leaves(bare: Serve, http: Callable[..., Http]) -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({})

    port = (await bare(handler)).rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"):  # noqa: S104
        with pytest.raises(NotConnected):
            await http(f"https://{host}:{port}").call("GET", "/")
    assert not asked


async def test_an_allowed_host_is_allowed_on_its_port_only(serve: Serve, bare: Serve, http: Callable[..., Http]) -> None:
    allowed, other = await serve(says("{}")), await bare(says("{}"))
    assert (await http(allowed).call("GET", "/")).status == 200
    with pytest.raises(UsageError):
        http(other)
    with pytest.raises(NotConnected) as caught:
        await http(other.replace("http:", "https:")).call("GET", "/")
    assert "EARNEST_ALLOW_HOSTS" in caught.value.hint


@pytest.mark.parametrize("url", ["http://acme.example", "ftp://acme.example", "acme.example", "", "https://", "https://a:b@acme.example"])
def test_only_https_addresses_without_passwords_are_taken(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Http(url)
    assert "b@" not in caught.value.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_read_is_redirected_but_no_token_goes_along(serve: Serve, http: Callable[..., Http], status: int) -> None:
    seen: list[str | None] = []

    async def there(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        seen.append(request.headers.get("X-Extra"))
        return web.json_response({"at": "there"})

    target = await serve(there)
    origin = await serve(says("", status, Location=f"{target}/x"))
    answer = await http(origin, Secret(CANARY)).call("GET", "/", headers={"X-Extra": CANARY})
    assert answer.body == {"at": "there"}
    assert seen == [None, None]


async def test_a_redirect_within_keeps_the_token(serve: Serve, http: Callable[..., Http]) -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/old":
            return web.Response(status=301, headers={"Location": "/new?x=1"})
        return web.json_response([request.path_qs, request.headers.get("Authorization")])

    answer = await http(await serve(handler), Secret("t0k")).call("GET", "/old")
    assert answer.body == ["/new?x=1", "Bearer t0k"]


async def test_a_write_is_never_redirected(serve: Serve, http: Callable[..., Http]) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    answer = await http(await serve(handler)).call("POST", "/", json={"a": 1})
    assert answer.status == 307
    assert asked == ["/"]


@pytest.mark.parametrize(
    "onward", ["https://127.0.0.1:1/", "http://169.254.169.254/latest", "file:///etc/passwd", "https://[", "//10.0.0.1/"]
)
async def test_a_redirect_to_a_private_place_is_refused(serve: Serve, http: Callable[..., Http], onward: str) -> None:
    origin = await serve(says("", 302, Location=onward))
    with pytest.raises(NetworkError):
        await http(origin).call("GET", "/")


async def test_redirects_in_a_circle_end(serve: Serve, http: Callable[..., Http]) -> None:
    with pytest.raises(NetworkError):
        await http(await serve(says("", 302, Location="/again"))).call("GET", "/")


async def test_nobody_there_is_not_connected(serve: Serve, http: Callable[..., Http], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("EARNEST_ALLOW_HOSTS", f"127.0.0.1:{port}")
        with pytest.raises(NotConnected):
            await http(f"http://127.0.0.1:{port}").call("POST", "/")
    plain = await serve(says("{}"))
    with pytest.raises(UsageError):
        http(plain.replace("127.0.0.1", "localhost"))


async def test_a_server_without_tls_is_not_connected(serve: Serve, http: Callable[..., Http]) -> None:
    url = await serve(says("{}"))
    with pytest.raises(NotConnected):
        await http(url.replace("http:", "https:")).call("POST", "/")


async def _abort(request: web.Request) -> web.Response:
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _hang(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def _stop_after_headers(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"id"')
    await asyncio.Event().wait()
    return response


async def _cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b'{"id"')
    assert request.transport is not None
    request.transport.close()
    return response


@pytest.mark.parametrize("handler", [_abort, _hang, _stop_after_headers, _cut])
async def test_after_bytes_were_sent_nothing_can_be_told(serve: Serve, http: Callable[..., Http], handler: Handler) -> None:
    with pytest.raises(NetworkError) as caught:
        await http(await serve(handler), Secret(CANARY)).call("POST", "/", json={"a": 1}, timeout=0.2)
    assert not isinstance(caught.value, NotConnected | Malformed)
    assert "127.0.0.1" in caught.value.message


async def test_a_write_is_made_once_even_when_the_connection_breaks(serve: Serve, http: Callable[..., Http]) -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await _abort(request) if len(asked) > 1 else web.json_response({})

    client = http(await serve(handler))
    await client.call("POST", "/first")
    with pytest.raises(NetworkError):
        await client.call("POST", "/second")
    assert asked == ["/first", "/second"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"a": ',
        b"\xff\xfe\xff",
        b"NaN",
        b"[Infinity]",
        b"1" * 6_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 100 + b"]" * 100,
        b'"' + b"a" * 2_000_000 + b'"',
        b"[" * 100_000,
    ],
    ids=lambda body: f"{body[:8]!r}{len(body)}",
)
async def test_what_is_no_sound_json_is_malformed(serve: Serve, http: Callable[..., Http], body: bytes) -> None:
    with pytest.raises(Malformed):
        await http(await serve(says(body)), max_bytes=1_000_000).call("GET", "/")


async def test_a_small_packet_that_unfolds_into_a_flood_is_malformed(serve: Serve, http: Callable[..., Http]) -> None:
    bomb = gzip.compress(b'"' + b"a" * 50_000_000 + b'"')
    url = await serve(says(bomb, Encoding="gzip"))
    with pytest.raises(NetworkError):
        await http(url).call("GET", "/")


async def test_a_failure_without_json_keeps_its_status(serve: Serve, http: Callable[..., Http]) -> None:
    answer = await http(await serve(says("<h1>Bad gateway</h1>" * 1_000, 502))).call("POST", "/")
    assert (answer.status, answer.ok) == (502, False)
    assert isinstance(answer.body, str)
    assert len(answer.body) <= 500
    huge = await http(await serve(says(b"x" * 6_000_000, 500))).call("POST", "/")
    assert huge.status == 500


async def test_an_answer_is_read_whole(serve: Serve, http: Callable[..., Http]) -> None:
    async def handler(request: web.Request) -> web.Response:
        told = {"query": request.query_string, "json": await request.json()}
        return web.json_response(told, status=201, headers={"X-RateLimit-Reset": "7"})

    client = http(await serve(handler))
    answer = await client.call("POST", "/a%2Fb", params=[("types[]", "a&b"), ("types[]", "c")], json={"k": "v"})
    assert answer.status == 201
    assert answer.headers["x-ratelimit-reset"] == "7"
    assert answer.body == {"query": "types[]=a%26b&types[]=c", "json": {"k": "v"}}


async def test_the_fields_of_a_form_are_sent_as_one(serve: Serve, http: Callable[..., Http]) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response([request.content_type, (await request.read()).decode("ascii")])

    answer = await http(await serve(handler)).call("POST", "/", data={"text": "a&b=\u00e9 \n+", "id": "t1_x"})
    assert answer.body == ["application/x-www-form-urlencoded", "text=a%26b%3D%C3%A9+%0A%2B&id=t1_x"]


async def test_no_cookie_is_kept(serve: Serve, http: Callable[..., Http], monkeypatch: pytest.MonkeyPatch) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(request.headers.get("Cookie"), headers={"Set-Cookie": "track=1"})

    url = (await serve(handler)).replace("127.0.0.1", "localhost")
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", url.removeprefix("http://"))
    client = http(url)
    assert [(await client.call("GET", "/")).body for _ in range(2)] == [None, None]


async def test_no_content_is_fine(serve: Serve, http: Callable[..., Http]) -> None:
    assert (await http(await serve(says("", 204))).call("POST", "/")).body is None


async def test_a_token_shows_in_no_error(serve: Serve, http: Callable[..., Http]) -> None:
    urls = [await serve(handler) for handler in (_abort, _hang, says("<html>"), says("", 302, Location="/again"))]
    for url in [*urls, "https://127.0.0.1:1"]:
        with pytest.raises(EarnestError) as caught:
            await http(url, Secret(CANARY)).call("GET", "/", timeout=0.2)
        shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format(chain=True))
        assert CANARY not in shown
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("token", ["a\nb", "a\r\nX-Evil: 1", "ünïcode", "\x00"])
async def test_a_token_that_is_no_header_never_becomes_one(serve: Serve, http: Callable[..., Http], token: str) -> None:
    url = await serve(says("{}"))
    with pytest.raises(SignInNeeded) as caught:
        http(url, Secret(token))
    assert token not in caught.value.message
    with pytest.raises(SignInNeeded):
        await http(url).call("GET", "/", token=Secret(token))


async def test_a_call_may_bring_its_own_token(serve: Serve, http: Callable[..., Http]) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response(request.headers.get("Authorization"))

    client = http(await serve(handler), Secret("one"))
    assert (await client.call("GET", "/", token=Secret("two"))).body == "Bearer two"
    assert (await client.call("GET", "/")).body == "Bearer one"


async def test_a_reader_keeps_its_connection_and_refuses_to_write(serve: Serve, http: Callable[..., Http]) -> None:
    """Page after page goes over one connection; one that the server has let go of is replaced and asked again."""
    doors: list[object] = []
    close = [False]

    async def answer(request: web.Request) -> web.Response:
        doors.append(request.transport)
        if close[0] and request.transport is not None:
            asyncio.get_running_loop().call_later(0, request.transport.close)
        return web.json_response(request.path)

    url = await serve(answer)
    reader, other = http(url, reader=True), http(url)
    for client in (reader, other):
        for page in range(3):
            assert (await client.call("GET", f"/{page}")).body == f"/{page}"
    assert len(set(doors[:3])) == 1
    assert len(set(doors[3:])) == 3, "whoever may write has a fresh one each time"
    close[0] = True
    for page in range(3):
        assert (await reader.call("GET", f"/{page}")).body == f"/{page}"
    with pytest.raises(ValueError, match="a reader does not POST"):
        await reader.call("POST", "/")
    assert len(doors) == 9


async def test_a_closed_client_opens_again(serve: Serve, http: Callable[..., Http]) -> None:
    client = http(await serve(says("{}")))
    await client.call("GET", "/")
    await client.close()
    assert (await client.call("GET", "/")).ok
